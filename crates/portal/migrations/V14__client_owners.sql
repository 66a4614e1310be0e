-- Which user answers for a client: policies take the two for one pair of eyes. Clients from before have no owner.
alter table portal_clients
    add column owner_user_id bigint,
    add constraint portal_clients_owner_user_id_fkey foreign key (owner_user_id) references portal_users (id) not valid;

comment on column portal_clients.owner_user_id is 'The user who answers for it. While that user is disabled, it gets no tokens.';

-- Services learn of owners as they learn of keys and revocations.
create trigger portal_clients_owners_added after insert on portal_clients
    for each statement execute function portal_token_feed_changed();
create trigger portal_clients_owners_changed after update of owner_user_id, disabled_at on portal_clients
    for each statement execute function portal_token_feed_changed();

grant update (owner_user_id) on portal_clients to qm_portal_app;

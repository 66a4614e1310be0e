-- Which programs were given or refused tokens lately, so that the audit tells of it once an hour and not of each token.
create table portal_client_uses (
    client_id bigint      not null,
    outcome   text        collate "C" not null,
    network   text        collate "C" not null,
    since     timestamptz not null,
    count     bigint      not null,
    before    bigint      not null default 0,
    constraint portal_client_uses_pkey primary key (client_id, outcome, network),
    constraint portal_client_uses_client_id_fkey foreign key (client_id) references portal_clients (id) on delete cascade,
    constraint portal_client_uses_outcome_check check (outcome in ('given', 'refused'))
);
comment on table portal_client_uses is 'Tokens that programs were given or refused in the last hour; the first of an hour has an audit entry.';
comment on column portal_client_uses.network is 'Where the requests came from; empty for refusals, which are counted together.';
comment on column portal_client_uses.since is 'When the hour began, which is when its audit entry was written.';
comment on column portal_client_uses.before is 'How many of the hour before have no entry of their own.';

grant select, insert, update, delete on portal_client_uses to qm_portal_app;

-- The audit. Append-only like the ledger.
create table services_audit_logs (
    id            bigint generated always as identity,
    at            timestamptz not null,
    actor_user_id text        collate "C",
    actor         text        collate "C" not null,
    action        text        collate "C" not null,
    entity_type   text        collate "C" not null,
    entity_id     text        collate "C" not null,
    branch_id     bigint,
    ip            inet,
    request_id    text        collate "C",
    details       jsonb       not null,
    constraint services_audit_logs_pkey primary key (at, id),
    constraint services_audit_logs_action_check check (starts_with(action, entity_type || '.'))
);
create index services_audit_logs_entity_idx on services_audit_logs (entity_id, entity_type);
create index services_audit_logs_branch_id_idx on services_audit_logs (branch_id, at, id);
create index services_audit_logs_no_branch_idx on services_audit_logs (at, id) where branch_id is null;
create index services_audit_logs_actor_idx on services_audit_logs (actor, at, id);
create index services_audit_logs_actor_user_id_idx on services_audit_logs (actor_user_id, at, id);
create index services_audit_logs_action_idx on services_audit_logs (action, at, id);
create index services_audit_logs_ip_idx on services_audit_logs (ip, at, id);
create index services_audit_logs_request_id_idx on services_audit_logs (request_id);

comment on table services_audit_logs is 'Who did what to which entity, when, from where, in which request. Never changed.';
comment on column services_audit_logs.action is 'The kind of entity, a dot, and what was done: order.fulfilled.';
comment on column services_audit_logs.actor_user_id is 'Id of the user or program, as the token says; null for the operator''s command line.';
comment on column services_audit_logs.branch_id is 'The branch the entity belongs to. No foreign key: entries outlive what they tell of.';
comment on column services_audit_logs.details is 'What changed, in the words of the API.';

create trigger services_audit_logs_append_only before update or delete on services_audit_logs
    for each row execute function services_refuse_change();
create trigger services_audit_logs_no_truncate before truncate on services_audit_logs
    for each statement execute function services_refuse_change();

grant select, insert on services_audit_logs to qm_services_app;

-- The audit of what the portal owns: users, groups, sessions, clients, keys. The same columns as the services' audit.
create function portal_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end
$$;
comment on function portal_refuse_change is 'Keeps append-only tables append-only.';

create table portal_audit_logs (
    id            bigint generated always as identity,
    at            timestamptz not null default now(),
    actor_user_id text        collate "C",
    actor         text        collate "C" not null,
    action        text        collate "C" not null,
    entity_type   text        collate "C" not null,
    entity_id     text        collate "C" not null,
    branch_id     bigint,
    ip            inet,
    request_id    text        collate "C",
    details       jsonb       not null,
    constraint portal_audit_logs_pkey primary key (at, id),
    constraint portal_audit_logs_action_check check (starts_with(action, entity_type || '.'))
);
create index portal_audit_logs_entity_idx on portal_audit_logs (entity_id, entity_type);
create index portal_audit_logs_actor_idx on portal_audit_logs (actor, at, id);

comment on table portal_audit_logs is 'Who did what to which user, group, session, client or key. Never changed, and never a secret in it.';
comment on column portal_audit_logs.actor is 'The name of the user or program; for a failed sign-in, the name that was tried.';
comment on column portal_audit_logs.branch_id is 'Empty: what the portal owns belongs to no branch.';

create trigger portal_audit_logs_append_only before update or delete on portal_audit_logs
    for each row execute function portal_refuse_change();
create trigger portal_audit_logs_no_truncate before truncate on portal_audit_logs
    for each statement execute function portal_refuse_change();

grant select, insert on portal_audit_logs to qm_portal_app;

-- What was moved from the audit to files: whole seals, oldest first. Only what an archive covers can be removed.
create table services_audit_archives (
    first_number bigint      not null,
    last_number  bigint      not null,
    through_id   bigint      not null,
    entries      bigint      not null,
    seal         bytea       not null,
    file         text        collate "C" not null,
    digest       bytea       not null,
    at           timestamptz not null,
    key_id       text        collate "C" not null,
    signature    bytea       not null,
    constraint services_audit_archives_pkey primary key (last_number),
    constraint services_audit_archives_range_check check (first_number > 0 and last_number >= first_number)
);
create index services_audit_archives_through_id_idx on services_audit_archives (through_id);

comment on table services_audit_archives is 'Files that hold what was removed from the audit, each signed with the sealing key. Never changed.';
comment on column services_audit_archives.through_id is 'The last id that the moved seals cover.';
comment on column services_audit_archives.seal is 'Hash of the last seal that was moved: the next one is chained to it.';
comment on column services_audit_archives.digest is 'SHA-256 of the file.';

create trigger services_audit_archives_append_only before update or delete on services_audit_archives
    for each row execute function services_refuse_change();
create trigger services_audit_archives_no_truncate before truncate on services_audit_archives
    for each statement execute function services_refuse_change();

create function services_refuse_audit_change() returns trigger language plpgsql as $$
declare
    archived boolean := false;
begin
    if tg_op = 'DELETE' then
        if tg_table_name = 'services_audit_seals' then
            archived := old.number <= (select max(last_number) from services_audit_archives);
        else
            archived := old.id <= (select max(through_id) from services_audit_archives);
        end if;
    end if;
    if archived then
        return old;
    end if;
    raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end
$$;
comment on function services_refuse_audit_change is 'Keeps the audit and its seals append-only, but for what is archived.';

drop trigger services_audit_logs_append_only on services_audit_logs;
create trigger services_audit_logs_append_only before update or delete on services_audit_logs
    for each row execute function services_refuse_audit_change();
create trigger services_audit_seals_append_only before update or delete on services_audit_seals
    for each row execute function services_refuse_audit_change();

grant select on services_audit_archives to qm_services_app;

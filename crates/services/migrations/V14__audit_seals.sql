-- Seals of the audit: signed Merkle roots, each chained to the one before. The worker makes them behind the inserts.
create table services_audit_seals (
    number     bigint      not null,
    after_id   bigint      not null,
    through_id bigint      not null,
    entries    bigint      not null,
    root       bytea       not null,
    previous   bytea       not null,
    at         timestamptz not null,
    key_id     text        collate "C" not null,
    signature  bytea       not null,
    leaves     bytea       not null,
    constraint services_audit_seals_pkey primary key (number),
    constraint services_audit_seals_through_id_key unique (through_id),
    constraint services_audit_seals_range_check check (after_id >= 0 and through_id > after_id and entries > 0),
    constraint services_audit_seals_leaves_check check (octet_length(leaves) = 40 * entries)
);
-- Hashes do not compress.
alter table services_audit_seals alter column leaves set storage external;

comment on table services_audit_seals is 'What the audit held, range of ids after range of ids, signed. Never changed; docs/audit.md has the format.';
comment on column services_audit_seals.after_id is 'It covers the ids above this one, which is the last that the seal before covers.';
comment on column services_audit_seals.through_id is 'And up to this one. Every entry with an id between them is in it, and no other.';
comment on column services_audit_seals.root is 'Of the Merkle tree over the entries in the order of their ids.';
comment on column services_audit_seals.previous is 'Hash of the seal before; zeros for the first.';
comment on column services_audit_seals.leaves is 'Of each entry its id (8 bytes) and leaf hash (32 bytes), so that a changed entry can be named.';

create trigger services_audit_seals_no_truncate before truncate on services_audit_seals
    for each statement execute function services_refuse_change();

-- Entries are written in about the order of their ids: a block range index finds a range of them and costs inserts nothing.
create index services_audit_logs_id_idx on services_audit_logs using brin (id) with (autosummarize = on);

grant select, insert on services_audit_seals to qm_services_app;
-- The sealer asks how far ids were given out.
grant select on sequence services_audit_logs_id_seq to qm_services_app;

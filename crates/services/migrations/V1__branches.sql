-- Branches: the places that hold stock. Everything that belongs to one carries its branch_id.
create table services_branches (
    id         bigint generated always as identity primary key,
    code       text        not null,
    name       text        not null,
    location   text        not null default '',
    timezone   text        not null default 'UTC',
    active     boolean     not null default true,
    version    bigint      not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint services_branches_code_check check (code ~ '^[A-Z0-9][A-Z0-9-]{0,31}$'),
    constraint services_branches_name_check check (length(name) between 1 and 200)
);
create unique index services_branches_code_key on services_branches (code);
create unique index services_branches_name_key on services_branches (lower(name));

comment on table services_branches is 'Places that hold stock: shops, depots, warehouses.';
comment on column services_branches.code is 'Short unique code for people, labels and files.';
comment on column services_branches.name is 'What people call it; unique whatever its case.';
comment on column services_branches.timezone is 'IANA time zone of the branch, for days and times shown to people.';
comment on column services_branches.active is 'Whether it takes part in business: inactive branches take no new drafts, promises or counts.';
comment on column services_branches.version is 'Counts changes; the ETag.';

grant select, insert, update, delete on services_branches to qm_services_app;

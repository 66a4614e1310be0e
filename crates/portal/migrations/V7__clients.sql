-- Programs that get tokens by OAuth 2.0 client credentials, what they may do (groups) and where (branches).
create table portal_clients (
    id                   bigint generated always as identity primary key,
    name                 text        not null,
    secret_hash          bytea       not null,
    former_secret_hash   bytea,
    former_secret_until  timestamptz,
    all_branches         boolean     not null default false,
    created_at           timestamptz not null default now(),
    expires_at           timestamptz,
    last_used_at         timestamptz,
    disabled_at          timestamptz,
    constraint portal_clients_name_check check (name ~ '^[A-Za-z0-9._@+-]{1,150}$'),
    constraint portal_clients_secret_hash_check check (length(secret_hash) = 32),
    constraint portal_clients_former_secret_check
        check ((former_secret_hash is null) = (former_secret_until is null))
);
create unique index portal_clients_name_key on portal_clients (lower(name));

comment on table portal_clients is 'Programs that call the services with tokens of their own.';
comment on column portal_clients.secret_hash is 'SHA-256 of a secret of 256 random bits: nothing to guess, so nothing to slow down.';
comment on column portal_clients.former_secret_hash is 'The secret before the last rotation, which is good for a while yet.';
comment on column portal_clients.disabled_at is 'Since when it gets no tokens.';

create table portal_client_groups (
    client_id bigint not null,
    group_id  bigint not null,
    constraint portal_client_groups_pkey primary key (client_id, group_id),
    constraint portal_client_groups_client_id_fkey foreign key (client_id) references portal_clients (id) on delete cascade,
    constraint portal_client_groups_group_id_fkey foreign key (group_id) references portal_groups (id)
);
create index portal_client_groups_group_id_idx on portal_client_groups (group_id);
comment on table portal_client_groups is 'Which clients are in which groups.';

create table portal_client_branches (
    client_id bigint not null,
    branch_id bigint not null,
    constraint portal_client_branches_pkey primary key (client_id, branch_id),
    constraint portal_client_branches_client_id_fkey foreign key (client_id) references portal_clients (id) on delete cascade
);
comment on table portal_client_branches is 'Where clients act, unless they act everywhere.';
comment on column portal_client_branches.branch_id is 'A branch of the services. No foreign key: the services own that table.';

grant select, insert on portal_clients, portal_client_groups, portal_client_branches to qm_portal_app;
grant update (secret_hash, former_secret_hash, former_secret_until, last_used_at, disabled_at) on portal_clients to qm_portal_app;

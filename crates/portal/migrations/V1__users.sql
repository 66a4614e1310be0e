-- Users, what they may do (groups) and where (branches).
create table portal_users (
    id              bigint generated always as identity primary key,
    username        text        not null,
    display_name    text        not null default '',
    password_hash   text        not null,
    active          boolean     not null default true,
    all_branches    boolean     not null default false,
    created_at      timestamptz not null default now(),
    last_sign_in_at timestamptz,
    constraint portal_users_username_check check (username ~ '^[A-Za-z0-9._@+-]{1,150}$')
);
create unique index portal_users_username_key on portal_users (lower(username));

comment on table portal_users is 'People who sign in to the portal.';
comment on column portal_users.username is 'What they sign in with; unique whatever its case.';
comment on column portal_users.password_hash is 'Argon2id in PHC form.';
comment on column portal_users.active is 'Inactive users cannot sign in and get no tokens.';
comment on column portal_users.all_branches is 'Sees and acts at every branch, also those to come.';

create table portal_groups (
    id   bigint generated always as identity primary key,
    name text not null,
    constraint portal_groups_name_key unique (name)
);
comment on table portal_groups is 'Roles: what their members may do.';
insert into portal_groups (name) values ('Admin'), ('Manager'), ('Worker'), ('Auditor');

create table portal_memberships (
    user_id  bigint not null,
    group_id bigint not null,
    constraint portal_memberships_pkey primary key (user_id, group_id),
    constraint portal_memberships_user_id_fkey foreign key (user_id) references portal_users (id) on delete cascade,
    constraint portal_memberships_group_id_fkey foreign key (group_id) references portal_groups (id)
);
create index portal_memberships_group_id_idx on portal_memberships (group_id);
comment on table portal_memberships is 'Which users are in which groups.';

create table portal_user_branches (
    user_id   bigint not null,
    branch_id bigint not null,
    constraint portal_user_branches_pkey primary key (user_id, branch_id),
    constraint portal_user_branches_user_id_fkey foreign key (user_id) references portal_users (id) on delete cascade
);
comment on table portal_user_branches is 'Where users act, unless they act everywhere.';
comment on column portal_user_branches.branch_id is 'A branch of the services. No foreign key: the services own that table.';

grant select, insert, update, delete on portal_users, portal_memberships, portal_user_branches to qm_portal_app;
grant select on portal_groups to qm_portal_app;

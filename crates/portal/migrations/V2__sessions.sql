-- Sessions of signed-in users. Only a digest of each session's id is kept.
create table portal_sessions (
    id_hash    bytea       primary key,
    user_id    bigint      not null,
    created_at timestamptz not null default now(),
    seen_at    timestamptz not null default now(),
    ip         inet,
    user_agent text        not null default '',
    constraint portal_sessions_user_id_fkey foreign key (user_id) references portal_users (id) on delete cascade
);
create index portal_sessions_user_id_idx on portal_sessions (user_id);
create index portal_sessions_seen_at_idx on portal_sessions (seen_at);

comment on table portal_sessions is 'Who is signed in.';
comment on column portal_sessions.id_hash is 'SHA-256 of the random id in the cookie, so that the table alone opens no session.';
comment on column portal_sessions.seen_at is 'When it was last used; sessions end when idle for long, and some time after their start.';

grant select, insert, update, delete on portal_sessions to qm_portal_app;

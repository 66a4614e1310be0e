-- Sessions that people can see and end, guesses that are counted, and devices that are known.
alter table portal_sessions
    add column id       bigint  generated always as identity,
    add column complete boolean not null default true;
create unique index portal_sessions_id_key on portal_sessions (id);
alter table portal_sessions alter column complete drop default;

comment on column portal_sessions.id is 'Names the session on pages and in the audit; opens nothing.';
comment on column portal_sessions.complete is
    'False between the password and the second factor: such a session opens the page for its code alone, for 10 minutes.';

-- Logged as any table: there are as few rows as there are guesses, and a limit that a crash or a failover forgets would
-- be none to whoever can cause one.
create table portal_guesses (
    id     bigint      generated always as identity primary key,
    bucket bytea       not null,
    at     timestamptz not null default clock_timestamp()
);
create index portal_guesses_bucket_idx on portal_guesses (bucket, at);
create index portal_guesses_at_idx on portal_guesses (at);

comment on table portal_guesses is 'Passwords and codes that were tried and not right, or are being checked, in the last 15 minutes.';
comment on column portal_guesses.bucket is
    'SHA-256 of what is limited: an account, an account on a device known to it, or an address.';

create table portal_devices (
    id_hash bytea       not null,
    user_id bigint      not null,
    seen_at timestamptz not null default now(),
    constraint portal_devices_pkey primary key (id_hash, user_id),
    constraint portal_devices_user_id_fkey foreign key (user_id) references portal_users (id) on delete cascade
);
create index portal_devices_user_id_idx on portal_devices (user_id);
create index portal_devices_seen_at_idx on portal_devices (seen_at);

comment on table portal_devices is
    'From which browsers users have signed in: there they are not kept waiting for guesses made elsewhere.';
comment on column portal_devices.id_hash is 'SHA-256 of the random id in the browser''s cookie.';

grant select, insert, delete on portal_guesses to qm_portal_app;
grant select, insert, update, delete on portal_devices to qm_portal_app;

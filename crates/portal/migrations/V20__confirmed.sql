-- When a session's password was last given, and passwords that their owners have not chosen.
alter table portal_sessions add column confirmed_at timestamptz;
alter table portal_users add column first_password_at timestamptz;

comment on column portal_sessions.confirmed_at is
    'When the password was last given in it. What changes accounts, programs or keys asks for it again after 10 minutes.';
comment on column portal_users.first_password_at is
    'When an Admin or the operator set the password. Its owner changes it at the next sign-in, within 7 days; empty since.';

-- Passwords that Django hashed, and those that the demo made and printed.
alter table portal_users add column password_of_demo boolean not null default false;

comment on column portal_users.password_hash is
    'Argon2id in PHC form; pbkdf2_sha256 in Django''s form until the next sign-in; what starts with ! is no password.';
comment on column portal_users.password_of_demo is
    'Made and printed by the demo. Off once another is set; serve refuses to start while an active user has one.';

-- Each check of a password does the work of the dearest of these, so that its time tells nothing.
create index portal_users_django_iterations_idx on portal_users ((split_part(password_hash, '$', 2)::integer))
    where starts_with(password_hash, 'pbkdf2_sha256$');

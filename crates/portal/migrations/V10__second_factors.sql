-- Second factors, and the groups that must have one.
alter table portal_groups add column second_factor_required boolean not null default false;
comment on column portal_groups.second_factor_required is
    'Members without a second factor can do nothing but set one up, and get no token.';

create table portal_second_factors (
    user_id     bigint      primary key,
    secret      bytea       not null,
    last_step   bigint      not null,
    wrong_codes integer     not null default 0,
    created_at  timestamptz not null default now(),
    constraint portal_second_factors_user_id_fkey foreign key (user_id) references portal_users (id) on delete cascade
);
comment on table portal_second_factors is 'Secrets of time-based one-time codes (RFC 6238).';
comment on column portal_second_factors.secret is 'Sealed with AES-256-GCM under the key encryption key.';
comment on column portal_second_factors.last_step is 'The step of the last code that was taken: it and those before it are refused.';
comment on column portal_second_factors.wrong_codes is 'Wrong codes in a row; after 100 only a recovery code is taken.';

create table portal_recovery_codes (
    user_id   bigint not null,
    code_hash bytea  not null,
    constraint portal_recovery_codes_pkey primary key (user_id, code_hash),
    constraint portal_recovery_codes_user_id_fkey foreign key (user_id)
        references portal_second_factors (user_id) on delete cascade
);
comment on table portal_recovery_codes is 'What replaces a code when the device that makes them is lost; each once.';
comment on column portal_recovery_codes.code_hash is 'SHA-256 of the code, which has 120 random bits.';

grant update (second_factor_required) on portal_groups to qm_portal_app;
grant select, insert, update, delete on portal_second_factors, portal_recovery_codes to qm_portal_app;

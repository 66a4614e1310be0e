-- The keys that sign tokens. Every portal process of a company shares them.
create table portal_signing_keys (
    kid        text        primary key,
    pkcs8      bytea       not null,
    created_at timestamptz not null default now()
);
comment on table portal_signing_keys is 'Ed25519 keys that sign tokens; the newest signs, all are published.';
comment on column portal_signing_keys.kid is 'RFC 7638 thumbprint of the public key.';
comment on column portal_signing_keys.pkcs8 is 'The private key.';

grant select, insert on portal_signing_keys to qm_portal_app;

-- Signing keys are encrypted at rest and have a life: published, signing, retiring, retired.
-- A key that lay here in plain text is not trusted further; the next start makes a new one.
delete from portal_signing_keys;
alter table portal_signing_keys
    drop column pkcs8,
    add column private_key bytea,
    add column signs_from  timestamptz not null,
    add column retired_at  timestamptz,
    add constraint portal_signing_keys_private_key_check check ((private_key is null) = (retired_at is not null));

comment on table portal_signing_keys is 'Ed25519 keys that sign tokens. The one whose time came last signs; all that are not retired are published.';
comment on column portal_signing_keys.private_key is 'Sealed with AES-256-GCM under key_encryption_key, for this kid alone: nonce, ciphertext, tag. Empty once retired.';
comment on column portal_signing_keys.signs_from is 'When it begins to sign; published before, so that every verifier knows it by then.';
comment on column portal_signing_keys.retired_at is 'Since when it is published no more, and nothing that it signed is valid.';

grant update (private_key, retired_at) on portal_signing_keys to qm_portal_app;

-- One number for all that portal processes and services follow: they look at this alone, several times a second.
create table portal_token_feed (
    singleton boolean primary key default true,
    version   bigint  not null,
    constraint portal_token_feed_singleton_check check (singleton)
);
insert into portal_token_feed (version) values (1);
comment on table portal_token_feed is 'One row: the version of the published keys and revocations.';

create function portal_token_feed_changed() returns trigger language plpgsql as $$
begin
    update portal_token_feed set version = version + 1;
    return null;
end
$$;
comment on function portal_token_feed_changed is 'Whoever changes keys or revocations changes the version, in the same transaction.';

create trigger portal_signing_keys_changed after insert or update or delete on portal_signing_keys
    for each statement execute function portal_token_feed_changed();

grant select, update (version) on portal_token_feed to qm_portal_app;

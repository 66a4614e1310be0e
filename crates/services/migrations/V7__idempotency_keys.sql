-- The answers to requests with an Idempotency-Key, written in the transaction that made them true.
create table services_idempotency_keys (
    caller       text        collate "C" not null,
    key          text        collate "C" not null,
    request_hash bytea       not null,
    status       smallint    not null,
    headers      jsonb       not null,
    body         bytea       not null,
    created_at   timestamptz not null default now(),
    constraint services_idempotency_keys_pkey primary key (caller, key),
    constraint services_idempotency_keys_key_check check (length(key) between 1 and 255)
);
create index services_idempotency_keys_created_at_idx on services_idempotency_keys (created_at);

comment on table services_idempotency_keys is 'First answers, to be given again byte for byte. Old ones are removed by the worker.';
comment on column services_idempotency_keys.caller is 'Whose key it is: keys of different callers never meet.';
comment on column services_idempotency_keys.request_hash is 'SHA-256 of method, path and body: another request with the same key is refused.';
comment on column services_idempotency_keys.headers is 'The answer''s own headers: content type, location, etag.';

grant select, insert, delete on services_idempotency_keys to qm_services_app;

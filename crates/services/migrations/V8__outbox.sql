-- Facts for the outside, written in the transaction that made them true.
create table services_outbox (
    id           bigint generated always as identity primary key,
    at           timestamptz not null,
    kind         text        not null,
    branch_id    bigint,
    entity_type  text        not null,
    entity_id    text        not null,
    payload      jsonb       not null,
    published_at timestamptz
);
create index services_outbox_unpublished_idx on services_outbox (id) where published_at is null;

comment on table services_outbox is 'Events to be delivered to the outside, at least once, in the order of their ids.';
comment on column services_outbox.kind is 'What happened: order.fulfilled, stock.adjusted.';
comment on column services_outbox.published_at is 'When it was delivered; null while it waits.';

grant select, insert, update, delete on services_outbox to qm_services_app;

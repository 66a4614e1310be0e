-- Orders and their lines. Every line carries its order's branch_id; the keys let rows be placed by branch.
create table services_orders (
    id                 bigint generated always as identity,
    branch_id          bigint      not null,
    status             text        not null default 'draft',
    reference          text,
    note               text,
    created_by         text        not null,
    created_by_user_id text,
    created_at         timestamptz not null default now(),
    submitted_at       timestamptz,
    fulfilled_at       timestamptz,
    cancelled_at       timestamptz,
    version            bigint      not null default 1,
    constraint services_orders_pkey primary key (id, branch_id),
    constraint services_orders_branch_id_fkey foreign key (branch_id) references services_branches (id),
    constraint services_orders_status_check check (status in ('draft', 'submitted', 'fulfilled', 'cancelled')),
    constraint services_orders_times_check check (
        case status
            when 'draft' then submitted_at is null and fulfilled_at is null and cancelled_at is null
            when 'submitted' then submitted_at is not null and fulfilled_at is null and cancelled_at is null
            when 'fulfilled' then fulfilled_at is not null and cancelled_at is null
            when 'cancelled' then fulfilled_at is null and cancelled_at is not null
        end),
    constraint services_orders_reference_check check (length(reference) between 1 and 100),
    constraint services_orders_note_check check (length(note) between 1 and 2000)
) with (fillfactor = 85);
create index services_orders_branch_id_idx on services_orders (branch_id, created_at, id);
create index services_orders_status_idx on services_orders (status, branch_id, created_at, id)
    where status <> 'fulfilled';
create index services_orders_reference_idx on services_orders (reference, branch_id) where reference is not null;
create index services_orders_created_at_idx on services_orders (created_at, id);

comment on table services_orders is 'Requests of branches: draft, submitted (stock reserved), fulfilled or cancelled.';
comment on column services_orders.status is 'Only the posting engine moves it on.';
comment on column services_orders.reference is 'The customer''s or the branch''s own word for it; imports find orders by it.';
comment on column services_orders.created_by is 'Name of who drafted it, as it was then.';
comment on column services_orders.version is 'Counts changes; the ETag.';

create table services_order_lines (
    id            bigint generated always as identity,
    order_id      bigint        not null,
    branch_id     bigint        not null,
    item_id       bigint        not null,
    requested_qty numeric(15,3) not null,
    constraint services_order_lines_pkey primary key (order_id, branch_id, item_id),
    constraint services_order_lines_order_fkey foreign key (order_id, branch_id)
        references services_orders (id, branch_id) on delete cascade,
    constraint services_order_lines_item_id_fkey foreign key (item_id) references services_items (id),
    constraint services_order_lines_requested_qty_check check (requested_qty > 0)
);
create index services_order_lines_item_id_idx on services_order_lines (item_id, branch_id, order_id);

comment on table services_order_lines is 'What an order asks for, each item once. Fulfilment is all lines or none, so the order''s status says what left.';

grant select, insert, update, delete on services_orders, services_order_lines to qm_services_app;

-- Stock levels: one row an item at a branch. Only the posting engine writes here.
create table services_stock (
    branch_id  bigint        not null,
    item_id    bigint        not null,
    quantity   numeric(15,3) not null,
    reserved   numeric(15,3) not null default 0,
    overdrawn  boolean       not null default false,
    updated_at timestamptz   not null,
    short      boolean       not null generated always as (reserved > quantity) stored,
    constraint services_stock_pkey primary key (branch_id, item_id),
    constraint services_stock_branch_id_fkey foreign key (branch_id) references services_branches (id),
    constraint services_stock_item_id_fkey foreign key (item_id) references services_items (id),
    constraint services_stock_quantity_check check (quantity >= 0 or overdrawn),
    constraint services_stock_overdrawn_check check (not overdrawn or quantity < 0),
    constraint services_stock_reserved_check check (reserved >= 0)
) with (fillfactor = 70);
create index services_stock_item_id_idx on services_stock (item_id);
-- Its column seldom changes, so that an update of the figures alone stays within its page and touches no index.
create index services_stock_short_idx on services_stock (branch_id, item_id) where short;

comment on table services_stock is 'How much of an item a branch has on hand, and how much of it is promised.';
comment on column services_stock.quantity is 'On hand: the sum of the movements of this branch and item.';
comment on column services_stock.reserved is 'Promised: the sum over the lines of submitted orders. May exceed quantity after a count.';
comment on column services_stock.overdrawn is 'An Admin''s override made the quantity fall below zero.';
comment on column services_stock.short is 'More is promised than is on hand.';
comment on column services_stock.updated_at is 'When it last changed; movements of this row never go back before it.';

grant select, insert, update on services_stock to qm_services_app;

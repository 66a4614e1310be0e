-- What lists of levels below their minimum look for, and what the worker looks for. Like services_stock_short_idx:
-- these columns seldom change, so that an update of the figures alone touches no index.
drop index concurrently if exists services_stock_below_idx;

create index concurrently services_stock_below_idx on services_stock (branch_id, item_id) where below is not false;

drop index concurrently if exists services_stock_below_item_idx;

create index concurrently services_stock_below_item_idx on services_stock (item_id, branch_id) where below is not false;

drop index concurrently if exists services_stock_minimum_idx;

create index concurrently services_stock_minimum_idx on services_stock (item_id) where minimum is null;

drop index concurrently if exists services_items_minimum_due_idx;

create index concurrently services_items_minimum_due_idx on services_items (id) where minimum_due;

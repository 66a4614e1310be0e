-- What lists of stock look for: what a branch has nothing of, and items by their names.
alter table services_stock add column empty boolean not null generated always as (quantity <= 0) stored;
-- Like services_stock_short_idx: its column seldom changes, so that an update of the figures alone touches no index.
create index services_stock_empty_idx on services_stock (branch_id, item_id) where empty;
create index services_items_name_idx on services_items (lower(name), id);

comment on column services_stock.empty is 'Nothing is on hand.';

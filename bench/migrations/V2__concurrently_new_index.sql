drop index concurrently if exists services_orders_next_priority_idx;

create index concurrently services_orders_next_priority_idx on services_orders (next_priority, id);

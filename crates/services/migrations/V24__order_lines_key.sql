-- The key has what an order's lines say in it, as the migration before made it.
alter table services_order_lines
    drop constraint services_order_lines_pkey,
    add constraint services_order_lines_pkey primary key using index services_order_lines_with_quantity_key;

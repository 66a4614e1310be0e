-- An order's lines are in their key: who reads an order takes them from the index, one page the less where the order is an
-- old one that is not in memory. The next migration puts it in the place of the key as it was.
drop index concurrently if exists services_order_lines_with_quantity_key;

create unique index concurrently services_order_lines_with_quantity_key
    on services_order_lines (order_id, branch_id, item_id) include (id, requested_qty);

-- No movement is undone twice. Most movements undo none, and are not in the index.
drop index concurrently if exists services_stock_movements_reverses_key;

create unique index concurrently services_stock_movements_reverses_key
    on services_stock_movements (reverses_id) where reverses_id is not null;

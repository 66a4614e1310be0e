-- How far a level was adjusted in the last 24 hours, which policies may ask at every adjustment: without the many
-- movements of fulfilments.
drop index concurrently if exists services_stock_movements_adjustments_idx;

create index concurrently services_stock_movements_adjustments_idx
    on services_stock_movements (branch_id, item_id, at) include (quantity) where kind = 'adjustment';

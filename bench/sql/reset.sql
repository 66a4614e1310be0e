-- Back to opening stock and no orders, so that every workload starts from the same rows whatever ran before.
-- The append-only guards and foreign keys are triggers, and rest for this transaction of the superuser.
begin;
set local session_replication_role = replica;

-- The totals of the ledger that goes away, first of all: so that this waits for a keeper of them that is at it.
update services_totals_state
set movement_id = 0, as_of = null, marked_id = null, marked_transaction = null, marked_at = null;
delete from services_daily_totals;
delete from services_turnover;
update services_branch_totals set day = null;

truncate services_stock, services_stock_movements, services_orders, services_order_lines, services_audit_logs,
    services_idempotency_keys;

-- The levels know their items' minimums already: the worker has nothing to bring to them while something is measured.
insert into services_stock (branch_id, item_id, quantity, updated_at, minimum, below)
select b.id, i.id, 100000000, now(), i.min_stock_level, false
from services_branches b
cross join services_items i
order by b.id, i.id;

-- Stock has to come from somewhere: one adjustment a level, with its movement and its audit entry.
with numbered as materialized (
    select branch_id, item_id, quantity, updated_at, nextval('services_adjustment_ids') as adjustment
    from services_stock
    order by branch_id, item_id),
moved as (
    insert into services_stock_movements
        (at, branch_id, item_id, kind, quantity, balance, document_type, document_id, actor)
    select updated_at, branch_id, item_id, 'adjustment', quantity, quantity, 'adjustment', adjustment, 'bench'
    from numbered)
insert into services_audit_logs (at, actor, action, entity_type, entity_id, branch_id, details)
select updated_at, 'bench', 'stock.adjusted', 'stock', branch_id || ':' || item_id, branch_id,
       jsonb_build_object('adjustment', adjustment,
                          'quantity', jsonb_build_object('from', 0, 'to', quantity::bigint))
from numbered;

insert into services_audit_logs (at, actor, action, entity_type, entity_id, branch_id, details)
select created_at, 'bench', 'branch.created', 'branch', id::text, id, '{}'::jsonb from services_branches
union all
select created_at, 'bench', 'item.created', 'item', id::text, null, '{}'::jsonb from services_items;
commit;

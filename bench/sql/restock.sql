-- A thousand more of what the benchmark's orders ask for (20 branches, 1,000 items), as counts add them, with a movement and
-- an audit entry each, and enough that no order is short.
begin;
with added as (
    update services_stock
    set quantity = quantity + 1000, updated_at = now()
    where branch_id <= 20 and item_id <= 1000
    returning branch_id, item_id, quantity),
moved as (
    insert into services_stock_movements
        (at, branch_id, item_id, kind, quantity, balance, document_type, document_id, actor, reason)
    select now(), branch_id, item_id, 'adjustment', 1000, quantity, 'adjustment', nextval('services_adjustment_ids'),
           'bench', 'delivery'
    from added
    order by branch_id, item_id
    returning at, branch_id, item_id, document_id)
insert into services_audit_logs (at, actor, action, entity_type, entity_id, branch_id, details)
select at, 'bench', 'stock.adjusted', 'stock', branch_id || ':' || item_id, branch_id,
       jsonb_build_object('adjustment', document_id)
from moved;
update services_items set active = true where id <= 1000 and not active;
commit;

-- A round of the race: a new item ($1) with a few units ($4) at one branch ($2), and drafts ($3) of one unit each, with
-- the movement and the audit entries that all of it owes.
with item as (
    insert into services_items (sku, name)
    values ($1::text, $1::text)
    returning id, created_at),
numbered as materialized (
    select id as item_id, created_at as at, nextval('services_adjustment_ids') as adjustment
    from item),
level as (
    insert into services_stock (branch_id, item_id, quantity, updated_at)
    select $2::bigint, item_id, $4::bigint, at
    from numbered),
moved as (
    insert into services_stock_movements
        (at, branch_id, item_id, kind, quantity, balance, document_type, document_id, actor)
    select at, $2::bigint, item_id, 'adjustment', $4::bigint, $4::bigint, 'adjustment', adjustment, 'bench'
    from numbered),
drafted as (
    insert into services_orders (branch_id, created_by)
    select $2::bigint, 'bench'
    from generate_series(1, $3::bigint)
    returning id, branch_id, created_at),
lines as (
    insert into services_order_lines (order_id, branch_id, item_id, requested_qty)
    select d.id, d.branch_id, i.id, 1
    from drafted d
    cross join item i),
audited as (
    insert into services_audit_logs (at, actor, action, entity_type, entity_id, branch_id, details)
    select created_at, 'bench', 'item.created', 'item', id::text, null::bigint, '{}'::jsonb
    from item
    union all
    select at, 'bench', 'stock.adjusted', 'stock', $2::bigint || ':' || item_id, $2::bigint,
           jsonb_build_object('adjustment', adjustment)
    from numbered
    union all
    select created_at, 'bench', 'order.created', 'order', id::text, branch_id, '{}'::jsonb
    from drafted)
select (select id from item), min(d.id), max(d.id)
from drafted d;

\set branch random(1, 20)
\set first random(1, 333)
\set second random(334, 666)
\set third random(667, 1000)
with o as (
    insert into services_orders (branch_id, created_by)
    values (:branch, 'pgbench')
    returning id, branch_id)
insert into services_order_lines (order_id, branch_id, item_id, requested_qty)
select o.id, o.branch_id, l.item_id, 1
from o
cross join (values (:first::bigint), (:second::bigint), (:third::bigint)) l(item_id);

\set order random(:first_order, :last_order)
select o.id, o.branch_id, o.status, o.reference, o.note, o.created_by, o.created_at, o.submitted_at, o.fulfilled_at, o.cancelled_at, o.version, l.id, l.item_id, l.requested_qty
from services_orders o
join services_order_lines l on l.order_id = o.id and l.branch_id = o.branch_id
where o.id = :order
order by l.id;

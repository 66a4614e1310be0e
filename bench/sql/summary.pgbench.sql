\set branch random(1, 20)
select s.branch_id, s.item_id, s.quantity, s.reserved, s.updated_at, b.name, i.name, i.sku, i.min_stock_level
from services_stock s
join services_branches b on b.id = s.branch_id
join services_items i on i.id = s.item_id
where s.branch_id = :branch
order by s.branch_id, s.item_id
limit 1000;

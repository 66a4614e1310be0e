-- The branches and items that every measurement uses, made once in an empty database: ids count from 1.
insert into services_branches (code, name)
select 'B' || lpad(n::text, 2, '0'), 'Branch ' || n
from generate_series(1, 20) n
order by n;

insert into services_items (sku, name, minimum_due)
select 'SKU-' || lpad(n::text, 4, '0'), 'Item ' || n, false
from generate_series(1, 1000) n
order by n;

-- The orders that pgbench's next transactions take, one each.
create schema bench;
create sequence bench.drafts;

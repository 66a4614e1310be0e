-- A million orders with 3 million lines and 4 million movements, over 50 branches, 20,000 items and 120 days, in a
-- migrated, empty database: what tests and the benchmark take for a large company. The same rows each time, and
-- everything that `verify` asks for holds. To be followed by VACUUM (ANALYZE), which no transaction may contain.
-- With the setting bench.orders as many orders as that: the company is older or younger, and as large.
begin;
-- Foreign keys are checked by triggers, which rest for this transaction of the superuser: the rows are right.
set local session_replication_role = replica;
-- VACUUM marks as visible to all only what a commit made that is on the disk.
set local synchronous_commit = on;
set local work_mem = '256MB';
set local maintenance_work_mem = '512MB';
set local client_min_messages = warning;

-- Indexes are built when the rows are there; those of keys stay.
create temporary table postponed on commit drop as
select format('drop index %s', i.indexrelid::regclass) as drop_it, pg_get_indexdef(i.indexrelid) as make_it
from pg_index i
where i.indrelid::regclass::text like 'services\_%'
  and not exists (select from pg_constraint c where c.conindid = i.indexrelid);
do $$ declare d text; begin for d in select drop_it from postponed loop execute d; end loop; end $$;

-- A number from 0 to 1 that looks random and is the same for the same n.
create function pg_temp.chance(n bigint, stream bigint) returns float8 language sql immutable parallel safe
    return ((n * (2654435761 + 2 * stream * 40503)) & 4294967295) / 4294967296.0::float8;

create function pg_temp.orders() returns bigint language sql stable parallel safe
    return coalesce(nullif(current_setting('bench.orders', true), ''), '1000000')::bigint;
-- An order every 7.776 seconds, the last at the end of March 2026.
create function pg_temp.began() returns timestamptz language sql stable parallel safe
    return timestamptz '2026-04-01' - pg_temp.orders() * interval '7.776 seconds';

insert into services_branches (code, name, created_at)
select 'B' || lpad(n::text, 2, '0'), 'Branch ' || n, pg_temp.began() - interval '31 days'
from generate_series(1, 50) n
order by n;

insert into services_items (sku, name, barcode, min_stock_level, minimum_due, active, created_at)
select 'SKU-' || lpad(n::text, 5, '0'),
       (array['Red', 'Green', 'Blue', 'White', 'Black'])[1 + n % 5] || ' '
       || (array['bolt', 'nut', 'washer', 'bracket', 'hinge', 'screw', 'hook'])[1 + n % 7] || ' M' || n % 97,
       '40' || lpad(n::text, 11, '0'), n % 4 * 5, false, n % 50 <> 0, pg_temp.began() - interval '31 days'
from generate_series(1, 20000) n
order by n;

-- Later orders have higher numbers, but for one in fifty, which a file brought in long after it was drafted. A few
-- branches get most of them. 85 of 100 are fulfilled, 6 cancelled, 5 drafts and 4 submitted; of those that are older
-- than the newest million none is open.
insert into services_orders
    (branch_id, status, reference, note, created_by, created_by_user_id, created_at, submitted_at, fulfilled_at,
     cancelled_at, version)
select o.branch_id, o.status, o.reference, o.note, o.maker, 'id-' || o.maker, o.created_at,
       case when o.submitted then o.created_at + interval '10 minutes' end,
       case when o.status = 'fulfilled' then o.created_at + interval '20 minutes' + o.wait end,
       case when o.status = 'cancelled' then o.created_at + interval '20 minutes' + o.wait end,
       1 + o.submitted::int + (o.status in ('fulfilled', 'cancelled'))::int
from (
    select n, 1 + floor(50 * power(pg_temp.chance(n, 1), 2.5)) as branch_id, s.status,
           s.status = 'submitted' or (s.status = 'fulfilled' and n % 10 = 0) or (s.status = 'cancelled' and n % 3 = 0)
               as submitted,
           case when n % 100 = 3 then 'COUNTER' when n % 10 < 7 then 'PO-' || n end as reference,
           case when n % 20 = 0 then 'Call before delivery' end as note,
           'user-' || 1 + floor(60 * pg_temp.chance(n, 2)) as maker,
           pg_temp.began() + n * interval '7.776 seconds'
               - case when n % 50 = 7 then pg_temp.chance(n, 3) * interval '30 days' else interval '0' end
               as created_at,
           pg_temp.chance(n, 4) * interval '6 hours' as wait
    from generate_series(1::bigint, pg_temp.orders()) n
    cross join lateral (
        select case when p < 85 then 'fulfilled' when p < 91 or n <= pg_temp.orders() - 1000000 then 'cancelled'
                    when p < 96 then 'draft' else 'submitted' end
        from (select n * 40503 % 100 as p) p) s(status)) o
order by o.n;

-- Two to four lines an order; some items are asked for far more often than others.
insert into services_order_lines (order_id, branch_id, item_id, requested_qty)
select o.id, o.branch_id, 1 + (floor(20000 * power(pg_temp.chance(o.id, 5), 2))::bigint + k * 6007) % 20000,
       1 + (o.id + k) % 5
from services_orders o
cross join generate_series(0, 3) k
where k < 2 + o.id % 3
order by o.id, k;

-- What moved: each level is counted once, 450,000 deliveries come for a million orders, fulfilled orders leave.
create temporary table moved on commit drop as
select o.fulfilled_at as at, l.branch_id, l.item_id, -l.requested_qty as quantity, 'order' as document_type,
       o.id as document_id, o.created_by as actor
from services_orders o
join services_order_lines l on l.order_id = o.id
where o.status = 'fulfilled';
insert into moved
select pg_temp.began() + pg_temp.chance(n, 6) * pg_temp.orders() * interval '7.776 seconds',
       1 + floor(50 * power(pg_temp.chance(n, 7), 2)), 1 + floor(20000 * pg_temp.chance(n, 8)), 1 + n % 20, 'adjustment',
       1000000 + n, 'storekeeper'
from generate_series(1::bigint, pg_temp.orders() * 45 / 100) n;

-- What is counted is enough for all orders, but for one level in three hundred, where submitted ones are short.
insert into moved
select pg_temp.began() - interval '31 days' + b.id * interval '1 minute', b.id, i.id,
       coalesce(asked.fulfilled, 0) + 1
           + case when (b.id * 31 + i.id) % 300 = 0 then 0
                  else coalesce(asked.submitted, 0) + (b.id * 7 + i.id * 13) % 90 end,
       'adjustment', row_number() over (order by b.id, i.id), 'storekeeper'
from services_branches b
cross join services_items i
left join (
    select l.branch_id, l.item_id, sum(l.requested_qty) filter (where o.status = 'fulfilled') as fulfilled,
           sum(l.requested_qty) filter (where o.status = 'submitted') as submitted
    from services_orders o
    join services_order_lines l on l.order_id = o.id
    group by l.branch_id, l.item_id) asked on asked.branch_id = b.id and asked.item_id = i.id;
select setval('services_adjustment_ids', 1000000 + pg_temp.orders() * 45 / 100);

insert into services_stock (branch_id, item_id, quantity, reserved, updated_at, minimum, below)
select m.branch_id, m.item_id, m.quantity, coalesce(r.reserved, 0), m.at, i.min_stock_level,
       m.quantity < i.min_stock_level
from (select branch_id, item_id, sum(quantity) as quantity, max(at) as at from moved group by branch_id, item_id) m
join services_items i on i.id = m.item_id
left join (
    select l.branch_id, l.item_id, sum(l.requested_qty) as reserved
    from services_orders o
    join services_order_lines l on l.order_id = o.id
    where o.status = 'submitted'
    group by l.branch_id, l.item_id) r on r.branch_id = m.branch_id and r.item_id = m.item_id
order by m.branch_id, m.item_id;

insert into services_stock_movements
    (at, branch_id, item_id, kind, quantity, balance, document_type, document_id, actor_user_id, actor, reason)
select m.at, m.branch_id, m.item_id, case m.document_type when 'order' then 'fulfilment' else 'adjustment' end,
       m.quantity, m.balance, m.document_type, m.document_id, 'id-' || m.actor, m.actor,
       case when m.document_id > 1000000 then 'delivery' end
from (
    select at, branch_id, item_id, quantity, document_type, document_id, actor,
           sum(quantity) over (partition by branch_id, item_id order by at, document_type desc, document_id
                               rows unbounded preceding) as balance
    from moved) m
order by m.at, m.document_type desc, m.document_id;

-- One audit entry a change, in the order of time.
insert into services_audit_logs
    (at, actor_user_id, actor, action, entity_type, entity_id, branch_id, ip, request_id, details)
select e.at, 'id-' || e.actor, e.actor, e.entity_type || '.' || e.verb, e.entity_type, e.entity_id, e.branch_id,
       inet '10.0.0.1' + e.branch_id, e.verb || '-' || e.entity_id || '-' || e.actor, e.details
from (
    select created_at as at, 'admin' as actor, 'created' as verb, 'branch' as entity_type, id::text as entity_id,
           id as branch_id, '{}'::jsonb as details
    from services_branches
    union all
    select created_at, 'admin', 'created', 'item', id::text, null, '{}' from services_items
    union all
    select created_at, created_by, 'drafted', 'order', id::text, branch_id, '{"lines": 3}' from services_orders
    union all
    select submitted_at, created_by, 'submitted', 'order', id::text, branch_id,
           '{"status": {"from": "draft", "to": "submitted"}}'
    from services_orders where submitted_at is not null
    union all
    select coalesce(fulfilled_at, cancelled_at), created_by, status, 'order', id::text, branch_id,
           '{"status": {"from": "submitted", "to": "fulfilled"}}'
    from services_orders where status in ('fulfilled', 'cancelled')
    union all
    select at, actor, 'adjusted', 'stock', branch_id || ':' || item_id, branch_id,
           jsonb_build_object('adjustment', document_id)
    from moved where document_type = 'adjustment') e
order by e.at;

-- The newest answers are still kept.
insert into services_idempotency_keys (caller, key, request_hash, status, headers, body, created_at)
select 'id-' || created_by, 'key-' || id, '\x00', 200, '{}', '\x7b7d', created_at
from services_orders
where id > pg_temp.orders() / 10 * 9
order by id;

do $$ declare m text; begin for m in select make_it from postponed loop execute m; end loop; end $$;
commit;

-- A fulfilment at its plainest: one call, one transaction, and nothing of what the services owe besides (no audit,
-- no event, no idempotency, no authorization, no answer). What pgbench calls.
create function bench.fulfil(wanted bigint) returns void language plpgsql as $$
declare
    place bigint;
    state text;
    at    timestamptz;
    short bigint;
begin
    select o.branch_id, o.status into place, state
    from services_orders o
    where o.id = wanted
    for update;
    if state is distinct from 'draft' then
        raise exception 'order % is no draft', wanted;
    end if;

    -- Locked in key order, as everybody does, so that nobody waits in a circle. The condition stays outside: pushed
    -- into the subquery it would leave rows that are not short unlocked.
    select count(*) filter (where locked.available < locked.requested_qty) into short
    from (
        select s.quantity - s.reserved as available, l.requested_qty
        from services_order_lines l
        join services_stock s on s.branch_id = l.branch_id and s.item_id = l.item_id
        where l.order_id = wanted and l.branch_id = place
        order by s.branch_id, s.item_id
        for update of s) locked;
    if short > 0 then
        raise exception 'order % is short of % lines', wanted, short;
    end if;

    at := clock_timestamp();
    with moved as (
        update services_stock s
        set quantity = s.quantity - l.requested_qty, updated_at = at
        from services_order_lines l
        where l.order_id = wanted and l.branch_id = place
          and s.branch_id = l.branch_id and s.item_id = l.item_id
        returning s.branch_id, s.item_id, -l.requested_qty as quantity, s.quantity as balance)
    insert into services_stock_movements
        (at, branch_id, item_id, kind, quantity, balance, document_type, document_id, actor)
    select at, m.branch_id, m.item_id, 'fulfilment', m.quantity, m.balance, 'order', wanted, 'pgbench'
    from moved m;

    update services_orders
    set status = 'fulfilled', fulfilled_at = at, version = version + 1
    where id = wanted and branch_id = place;
end
$$;

//! What the sealed audit tells against what the tables say: whoever changes a row by SQL cannot change the entry that
//! made it. Entries of actions that are not known here are left alone, and of what is archived nothing is compared.

use platform::pg::Invariant;
use platform::statement;

/// The time in a text of an entry, where it is one.
macro_rules! time {
    ($text:expr) => {
        concat!(
            "case when ",
            $text,
            " ~ '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$' then (",
            $text,
            ")::timestamptz end"
        )
    };
}

/// Whether a time is another than the entry `e` tells. An entry says when its change took effect only where that was not
/// when it was written; entries of imports by older versions do not say it at all.
macro_rules! another_time {
    ($at:expr) => {
        concat!(
            "case when e.details ? 'at' then ",
            $at,
            " is distinct from ",
            time!("e.details ->> 'at'"),
            " when e.actor_user_id is not null then ",
            $at,
            " is null or ",
            $at,
            " not between e.at and e.at + interval '1 minute' else false end"
        )
    };
}

statement! {
    /// Orders against the entry of each step. That each step has its entry is another invariant.
    ORDERS: "services" = concat!("
        select format('order %s: entry %s tells another %s', o.id, e.id, f.what)
        from services_audit_logs e
        join services_orders o on o.id::text = e.entity_id
        cross join lateral (select case e.action
            when 'order.created' then case
                when o.created_by_user_id is distinct from e.actor_user_id
                  or o.created_by is distinct from e.details #>> '{to,created_by}' then 'maker'
                when to_jsonb(o.branch_id) is distinct from e.details #> '{to,branch_id}'
                  or o.branch_id is distinct from e.branch_id then 'branch'
                when o.created_at is distinct from ", time!("e.details #>> '{to,created_at}'"), " then 'time'
                -- An order that was never changed has as many versions as steps.
                when o.version = 1 + (o.submitted_at is not null)::int + (o.fulfilled_at is not null)::int
                                 + (o.cancelled_at is not null)::int
                then case when o.reference is distinct from e.details #>> '{to,reference}' then 'reference'
                          when o.note is distinct from e.details #>> '{to,note}' then 'note' end
                end
            when 'order.submitted' then case
                when o.status = 'draft' then 'status'
                -- Older versions kept no submitter of orders that were done.
                when o.submitted_by_user_id is distinct from e.actor_user_id
                  and (o.submitted_by_user_id is not null or o.status = 'submitted') then 'submitter'
                when ", another_time!("o.submitted_at"), " then 'time of submission' end
            when 'order.fulfilled' then case
                when o.status <> 'fulfilled' then 'status'
                when ", another_time!("o.fulfilled_at"), " then 'time of fulfilment' end
            when 'order.cancelled' then case
                when o.status <> 'cancelled' then 'status'
                when ", another_time!("o.cancelled_at"), " then 'time of cancelling' end
            when 'order.deleted' then 'end: it was deleted'
            end) f(what)
        where e.entity_type = 'order' and f.what is not null");
    /// Orders against the newest entry that changed what they say.
    CHANGED_ORDERS: "services" = "
        select format('order %s: entry %s tells another reference or note', o.id, e.id)
        from (
            select distinct on (entity_id) entity_id, id, details
            from services_audit_logs
            where entity_type = 'order' and action = 'order.updated'
            order by entity_id, id desc) e
        join services_orders o on o.id::text = e.entity_id
        where o.reference is distinct from e.details #>> '{to,reference}'
           or o.note is distinct from e.details #>> '{to,note}'";
    /// Lines against the newest entry that has them: that of the last step but a cancelling, or the newest change of a
    /// draft.
    LINES: "services" = "
        select format('order %s: %s; entry %s tells %s', l.id, l.lines, e.id, t.lines)
        from (
            select o.id, string_agg(format('%s of item %s (line %s)', l.requested_qty, l.item_id, l.id), ', ' order by l.id)
                       as lines,
                   case when o.fulfilled_at is not null then 'order.fulfilled'
                        when o.submitted_at is not null then 'order.submitted'
                        when o.version > 1 + (o.cancelled_at is not null)::int then 'order.updated'
                        else 'order.created' end as action
            from services_orders o
            join services_order_lines l on l.order_id = o.id and l.branch_id = o.branch_id
            group by o.id, o.branch_id) l
        join services_audit_logs e on e.entity_type = 'order' and e.entity_id = l.id::text and e.action = l.action
        cross join lateral (
            select string_agg(format('%s of item %s (line %s)', t.requested_qty, t.item_id, t.id), ', ' order by t.id)
            from jsonb_to_recordset(coalesce(e.details -> 'lines', e.details #> '{to,lines}'))
                t(id bigint, item_id bigint, requested_qty numeric(15,3))) t(lines)
        where t.lines is distinct from l.lines
          -- Of the changes of a draft, the newest tells.
          and (l.action <> 'order.updated' or not exists (
              select from services_audit_logs n
              where n.entity_type = 'order' and n.entity_id = e.entity_id and n.action = 'order.updated' and n.id > e.id))";
    /// Movements of orders against the entry of the fulfilment.
    FULFILMENTS: "services" = concat!("
        select format('movement %s of order %s: %s at %s, entry %s tells %s at %s',
                      m.id, m.document_id, m.actor, m.at, e.id, e.actor, coalesce(e.details ->> 'at', e.at::text))
        from services_stock_movements m
        join services_audit_logs e
          on e.entity_type = 'order' and e.action = 'order.fulfilled' and e.entity_id = m.document_id::text
        where m.document_type = 'order'
          and (m.actor <> e.actor or m.actor_user_id is distinct from e.actor_user_id
               or m.request_id is distinct from e.request_id or m.reason is not null
               or m.branch_id is distinct from e.branch_id or ", another_time!("m.at"), ")");
    /// Movements of adjustments against their entries.
    ADJUSTMENTS: "services" = concat!("
        select format('movement %s of adjustment %s: from %s to %s by %s (%s), entry %s tells from %s to %s by %s (%s)',
                      m.id, m.document_id, m.balance - m.quantity, m.balance, m.actor,
                      concat(m.reason, ', undoing movement ' || m.reverses_id), e.id,
                      e.details #>> '{quantity,from}', e.details #>> '{quantity,to}', e.actor,
                      concat(e.details ->> 'reason', ', undoing movement ' || (e.details ->> 'undoes')))
        from services_stock_movements m
        join services_audit_logs e
          on e.entity_type = 'stock' and e.action = 'stock.adjusted' and e.details ->> 'adjustment' = m.document_id::text
        where m.document_type = 'adjustment'
          and (to_jsonb(m.balance) is distinct from e.details #> '{quantity,to}'
               or to_jsonb(m.balance - m.quantity) is distinct from e.details #> '{quantity,from}'
               or m.actor <> e.actor or m.actor_user_id is distinct from e.actor_user_id
               or m.request_id is distinct from e.request_id or m.reason is distinct from e.details ->> 'reason'
               or to_jsonb(m.reverses_id) is distinct from e.details -> 'undoes'
               or e.entity_id <> m.branch_id || ':' || m.item_id or m.branch_id is distinct from e.branch_id
               or ", another_time!("m.at"), ")");
    /// Movements of documents that there are none of.
    KINDS: "services" = "
        select format('movement %s: %s of %s %s', id, kind, document_type, document_id)
        from services_stock_movements
        where (kind, document_type) not in (('fulfilment', 'order'), ('adjustment', 'adjustment'))";
    /// Branches against their newest entries. What an entry tells and the table has no column for is left alone.
    BRANCHES: "services" = "
        select format('branch %s: entry %s tells another %s', b.id, e.id, t.key)
        from (
            select distinct on (entity_id) entity_id, id, details -> 'to' as said
            from services_audit_logs
            where entity_type = 'branch' and action in ('branch.created', 'branch.updated')
            order by entity_id, id desc) e
        join services_branches b on b.id::text = e.entity_id
        cross join lateral jsonb_each(case jsonb_typeof(e.said) when 'object' then e.said end) t
        where to_jsonb(b) ? t.key and t.key not in ('created_at', 'updated_at') and to_jsonb(b) -> t.key <> t.value";
    /// Items against their newest entries, likewise.
    ITEMS: "services" = "
        select format('item %s: entry %s tells another %s', i.id, e.id, t.key)
        from (
            select distinct on (entity_id) entity_id, id, details -> 'to' as said
            from services_audit_logs
            where entity_type = 'item' and action in ('item.created', 'item.updated')
            order by entity_id, id desc) e
        join services_items i on i.id::text = e.entity_id
        cross join lateral jsonb_each(case jsonb_typeof(e.said) when 'object' then e.said end) t
        where to_jsonb(i) ? t.key and t.key not in ('created_at', 'updated_at') and to_jsonb(i) -> t.key <> t.value";
    /// What was made and never deleted, and is not there.
    REMOVED: "services" = "
        select format('%s %s was removed without an entry', e.entity_type, e.entity_id)
        from services_audit_logs e
        left join services_orders o on e.entity_type = 'order' and o.id::text = e.entity_id
        left join services_branches b on e.entity_type = 'branch' and b.id::text = e.entity_id
        left join services_items i on e.entity_type = 'item' and i.id::text = e.entity_id
        where e.action in ('order.created', 'branch.created', 'item.created')
          and coalesce(o.id, b.id, i.id) is null
          and not exists (
            select from services_audit_logs d
            where d.entity_type = e.entity_type and d.entity_id = e.entity_id and d.action = e.entity_type || '.deleted')";
    /// The company's policies last seen in force, against the newest entry of them.
    POLICIES: "services" = "
        select format('policies %s, entry %s tells %s', s.sha256, e.id, e.entity_id)
        from services_policy_sets s
        left join lateral (
            select id, entity_id, details -> 'to' as files
            from services_audit_logs
            where action = 'policy.changed'
            order by at desc, id desc
            limit 1) e on true
        where case when e.id is not null then s.sha256 <> e.entity_id or s.files <> e.files
                   else s.files <> '[]' and not exists (select from services_audit_archives) end";
    /// Daily totals against the ledger, as far as they have come.
    DAYS: "services" = "
        select format('branch %s on %s: in %s, out %s in %s movements; the ledger has %s, %s in %s',
                      coalesce(d.branch_id, m.branch_id), coalesce(d.day, m.day), d.units_in, d.units_out, d.movements,
                      m.units_in, m.units_out, m.movements)
        from services_daily_totals d
        full join (
            select m.branch_id, (m.at at time zone t.timezone)::date as day, count(*) as movements,
                   coalesce(sum(m.quantity) filter (where m.quantity > 0), 0) as units_in,
                   coalesce(-sum(m.quantity) filter (where m.quantity < 0), 0) as units_out
            from services_stock_movements m
            join (select branch_id, services_zone(timezone) as timezone from services_branch_totals offset 0) t
              on t.branch_id = m.branch_id
            where m.id <= (select movement_id from services_totals_state)
            group by 1, 2) m
          on m.branch_id = d.branch_id and m.day = d.day
        where (d.units_in, d.units_out, d.movements) is distinct from (m.units_in, m.units_out, m.movements)";
}

/// What must hold.
pub(crate) const INVARIANTS: &[Invariant] = &[
    Invariant::new("every order is as its entries tell", &ORDERS),
    Invariant::new("every changed draft is as its newest entry tells", &CHANGED_ORDERS),
    Invariant::new("the lines of every order are as its entries tell", &LINES),
    Invariant::new("every fulfilment moved stock as its entry tells", &FULFILMENTS),
    Invariant::new("every adjustment moved stock as its entry tells", &ADJUSTMENTS),
    Invariant::new("every movement is of a document", &KINDS),
    Invariant::new("every branch is as its newest entry tells", &BRANCHES),
    Invariant::new("every item is as its newest entry tells", &ITEMS),
    Invariant::new("nothing was removed without an entry", &REMOVED),
    Invariant::new("the policies last seen are those that the newest entry tells", &POLICIES),
    Invariant::new("the totals of days are what the ledger adds up to", &DAYS),
];

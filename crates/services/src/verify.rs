//! `verify`: does everything that must hold after every commit hold?

use platform::pg::{Database, EXAMPLES, Invariant, PgError, check_all};
use platform::statement;

pub use platform::pg::Finding;

use crate::branches::unknown_zones;
use crate::migrations::SCHEMA;
use crate::told;

const INVARIANTS: &[Invariant] = &[
    Invariant::new("quantity is the sum of its movements", &QUANTITY_IS_SUM),
    Invariant::new("quantity is the balance of the last movement", &QUANTITY_IS_LAST_BALANCE),
    Invariant::new("every balance follows from the one before", &BALANCES_FOLLOW),
    Invariant::new("movements never go back in time", &TIME_NEVER_GOES_BACK),
    Invariant::new("reserved is the sum over submitted orders", &RESERVED_IS_SUM),
    Invariant::new("nothing is below zero without an override", &BELOW_ZERO),
    Invariant::new("lists miss no level below its item's minimum", &MINIMUMS_ARE_KNOWN),
    Invariant::new("every fulfilled order moved each of its lines exactly once", &FULFILLED_ONCE),
    Invariant::new("no other order moved anything", &ONLY_FULFILLED_MOVED),
    Invariant::new("every line belongs to its order's branch and every order has lines", &LINES),
    Invariant::new("every change of an order has one audit entry", &ORDERS_AUDITED),
    Invariant::new("every change of a branch has one audit entry", &BRANCHES_AUDITED),
    Invariant::new("every change of an item has one audit entry", &ITEMS_AUDITED),
    Invariant::new("every adjustment has one audit entry", &ADJUSTMENTS_AUDITED),
    Invariant::new("every item is found by its text and its codes", &ITEM_CODES),
    Invariant::note(
        "codes that mean two items: a scan finds the one that spells it so; change the other",
        &TWINS,
    ),
    Invariant::new("every undo takes back one adjustment of its level, as much of it", &UNDONE_ONCE),
];

/// Whether the first entries of an entity may be in an archive: entries go there from the oldest on, so none is missing
/// of one whose first is in the table.
macro_rules! archived {
    () => {
        "not coalesce(a.whole, false) and exists (select from services_audit_archives)"
    };
}

/// What the ledger says is on hand, by level.
macro_rules! ledger_sums {
    () => {
        "(
            select branch_id, item_id, sum(quantity) as total
            from services_stock_movements
            group by branch_id, item_id)"
    };
}

/// What submitted orders ask for, by level.
macro_rules! promised_sums {
    () => {
        "(
            select l.branch_id, l.item_id, sum(l.requested_qty) as total
            from services_orders o
            join services_order_lines l on l.order_id = o.id and l.branch_id = o.branch_id
            where o.status = 'submitted'
            group by l.branch_id, l.item_id)"
    };
}

/// Which levels `s` of items `i` know a minimum, or are below it, wrongly: the worker would never look at them again.
macro_rules! knows_wrongly {
    () => {
        "(s.below is distinct from (s.quantity < s.minimum)
          or (s.minimum <> i.min_stock_level and not i.minimum_due))"
    };
}

pub(crate) use {knows_wrongly, ledger_sums, promised_sums};

statement! {
    QUANTITY_IS_SUM: "services" = concat!("
        select format('branch %s item %s: quantity %s, movements sum up to %s',
                      coalesce(s.branch_id, m.branch_id), coalesce(s.item_id, m.item_id), s.quantity, coalesce(m.total, 0))
        from services_stock s
        full join ", ledger_sums!(), " m
          on m.branch_id = s.branch_id and m.item_id = s.item_id
        where s.quantity is distinct from coalesce(m.total, 0)");
    QUANTITY_IS_LAST_BALANCE: "services" = "
        select format('branch %s item %s: quantity %s, last balance %s',
                      s.branch_id, s.item_id, s.quantity, coalesce(m.balance, 0))
        from services_stock s
        left join (
            select distinct on (branch_id, item_id) branch_id, item_id, balance
            from services_stock_movements
            order by branch_id, item_id, id desc) m
          on m.branch_id = s.branch_id and m.item_id = s.item_id
        where s.quantity <> coalesce(m.balance, 0)";
    BALANCES_FOLLOW: "services" = "
        select format('movement %s: %s and %s do not make %s', m.id, m.before, m.quantity, m.balance)
        from (
            select id, quantity, balance,
                   lag(balance, 1, 0) over (partition by branch_id, item_id order by id) as before
            from services_stock_movements) m
        where m.before + m.quantity <> m.balance";
    TIME_NEVER_GOES_BACK: "services" = "
        select format('movement %s at %s comes after one at %s', m.id, m.at, m.before)
        from (
            select id, at, lag(at) over (partition by branch_id, item_id order by id) as before
            from services_stock_movements) m
        where m.at < m.before";
    RESERVED_IS_SUM: "services" = concat!("
        select format('branch %s item %s: reserved %s, submitted orders ask for %s',
                      coalesce(s.branch_id, l.branch_id), coalesce(s.item_id, l.item_id),
                      coalesce(s.reserved, 0), coalesce(l.total, 0))
        from services_stock s
        full join ", promised_sums!(), " l
          on l.branch_id = s.branch_id and l.item_id = s.item_id
        where coalesce(s.reserved, 0) <> coalesce(l.total, 0)");
    BELOW_ZERO: "services" = "
        select format('branch %s item %s: %s', branch_id, item_id, quantity)
        from services_stock
        where (quantity < 0 and not overdrawn) or reserved < 0";
    MINIMUMS_ARE_KNOWN: "services" = concat!("
        select format('branch %s item %s: quantity %s, minimum %s, its level knows %s',
                      s.branch_id, s.item_id, s.quantity, i.min_stock_level, s.minimum)
        from services_stock s
        join services_items i on i.id = s.item_id
        where ", knows_wrongly!());
    FULFILLED_ONCE: "services" = "
        select format('order %s item %s: asked for %s, moved %s in %s movements',
                      l.order_id, l.item_id, l.requested_qty, coalesce(m.total, 0), coalesce(m.n, 0))
        from services_orders o
        join services_order_lines l on l.order_id = o.id and l.branch_id = o.branch_id
        left join (
            select document_id, branch_id, item_id, sum(quantity) as total, count(*) as n
            from services_stock_movements
            where document_type = 'order'
            group by document_id, branch_id, item_id) m
          on m.document_id = o.id and m.branch_id = o.branch_id and m.item_id = l.item_id
        where o.status = 'fulfilled'
          and (coalesce(m.n, 0) <> 1 or m.total <> -l.requested_qty)";
    ONLY_FULFILLED_MOVED: "services" = "
        select format('movement %s of order %s', m.id, m.document_id)
        from services_stock_movements m
        where m.document_type = 'order'
          and not exists (
            select from services_orders o
            join services_order_lines l on l.order_id = o.id and l.branch_id = o.branch_id
            where o.id = m.document_id and o.status = 'fulfilled'
              and l.branch_id = m.branch_id and l.item_id = m.item_id)";
    LINES: "services" = "
        select format('order %s', o.id)
        from services_orders o
        where not exists (
            select from services_order_lines l where l.order_id = o.id and l.branch_id = o.branch_id)";
    ORDERS_AUDITED: "services" = concat!("
        select format('order %s: version %s and %s steps, found %s entries and %s steps',
                      o.id, o.version, o.steps, coalesce(a.entries, 0), coalesce(a.steps, 0))
        from (
            select id, version, 1 + (submitted_at is not null)::int + (fulfilled_at is not null)::int
                     + (cancelled_at is not null)::int as steps
            from services_orders) o
        left join (
            select entity_id, count(*) as entries,
                   count(distinct action) filter (where action <> 'order.updated') as steps,
                   bool_or(action = 'order.created') as whole
            from services_audit_logs
            where entity_type = 'order'
            group by entity_id) a
          on a.entity_id = o.id::text
        where (coalesce(a.entries, 0) <> o.version or a.steps <> o.steps)
          and not (", archived!(), " and coalesce(a.entries, 0) < o.version and coalesce(a.steps, 0) <= o.steps)");
    BRANCHES_AUDITED: "services" = concat!("
        select format('branch %s: version %s, %s entries', b.id, b.version, coalesce(a.entries, 0))
        from services_branches b
        left join (
            select entity_id, count(*) as entries, bool_or(action = 'branch.created') as whole
            from services_audit_logs
            where entity_type = 'branch'
            group by entity_id) a
          on a.entity_id = b.id::text
        where coalesce(a.entries, 0) <> b.version
          and not (", archived!(), " and coalesce(a.entries, 0) < b.version)");
    ITEMS_AUDITED: "services" = concat!("
        select format('item %s: version %s, %s entries', i.id, i.version, coalesce(a.entries, 0))
        from services_items i
        left join (
            select entity_id, count(*) as entries, bool_or(action = 'item.created') as whole
            from services_audit_logs
            where entity_type = 'item'
            group by entity_id) a
          on a.entity_id = i.id::text
        where coalesce(a.entries, 0) <> i.version
          and not (", archived!(), " and coalesce(a.entries, 0) < i.version)");
    UNDONE_ONCE: "services" = "
        select format('movement %s of %s undoes movement %s of %s', r.id, r.quantity, r.reverses_id, m.quantity)
        from (
            select id, branch_id, item_id, kind, quantity, reverses_id,
                   row_number() over (partition by reverses_id order by id) as n
            from services_stock_movements
            where reverses_id is not null) r
        left join services_stock_movements m
          on m.branch_id = r.branch_id and m.item_id = r.item_id and m.id = r.reverses_id
        where r.n > 1 or m.id is null or m.id >= r.id or m.quantity <> -r.quantity
           or (m.kind, r.kind) <> ('adjustment', 'adjustment')";
    ITEM_CODES: "services" = "
        select format('item %s: %s has the codes %s', i.id, i.sku, coalesce(c.codes, '{}'))
        from services_items i
        left join (
            select item_id, array_agg(code order by code) as codes
            from services_item_codes
            group by item_id) c
          on c.item_id = i.id
        where c.codes is distinct from array(
                select distinct w.code
                from (values (services_code(i.sku)), (services_code(i.barcode))) w(code)
                where w.code is not null
                order by w.code)
           or i.folded is distinct from services_fold(i.sku || E'\\n' || i.name || E'\\n' || coalesce(i.barcode, ''))
        union all
        select format('code %s: of item %s, which there is not', c.code, c.item_id)
        from services_item_codes c
        where not exists (select from services_items i where i.id = c.item_id)";
    /// Items that a code means beside another one.
    TWINS: "services" = "
        select format('item %s and item %s: %s', f.item_id, t.item_id, t.code)
        from services_item_codes t
        join services_item_codes f on f.code = t.code and f.twin = 0
        where t.twin <> 0
        order by t.code, t.item_id";
    ADJUSTMENTS_AUDITED: "services" = "
        select format('adjustment %s: %s movements, %s entries',
                      coalesce(m.document_id::text, a.adjustment), coalesce(m.n, 0), coalesce(a.n, 0))
        from (
            select document_id, count(*) as n, min(at) as at
            from services_stock_movements
            where document_type = 'adjustment'
            group by document_id) m
        full join (
            select details ->> 'adjustment' as adjustment, count(*) as n
            from services_audit_logs
            where entity_type = 'stock' and action = 'stock.adjusted'
            group by details ->> 'adjustment') a
          on a.adjustment = m.document_id::text
        where (coalesce(m.n, 0) <> 1 or coalesce(a.n, 0) <> 1)
          and not (coalesce(m.n, 0) = 1 and a.n is null
                   and exists (select from services_audit_archives r where r.at > m.at))";
}

/// Whether the zones of all branches are known: what the database alone cannot tell.
async fn zones_are_known(database: &Database) -> Result<Finding, PgError> {
    let unknown = unknown_zones(&*database.get().await?).await?;
    let examples = unknown.iter().take(EXAMPLES).map(|(branch, zone)| format!("branch {branch}: {zone}"));
    Ok(Finding {
        invariant: "every branch's time zone is known to the program and to the database; others count as UTC",
        violations: unknown.len(),
        examples: examples.collect(),
        note: false,
    })
}

/// Checks every invariant in one snapshot of the database, so that running services do not disturb it, and that the
/// schema is the one that the migrations make.
///
/// # Errors
/// When the database cannot be read.
pub async fn verify(database: &Database) -> Result<Vec<Finding>, PgError> {
    let mut findings = SCHEMA.check(database).await?;
    let all: Vec<&Invariant> = INVARIANTS.iter().chain(told::INVARIANTS).collect();
    findings.extend(check_all(database, &all).await?);
    findings.push(zones_are_known(database).await?);
    Ok(findings)
}

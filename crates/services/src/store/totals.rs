//! The totals that reports are made of, and how they are kept: `services_totals_state`, `services_branch_totals`,
//! `services_daily_totals`, `services_turnover`, `services_lowest`.

use jiff::Timestamp;
use platform::pg::{PgError, Queries};
use platform::statement;

/// How many of its lowest items are kept of each branch.
const LOWEST: i64 = 30;

/// The day of a movement `m` by its branch's totals `t`.
macro_rules! day {
    () => {
        "(m.at at time zone t.timezone)::date"
    };
}

/// What left with orders on each day's distance, as columns.
macro_rules! windows {
    () => {
        "coalesce(sum(-m.quantity) filter (where m.day = m.today), 0),
         coalesce(sum(-m.quantity) filter (where m.day between m.today - 6 and m.today - 1), 0),
         coalesce(sum(-m.quantity) filter (where m.day between m.today - 29 and m.today - 1), 0),
         coalesce(sum(-m.quantity) filter (where m.day between m.today - 89 and m.today - 1), 0)"
    };
}

statement! {
    /// The last movement's number that any transaction has taken so far.
    LAST_MOVEMENT: "services" = "
        select case when is_called then last_value else 0 end from services_stock_movements_id_seq";
    /// Marks a movement: every transaction that may have taken its number or one before has a lower number than this one.
    MARK: "services" = "
        update services_totals_state
        set marked_id = $1, marked_transaction = pg_current_xact_id()::text::bigint, marked_at = clock_timestamp()
        returning marked_transaction";
    /// The number of the oldest transaction that runs; every one before it has ended.
    OLDEST_TRANSACTION: "services" = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint";
    /// The last movement that the totals hold, and whether there is something else to do.
    STATE: "services" = "
        select s.movement_id, exists (
            select from (select b.id, services_zone(b.timezone) as zone from services_branches b offset 0) b
            left join services_branch_totals t on t.branch_id = b.id
            where t.day is null or t.timezone <> b.zone
               or t.day <> (clock_timestamp() at time zone b.zone)::date)
        from services_totals_state s";
    /// How far the totals have come and what is marked, locked, unless another keeps them right now. A mark with a number
    /// that no transaction here has had yet came along from another server, of which this is a copy, and says nothing.
    LOCK_STATE: "services" = "
        select movement_id,
               case when marked_transaction < pg_snapshot_xmax(pg_current_snapshot())::text::bigint then marked_id end,
               marked_transaction
        from services_totals_state
        for update skip locked";
    /// Notes how far they have come.
    ADVANCE: "services" = "update services_totals_state set movement_id = $1";
    /// Notes that they have come as far as was marked.
    COMPLETE: "services" = "
        update services_totals_state
        set movement_id = $1, as_of = marked_at, marked_id = null, marked_transaction = null, marked_at = null";
    /// Branches that have no totals yet get some. Totals have zones that the server knows alone: what it does not know
    /// counts as UTC, so that one branch stops no other's totals.
    ADD_BRANCHES: "services" = "
        insert into services_branch_totals (branch_id, timezone)
        select b.id, services_zone(b.timezone)
        from services_branches b
        where not exists (select from services_branch_totals t where t.branch_id = b.id)";
    /// Branches that have another time zone by now.
    MOVED_BRANCHES: "services" = "
        update services_branch_totals t
        set timezone = b.zone, day = null
        from (select b.id, services_zone(b.timezone) as zone from services_branches b offset 0) b
        where b.id = t.branch_id and b.zone <> t.timezone
        returning t.branch_id";
    /// Forgets the days of branches.
    DELETE_DAYS: "services" = "delete from services_daily_totals where branch_id = any($1)";
    /// Makes the days of branches anew, up to a movement.
    REMAKE_DAYS: "services" = concat!("
        insert into services_daily_totals (branch_id, day, orders, units_in, units_out, movements)
        select m.branch_id, ", day!(), ", count(distinct m.document_id) filter (where m.kind = 'fulfilment'),
               coalesce(sum(m.quantity) filter (where m.quantity > 0), 0),
               coalesce(-sum(m.quantity) filter (where m.quantity < 0), 0), count(*)
        from services_stock_movements m
        join services_branch_totals t on t.branch_id = m.branch_id
        where m.branch_id = any($1) and m.id <= $2
        group by 1, 2");
    /// Adds the movements after one up to another to the days and to what left today. An order whose movements are cut in
    /// two was counted with the first part. What is of a day before today goes into windows that have to be made anew.
    ADD_MOVEMENTS: "services" = concat!("
        with moved as materialized (
            select m.branch_id, m.item_id, ", day!(), " as day, t.day as today, m.kind, m.quantity, m.document_id
            from services_stock_movements m
            join services_branch_totals t on t.branch_id = m.branch_id
            where m.id > $1 and m.id <= $2),
        counted as (
            select distinct m.document_id
            from moved m
            where m.kind = 'fulfilment' and exists (
                select from services_stock_movements e
                where e.document_type = 'order' and e.document_id = m.document_id and e.kind = 'fulfilment'
                  and e.id <= $1)),
        days as (
            insert into services_daily_totals as d (branch_id, day, orders, units_in, units_out, movements)
            select m.branch_id, m.day,
                   count(distinct m.document_id) filter (
                       where m.kind = 'fulfilment' and m.document_id not in (select c.document_id from counted c)),
                   coalesce(sum(m.quantity) filter (where m.quantity > 0), 0),
                   coalesce(-sum(m.quantity) filter (where m.quantity < 0), 0), count(*)
            from moved m
            group by m.branch_id, m.day
            order by m.branch_id, m.day
            on conflict (branch_id, day) do update
            set orders = d.orders + excluded.orders, units_in = d.units_in + excluded.units_in,
                units_out = d.units_out + excluded.units_out, movements = d.movements + excluded.movements),
        today as (
            insert into services_turnover as o (branch_id, item_id, today, days_7, days_30, days_90)
            select coalesce(m.branch_id, 0), m.item_id, sum(-m.quantity), 0, 0, 0
            from moved m
            where m.kind = 'fulfilment' and m.day = m.today
            group by grouping sets ((m.branch_id, m.item_id), (m.item_id))
            on conflict (branch_id, item_id) do update set today = o.today + excluded.today)
        update services_branch_totals t
        set day = null
        from (select distinct m.branch_id from moved m where m.kind = 'fulfilment' and m.day < m.today) m
        where t.branch_id = m.branch_id");
    /// Branches where today is another day by now.
    END_DAYS: "services" = "
        update services_branch_totals t
        set day = null
        where t.day <> (clock_timestamp() at time zone t.timezone)::date";
    /// Branches whose windows are to be made anew begin their day.
    BEGIN_DAYS: "services" = "
        update services_branch_totals t
        set day = (clock_timestamp() at time zone t.timezone)::date
        where t.day is null
        returning t.branch_id";
    /// Forgets what left branches.
    DELETE_TURNOVER: "services" = "delete from services_turnover where branch_id = any($1)";
    /// Makes anew what left branches lately, up to a movement.
    REMAKE_TURNOVER: "services" = concat!("
        insert into services_turnover (branch_id, item_id, today, days_7, days_30, days_90)
        select m.branch_id, m.item_id, ", windows!(), "
        from (
            select m.branch_id, m.item_id, ", day!(), " as day, t.day as today, m.quantity
            from services_branch_totals t
            join services_stock_movements m on m.branch_id = t.branch_id and m.kind = 'fulfilment'
             and m.at >= (t.day - 89)::timestamp at time zone t.timezone
             and m.at < (t.day + 1)::timestamp at time zone t.timezone
            where t.branch_id = any($1) and m.id <= $2) m
        group by m.branch_id, m.item_id");
    /// Makes anew what left all branches together.
    REMAKE_ALL: "services" = "
        insert into services_turnover (branch_id, item_id, today, days_7, days_30, days_90)
        select 0, o.item_id, sum(o.today), sum(o.days_7), sum(o.days_30), sum(o.days_90)
        from services_turnover o
        where o.branch_id > 0
        group by o.item_id";
    /// When the levels were last counted, locked, unless another counts them right now.
    LOCK_COUNT: "services" = "
        select counted_at, clock_timestamp() from services_totals_state for update skip locked";
    /// Counts levels and cancelled orders.
    COUNT: "services" = "
        with counted as materialized (
            select s.branch_id, count(*) as levels, sum(s.quantity) as quantity, sum(s.reserved) as reserved,
                   count(*) filter (where s.quantity < i.min_stock_level) as below_min
            from services_stock s
            join services_items i on i.id = s.item_id
            group by s.branch_id),
        cancelled as materialized (
            select o.branch_id, count(*) as n from services_orders o where o.status = 'cancelled' group by o.branch_id),
        now as (
            select t.branch_id, coalesce(c.levels, 0) as levels, coalesce(c.quantity, 0) as quantity,
                   coalesce(c.reserved, 0) as reserved, coalesce(c.below_min, 0) as below_min,
                   coalesce(o.n, 0) as cancelled
            from services_branch_totals t
            left join counted c on c.branch_id = t.branch_id
            left join cancelled o on o.branch_id = t.branch_id)
        update services_branch_totals t
        set levels = n.levels, quantity = n.quantity, reserved = n.reserved, below_min = n.below_min,
            cancelled = n.cancelled
        from now n
        where n.branch_id = t.branch_id
          and (t.levels, t.quantity, t.reserved, t.below_min, t.cancelled)
              is distinct from (n.levels, n.quantity, n.reserved, n.below_min, n.cancelled)";
    /// Finds the lowest items of each branch.
    LOWEST_ITEMS: "services" = "
        with fresh as materialized (
            select f.branch_id, f.item_id, f.share
            from (
                select s.branch_id, s.item_id, (s.quantity / i.min_stock_level)::float8 as share,
                       row_number() over (
                           partition by s.branch_id order by s.quantity / i.min_stock_level, s.item_id) as n
                from services_stock s
                join services_items i on i.id = s.item_id
                where s.quantity < i.min_stock_level and i.min_stock_level > 0) f
            where f.n <= $1),
        gone as (
            delete from services_lowest l
            where not exists (
                select from fresh f where f.branch_id = l.branch_id and f.item_id = l.item_id))
        insert into services_lowest as l (branch_id, item_id, share)
        select f.branch_id, f.item_id, f.share
        from fresh f
        on conflict (branch_id, item_id) do update set share = excluded.share where l.share <> excluded.share";
    /// Notes when the levels were counted.
    COUNTED: "services" = "update services_totals_state set counted_at = $1";
    /// The totals hold nothing.
    FORGET_STATE: "services" = "
        update services_totals_state
        set movement_id = 0, as_of = null, marked_id = null, marked_transaction = null, marked_at = null";
    /// Forgets what moved.
    FORGET: "services" = "
        with days as (delete from services_daily_totals),
        turnover as (delete from services_turnover)
        update services_branch_totals set day = null";
}

/// The last movement's number that any transaction has taken so far.
pub(crate) async fn last_movement(conn: &Queries) -> Result<i64, PgError> {
    Ok(conn.query_one(&LAST_MOVEMENT, &[]).await?.get(0))
}

/// A movement up to which all can be added, once the transactions before one have ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    pub movement: i64,
    pub transaction: i64,
}

/// Marks a movement; the transaction that marks is the one to wait for.
pub(crate) async fn mark(conn: &Queries, movement: i64) -> Result<Mark, PgError> {
    let row = conn.query_one(&MARK, &[&movement]).await?;
    Ok(Mark { movement, transaction: row.get(0) })
}

/// The number of the oldest transaction that runs.
pub(crate) async fn oldest_transaction(conn: &Queries) -> Result<i64, PgError> {
    Ok(conn.query_one(&OLDEST_TRANSACTION, &[]).await?.get(0))
}

/// The last movement that the totals hold, and whether a branch is new, has another time zone or another day, or is to
/// have its turnover made anew.
pub(crate) async fn state(conn: &Queries) -> Result<(i64, bool), PgError> {
    let row = conn.query_one(&STATE, &[]).await?;
    Ok((row.get(0), row.get(1)))
}

/// The last movement that the totals hold and what is marked, locked; none while another keeps them.
pub(crate) async fn lock_state(conn: &Queries) -> Result<Option<(i64, Option<Mark>)>, PgError> {
    let Some(row) = conn.query_opt(&LOCK_STATE, &[]).await? else { return Ok(None) };
    let marked: Option<i64> = row.get(1);
    Ok(Some((row.get(0), marked.map(|movement| Mark { movement, transaction: row.get(2) }))))
}

/// Brings the totals of days and of today from one movement to another, the branches' time zones first.
pub(crate) async fn add(conn: &Queries, from: i64, to: i64) -> Result<(), PgError> {
    conn.execute(&ADD_BRANCHES, &[]).await?;
    let moved: Vec<i64> = conn.query(&MOVED_BRANCHES, &[]).await?.iter().map(|row| row.get(0)).collect();
    if !moved.is_empty() {
        conn.execute(&DELETE_DAYS, &[&moved]).await?;
        conn.execute(&REMAKE_DAYS, &[&moved, &from]).await?;
    }
    conn.execute(&END_DAYS, &[]).await?;
    if from < to {
        conn.execute(&ADD_MOVEMENTS, &[&from, &to]).await?;
    }
    Ok(())
}

/// Makes anew, up to a movement, what left the branches whose day is over or whose past has changed.
pub(crate) async fn remake_turnover(conn: &Queries, to: i64) -> Result<(), PgError> {
    let mut branches: Vec<i64> = conn.query(&BEGIN_DAYS, &[]).await?.iter().map(|row| row.get(0)).collect();
    if branches.is_empty() {
        return Ok(());
    }
    branches.push(0);
    conn.execute(&DELETE_TURNOVER, &[&branches]).await?;
    conn.execute(&REMAKE_TURNOVER, &[&branches, &to]).await?;
    conn.execute(&REMAKE_ALL, &[]).await?;
    Ok(())
}

/// Notes how far the totals have come.
pub(crate) async fn advance(conn: &Queries, to: i64) -> Result<(), PgError> {
    conn.execute(&ADVANCE, &[&to]).await.map(drop)
}

/// Notes that the totals have come as far as was marked.
pub(crate) async fn complete(conn: &Queries, to: i64) -> Result<(), PgError> {
    conn.execute(&COMPLETE, &[&to]).await.map(drop)
}

/// When the levels were last counted, and the time, locked; none while another counts them.
pub(crate) async fn lock_count(conn: &Queries) -> Result<Option<(Option<Timestamp>, Timestamp)>, PgError> {
    Ok(conn.query_opt(&LOCK_COUNT, &[]).await?.map(|row| (row.get(0), row.get(1))))
}

/// Counts the levels and the cancelled orders of every branch.
pub(crate) async fn count(conn: &Queries, at: Timestamp) -> Result<(), PgError> {
    conn.execute(&ADD_BRANCHES, &[]).await?;
    conn.execute(&COUNT, &[]).await?;
    conn.execute(&LOWEST_ITEMS, &[&LOWEST]).await?;
    conn.execute(&COUNTED, &[&at]).await.map(drop)
}

/// Forgets the totals, so that they are made anew.
pub(crate) async fn forget(conn: &Queries) -> Result<(), PgError> {
    // First of all, so that it waits for a keeper that is at it.
    conn.execute(&FORGET_STATE, &[]).await?;
    conn.execute(&FORGET, &[]).await.map(drop)
}

//! Reports: read from the totals that the worker keeps, from open orders and from the ledger's index.

use contract::{
    DayCounts, DayOut, HeatBranchOut, HeatBy, HeatCellOut, HeatItemOut, HistoryDayOut, MoverOut, OrderCounts,
    OverviewOut,
};
use jiff::Timestamp;
use platform::pg::{PgError, Queries, Row};
use platform::statement;

use super::Num;

/// The most branches and items of a heat map.
const MOST_BRANCHES: i64 = 20;
const MOST_ITEMS: i64 = 30;

/// A sum as a quantity can be: no sum of a believable company is more.
macro_rules! total {
    ($sum:literal) => {
        concat!("least(coalesce(", $sum, ", 0), 999999999999.999)::numeric(15,3)")
    };
}

/// What day it is at the branches: `branch_id` and `today`. A zone that the server does not know counts as UTC.
macro_rules! todays {
    () => {
        "(
            select t.branch_id, (clock_timestamp() at time zone services_zone(t.timezone))::date as today
            from services_branch_totals t
            where $1::bigint[] is null or t.branch_id = any($1)
            offset 0)"
    };
}

/// The latest day of the branches, for series of days.
macro_rules! latest_day {
    () => {
        "(
            select coalesce(max((clock_timestamp() at time zone services_zone(b.timezone))::date), current_date) as today
            from services_branches b
            where $1::bigint[] is null or b.id = any($1))"
    };
}

/// What left in so many days, `$2`, of the turnover `o`.
macro_rules! turnover {
    () => {
        "case $2::int when 1 then o.today when 7 then o.today + o.days_7 when 30 then o.today + o.days_30
                      else o.today + o.days_90 end"
    };
}

statement! {
    /// As of when the totals are, and when the levels were counted. Where no number was taken for a movement since, they
    /// are as of now.
    STATE: "services" = "
        select case when s.movement_id = (
                   select case when q.is_called then q.last_value else 0 end from services_stock_movements_id_seq q)
               then case when s.as_of is not null then clock_timestamp() end else s.as_of end,
               s.counted_at
        from services_totals_state s";
    /// What each branch has, as counted last, together.
    OVERVIEW: "services" = concat!("
        select coalesce(sum(t.levels), 0)::bigint, ", total!("sum(t.quantity)"), ", ", total!("sum(t.reserved)"), ",
               coalesce(sum(t.below_min), 0)::bigint, coalesce(sum(t.cancelled), 0)::bigint
        from services_branch_totals t
        where $1::bigint[] is null or t.branch_id = any($1)");
    /// How many orders are open now.
    OPEN_ORDERS: "services" = "
        select count(*) filter (where o.status = 'draft'), count(*) filter (where o.status = 'submitted')
        from services_orders o
        where o.status in ('draft', 'submitted') and ($1::bigint[] is null or o.branch_id = any($1))";
    /// How many orders were ever fulfilled, and what moved today.
    TODAY: "services" = concat!("
        select coalesce(sum(d.orders), 0)::bigint,
               coalesce(sum(d.orders) filter (where is_today), 0)::bigint,
               ", total!("sum(d.units_in) filter (where is_today)"), ",
               ", total!("sum(d.units_out) filter (where is_today)"), ",
               coalesce(sum(d.movements) filter (where is_today), 0)::bigint
        from services_daily_totals d
        join ", todays!(), " t on t.branch_id = d.branch_id
        cross join lateral (select d.day = t.today as is_today) today");
    /// What moved on each of the last days.
    DAILY: "services" = concat!("
        select g.day::date, coalesce(sum(d.orders), 0)::bigint, ", total!("sum(d.units_in)"), ",
               ", total!("sum(d.units_out)"), ", coalesce(sum(d.movements), 0)::bigint
        from ", latest_day!(), " t
        cross join generate_series(t.today - ($2::int - 1), t.today, interval '1 day') g(day)
        left join services_daily_totals d on d.day = g.day::date and ($1::bigint[] is null or d.branch_id = any($1))
        group by g.day
        order by g.day");
    /// The items that left the branches most.
    MOVERS: "services" = concat!("
        select m.item_id, i.sku, i.name, m.units, i.min_stock_level
        from (
            select o.item_id, ", total!("sum(turnover)"), " as units
            from services_turnover o
            cross join lateral (select ", turnover!(), " as turnover) t
            where o.branch_id = any($1::bigint[])
            group by o.item_id
            having sum(turnover) > 0
            order by units desc, o.item_id
            limit $3) m
        join services_items i on i.id = m.item_id
        order by m.units desc, m.item_id");
    /// The branches that most left in the last days.
    HEAT_BRANCHES_MOVED: "services" = concat!("
        select b.id, b.name
        from services_branches b
        join ", todays!(), " t on t.branch_id = b.id
        cross join lateral (
            select sum(d.units_out) as units
            from services_daily_totals d
            where d.branch_id = b.id and d.day > t.today - $2::int) d
        where d.units > 0
        order by d.units desc, b.id
        limit $3");
    /// The branches with most levels below the minimum.
    HEAT_BRANCHES_LOWEST: "services" = "
        select b.id, b.name
        from services_branches b
        join services_branch_totals t on t.branch_id = b.id
        where t.below_min > 0 and ($1::bigint[] is null or b.id = any($1))
        order by t.below_min desc, b.id
        limit $2";
    /// The items that are among the lowest of most of the branches.
    HEAT_ITEMS_LOWEST: "services" = "
        select i.id, i.sku, i.name, i.min_stock_level
        from (
            select l.item_id, count(*) as branches, sum(l.share) as shares
            from services_lowest l
            where l.branch_id = any($1)
            group by l.item_id
            order by branches desc, shares, l.item_id
            limit $2) l
        join services_items i on i.id = l.item_id
        order by l.branches desc, l.shares, i.id";
    /// What each of the branches has of each of the items, and how much of it left.
    HEAT_CELLS: "services" = concat!("
        select s.branch_id, s.item_id, s.quantity, coalesce(", turnover!(), ", 0)::numeric(15,3)
        from unnest($1::bigint[]) b(id)
        cross join unnest($3::bigint[]) i(id)
        join services_stock s on s.branch_id = b.id and s.item_id = i.id
        left join services_turnover o on o.branch_id = b.id and o.item_id = i.id
        order by s.branch_id, s.item_id");
    /// What was on hand of an item at the end of each of the last days: the balance of the last movement by then.
    HISTORY: "services" = concat!("
        select g.day::date, ", total!("sum(m.balance)"), "
        from ", latest_day!(), " t
        cross join generate_series(t.today - ($2::int - 1), t.today, interval '1 day') g(day)
        left join (
            services_stock s
            join (select b.id, services_zone(b.timezone) as zone from services_branches b offset 0) b
              on b.id = s.branch_id)
          on s.item_id = $3 and ($1::bigint[] is null or s.branch_id = any($1))
        left join lateral (
            select m.balance
            from services_stock_movements m
            where m.branch_id = s.branch_id and m.item_id = s.item_id
              and m.at < (g.day::date + 1)::timestamp at time zone b.zone
            order by m.at desc, m.id desc
            limit 1) m on true
        group by g.day
        order by g.day");
}

/// As of when the totals are, and when the levels were counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct State {
    pub as_of: Option<Timestamp>,
    pub counted_at: Option<Timestamp>,
}

pub(crate) async fn state(conn: &Queries) -> Result<State, PgError> {
    let row = conn.query_one(&STATE, &[]).await?;
    Ok(State { as_of: row.get(0), counted_at: row.get(1) })
}

fn counts(row: &Row, first: usize) -> DayCounts {
    DayCounts {
        orders: row.get(first),
        units_in: row.get::<_, Num>(first + 1).0,
        units_out: row.get::<_, Num>(first + 2).0,
        movements: row.get(first + 3),
    }
}

/// How things stand at these branches, or all.
pub(crate) async fn overview(conn: &Queries, only: Option<&[i64]>) -> Result<OverviewOut, PgError> {
    let State { as_of, counted_at } = state(conn).await?;
    let all = conn.query_one(&OVERVIEW, &[&only]).await?;
    let open = conn.query_anew(&OPEN_ORDERS, &[&only]).await?;
    let (draft, submitted) = open.first().map_or((0, 0), |row| (row.get(0), row.get(1)));
    let today = conn.query_one(&TODAY, &[&only]).await?;
    Ok(OverviewOut {
        as_of,
        counted_at,
        levels: all.get(0),
        quantity: all.get::<_, Num>(1).0,
        reserved: all.get::<_, Num>(2).0,
        below_min: all.get(3),
        orders: OrderCounts { draft, submitted, fulfilled: today.get(0), cancelled: all.get(4) },
        today: counts(&today, 1),
    })
}

/// What moved on each of the last days at these branches, or all.
pub(crate) async fn daily(conn: &Queries, only: Option<&[i64]>, days: i32) -> Result<Vec<DayOut>, PgError> {
    let rows = conn.query_anew(&DAILY, &[&only, &days]).await?;
    let out = |row: &Row| {
        let DayCounts { orders, units_in, units_out, movements } = counts(row, 1);
        DayOut { day: row.get(0), orders, units_in, units_out, movements }
    };
    Ok(rows.iter().map(out).collect())
}

/// Turnover has rows for all branches together: branch 0.
fn of_turnover(only: Option<&[i64]>) -> &[i64] {
    only.unwrap_or(&[0])
}

/// The items that left these branches most, or all of them, in so many days.
pub(crate) async fn movers(
    conn: &Queries,
    only: Option<&[i64]>,
    days: i32,
    limit: i64,
) -> Result<Vec<(MoverOut, HeatItemOut)>, PgError> {
    let rows = conn.query_anew(&MOVERS, &[&of_turnover(only), &days, &limit]).await?;
    let out = |row: &Row| {
        let (id, sku, name): (i64, String, String) = (row.get(0), row.get(1), row.get(2));
        let item =
            HeatItemOut { id, sku: sku.clone(), name: name.clone(), min_stock_level: row.get::<_, Num>(4).0 };
        (MoverOut { item_id: id, sku, item_name: name, units_out: row.get::<_, Num>(3).0 }, item)
    };
    Ok(rows.iter().map(out).collect())
}

/// The branches of a heat map.
pub(crate) async fn heat_branches(
    conn: &Queries,
    only: Option<&[i64]>,
    by: HeatBy,
    days: i32,
) -> Result<Vec<HeatBranchOut>, PgError> {
    let rows = match by {
        HeatBy::Moved => conn.query_anew(&HEAT_BRANCHES_MOVED, &[&only, &days, &MOST_BRANCHES]).await?,
        HeatBy::Lowest => conn.query_anew(&HEAT_BRANCHES_LOWEST, &[&only, &MOST_BRANCHES]).await?,
    };
    Ok(rows.iter().map(|row| HeatBranchOut { id: row.get(0), name: row.get(1) }).collect())
}

/// The items of a heat map of these branches: those that left most of all that are asked for, or those lowest at most.
pub(crate) async fn heat_items(
    conn: &Queries,
    only: Option<&[i64]>,
    branches: &[i64],
    by: HeatBy,
    days: i32,
) -> Result<Vec<HeatItemOut>, PgError> {
    if by == HeatBy::Moved {
        let movers = movers(conn, only, days, MOST_ITEMS).await?;
        return Ok(movers.into_iter().map(|(_, item)| item).collect());
    }
    let rows = conn.query_anew(&HEAT_ITEMS_LOWEST, &[&branches, &MOST_ITEMS]).await?;
    let out = |row: &Row| HeatItemOut {
        id: row.get(0),
        sku: row.get(1),
        name: row.get(2),
        min_stock_level: row.get::<_, Num>(3).0,
    };
    Ok(rows.iter().map(out).collect())
}

/// The cells of a heat map.
pub(crate) async fn heat_cells(
    conn: &Queries,
    branches: &[i64],
    items: &[i64],
    days: i32,
) -> Result<Vec<HeatCellOut>, PgError> {
    let rows = conn.query_anew(&HEAT_CELLS, &[&branches, &days, &items]).await?;
    let out = |row: &Row| HeatCellOut {
        branch_id: row.get(0),
        item_id: row.get(1),
        quantity: row.get::<_, Num>(2).0,
        units_out: row.get::<_, Num>(3).0,
    };
    Ok(rows.iter().map(out).collect())
}

/// What these branches, or all, had on hand of an item at the end of each of the last days.
pub(crate) async fn history(
    conn: &Queries,
    only: Option<&[i64]>,
    item: i64,
    days: i32,
) -> Result<Vec<HistoryDayOut>, PgError> {
    let rows = conn.query_anew(&HISTORY, &[&only, &days, &item]).await?;
    Ok(rows.iter().map(|row| HistoryDayOut { day: row.get(0), quantity: row.get::<_, Num>(1).0 }).collect())
}

//! `services_stock`.

use contract::{StockAsOfOut, StockOut};
use domain::{BranchId, ItemId, MovementKind, StockKey, StockLevel};
use jiff::Timestamp;
use platform::pg::types::Type;
use platform::pg::{Params, PgError, Queries, Row, Statement};
use platform::statement;

use super::Num;
use super::minimums::{level, maybe_below};
use super::sought::{Sought, sought};
use crate::page::Page;

/// A stored level, and when it last changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LevelRow {
    pub key: StockKey,
    pub level: StockLevel,
    pub updated_at: Timestamp,
}

/// A level to store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LevelWrite {
    pub key: StockKey,
    pub level: StockLevel,
    /// An Admin allowed this write to leave it below zero.
    pub override_negative: bool,
    pub at: Timestamp,
}

/// Which levels a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StockFilter {
    pub branch_id: Option<i64>,
    pub item_id: Option<i64>,
    /// Only those with less on hand than the item's minimum (or, when false, only the others).
    pub below_min: Option<bool>,
}

/// A page of levels, branch by branch, so that of each no more is read than the page may need: the columns of it, what is
/// read of levels `s` and from where, and what they are filtered by.
macro_rules! branch_by_branch {
    ($columns:expr, $levels:expr, $filters:expr) => {
        concat!(
            "
        select ",
            $columns,
            "
        from services_branches b
        cross join lateral (
            select ",
            $levels,
            "
            where s.branch_id = b.id and s.item_id > case when b.id = $1 then $2::bigint else 0 end
              ",
            $filters,
            "
            order by s.item_id
            limit $7) s
        where b.id >= $1
          and ($3::bigint[] is null or b.id = any($3))
          and ($4::bigint is null or b.id = $4)
        order by b.id, s.item_id
        limit $7"
        )
    };
}

/// The columns of levels `s` that [`level_row`] reads.
macro_rules! level_columns {
    () => {
        "s.branch_id, s.item_id, s.quantity, s.reserved, s.updated_at"
    };
}

/// What lists filter the levels `s` and the items `i` by.
macro_rules! level_filters {
    () => {
        "and ($5::bigint is null or s.item_id = $5)
              and ($6::boolean is null or (s.quantity < i.min_stock_level) = $6)"
    };
}

pub(super) use {branch_by_branch, level_columns, level_filters};

/// A page of levels of a table `s`.
macro_rules! list {
    ($levels:expr) => {
        branch_by_branch!(
            level_columns!(),
            concat!(level_columns!(), " from ", $levels, " s left join services_items i on i.id = s.item_id"),
            level_filters!()
        )
    };
}

statement! {
    /// Locks the levels that a batch may change, in key order: those of the orders' lines, and those named.
    LOCK: "services" = concat!("select ", level_columns!(), "
        from services_stock s
        where (s.branch_id, s.item_id) in (
            select l.branch_id, l.item_id from services_order_lines l where ", sought!("l.order_id", "l.branch_id"), "
            union
            select k.branch_id, k.item_id from unnest($5::bigint[], $6::bigint[]) k(branch_id, item_id))
        order by s.branch_id, s.item_id
        for update");
    /// New figures of levels that exist.
    UPDATE: "services" = "
        update services_stock s
        set quantity = u.quantity, reserved = u.reserved,
            overdrawn = u.quantity < 0 and (u.override_negative or s.overdrawn),
            updated_at = u.at
        from unnest($1::bigint[], $2::bigint[], $3::numeric[], $4::numeric[], $5::boolean[], $6::timestamptz[])
            u(branch_id, item_id, quantity, reserved, override_negative, at)
        where s.branch_id = u.branch_id and s.item_id = u.item_id";
    /// Levels of items that a branch never had before.
    INSERT: "services" = "
        insert into services_stock (branch_id, item_id, quantity, reserved, overdrawn, updated_at)
        select u.branch_id, u.item_id, u.quantity, u.reserved, u.quantity < 0 and u.override_negative, u.at
        from unnest($1::bigint[], $2::bigint[], $3::numeric[], $4::numeric[], $5::boolean[], $6::timestamptz[])
            u(branch_id, item_id, quantity, reserved, override_negative, at)
        order by u.branch_id, u.item_id";
    /// Many levels of items that a branch never had before.
    COPY: "services" = "
        copy services_stock (branch_id, item_id, quantity, reserved, overdrawn, updated_at) from stdin binary";
    /// The time on the database's clock, now that the locks are held.
    CLOCK: "services" = "select clock_timestamp()";
    /// A page of levels.
    LIST: "services" = list!("services_stock");
    /// The same of levels below their item's minimum.
    LIST_BELOW: "services" = list!(maybe_below!());
    /// A page of the levels of one branch, whatever the item.
    LIST_OF_BRANCH: "services" = concat!("select ", level_columns!(), "
        from services_stock s
        where s.branch_id = $1 and s.item_id > $2
        order by s.branch_id, s.item_id
        limit $3");
    /// A page of levels as they stood at a moment: the balance after the last movement until then.
    ///
    /// Branch by branch, so that one where nothing had moved by then is passed over at a glance.
    AS_OF: "services" = "
        select b.id, s.item_id, s.balance, s.at
        from services_branches b
        cross join lateral (
            select s.item_id, m.balance, m.at
            from services_stock s
            cross join lateral (
                select m.balance, m.at
                from services_stock_movements m
                where m.branch_id = s.branch_id and m.item_id = s.item_id and m.at <= $7
                order by m.at desc, m.id desc
                limit 1) m
            where s.branch_id = b.id and s.item_id > case when b.id = $1 then $2::bigint else 0 end
              and ($5::bigint is null or s.item_id = $5)
            order by s.item_id
            limit $6) s
        where b.id >= $1
          and ($3::bigint[] is null or b.id = any($3))
          and ($4::bigint is null or b.id = $4)
          and exists (
            select from unnest($8::text[]) k(kind)
            cross join lateral (
                select from services_stock_movements m
                where m.branch_id = b.id and m.kind = k.kind and m.at <= $7
                limit 1) m)
        order by b.id, s.item_id
        limit $6";
}

pub(super) fn level_row(row: &Row) -> LevelRow {
    LevelRow {
        key: StockKey { branch: BranchId(row.get(0)), item: ItemId(row.get(1)) },
        level: StockLevel { quantity: row.get::<_, Num>(2).0, reserved: row.get::<_, Num>(3).0 },
        updated_at: row.get(4),
    }
}

/// Locks the levels of the orders' lines and those under `keys`, in key order. Absent levels are absent here.
pub(crate) async fn lock(
    conn: &Queries,
    orders: &Sought,
    keys: &[StockKey],
) -> Result<Vec<LevelRow>, PgError> {
    if orders.is_empty() && keys.is_empty() {
        return Ok(Vec::new());
    }
    let branches: Vec<i64> = keys.iter().map(|key| key.branch.0).collect();
    let items: Vec<i64> = keys.iter().map(|key| key.item.0).collect();
    let [ids, anywhere, pairs, scopes] = orders.params();
    let params: Params<'_> = &[ids, anywhere, pairs, scopes, &branches, &items];
    Ok(conn.query(&LOCK, params).await?.iter().map(level_row).collect())
}

/// The time on the database's clock.
pub(crate) async fn clock(conn: &Queries) -> Result<Timestamp, PgError> {
    Ok(conn.query_one(&CLOCK, &[]).await?.get(0))
}

/// Stores the levels, those that exist and those that do not yet.
pub(crate) async fn write(
    conn: &Queries,
    existing: &[LevelWrite],
    new: &[LevelWrite],
) -> Result<(), PgError> {
    futures_util::try_join!(write_all(conn, &UPDATE, existing), write_all(conn, &INSERT, new))?;
    Ok(())
}

async fn write_all(
    conn: &Queries,
    statement: &'static Statement,
    levels: &[LevelWrite],
) -> Result<(), PgError> {
    if levels.is_empty() {
        return Ok(());
    }
    let branches: Vec<i64> = levels.iter().map(|write| write.key.branch.0).collect();
    let items: Vec<i64> = levels.iter().map(|write| write.key.item.0).collect();
    let quantities: Vec<Num> = levels.iter().map(|write| Num(write.level.quantity)).collect();
    let reserved: Vec<Num> = levels.iter().map(|write| Num(write.level.reserved)).collect();
    let overrides: Vec<bool> = levels.iter().map(|write| write.override_negative).collect();
    let at: Vec<Timestamp> = levels.iter().map(|write| write.at).collect();
    conn.execute(statement, &[&branches, &items, &quantities, &reserved, &overrides, &at]).await?;
    Ok(())
}

/// Stores levels that do not exist yet, by COPY.
pub(crate) async fn copy(conn: &Queries, new: &[LevelWrite]) -> Result<(), PgError> {
    let types = [Type::INT8, Type::INT8, Type::NUMERIC, Type::NUMERIC, Type::BOOL, Type::TIMESTAMPTZ];
    if new.is_empty() {
        return Ok(());
    }
    let mut copy = conn.copy_in(&COPY, &types).await?;
    for LevelWrite { key, level, override_negative, at } in new {
        let overdrawn = level.quantity.is_negative() && *override_negative;
        let (quantity, reserved) = (Num(level.quantity), Num(level.reserved));
        copy.row(&[&key.branch.0, &key.item.0, &quantity, &reserved, &overdrawn, at]).await?;
    }
    copy.finish().await?;
    Ok(())
}

fn stock_out(row: &Row) -> StockOut {
    let LevelRow { key, level, updated_at } = level_row(row);
    StockOut {
        branch_id: key.branch.0,
        item_id: key.item.0,
        quantity: level.quantity,
        reserved: level.reserved,
        available: level.available(),
        updated_at,
    }
}

/// A page of levels, by branch and item: of all of one branch by a plan that is kept, of anything else by one made for
/// its filters.
pub(crate) async fn list(
    conn: &Queries,
    visible: Option<&[i64]>,
    filter: &StockFilter,
    page: Page,
) -> Result<Vec<StockOut>, PgError> {
    let (after, limit) = (page.after(0), page.rows());
    let rows = match filter {
        StockFilter { branch_id: Some(branch), item_id: None, below_min: None } if after.first <= *branch => {
            let item = if after.first == *branch { after.second } else { 0 };
            conn.query(&LIST_OF_BRANCH, &[branch, &item, &limit]).await?
        }
        StockFilter { branch_id, item_id, below_min } => {
            let (first, second) = (after.first, after.second);
            let statement = if *below_min == Some(true) { &LIST_BELOW } else { &LIST };
            let params: Params<'_> = &[&first, &second, &visible, branch_id, item_id, below_min, &limit];
            conn.query_anew(statement, params).await?
        }
    };
    Ok(rows.iter().map(stock_out).collect())
}

/// A page of levels as they stood at `at`, from the ledger.
pub(crate) async fn as_of(
    conn: &Queries,
    visible: Option<&[i64]>,
    filter: &StockFilter,
    at: Timestamp,
    page: Page,
) -> Result<Vec<StockAsOfOut>, PgError> {
    let after = page.after(0);
    let StockFilter { branch_id, item_id, below_min: _ } = filter;
    let (first, second, limit) = (after.first, after.second, page.rows());
    let kinds = MovementKind::ALL.map(MovementKind::as_str);
    let params: Params<'_> = &[&first, &second, &visible, branch_id, item_id, &limit, &at, &kinds.as_slice()];
    let rows = conn.query_anew(&AS_OF, params).await?;
    let out = |row: &Row| StockAsOfOut {
        branch_id: row.get(0),
        item_id: row.get(1),
        quantity: row.get::<_, Num>(2).0,
        reserved: None,
        available: None,
        updated_at: row.get(3),
    };
    Ok(rows.iter().map(out).collect())
}

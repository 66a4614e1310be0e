//! Stock levels with names, as people look through them.

use contract::{StockSort, StockSummaryOut};
use domain::{BranchId, StockLevel};
use platform::pg::{Params, PgError, Queries, Row};
use platform::statement;

use super::minimums::{level, maybe_below, maybe_below_of_item};
use super::stock::{StockFilter, branch_by_branch, level_columns, level_filters};
use super::{Num, branches};
use crate::page::Page;

/// Which levels a list shows, and in which order.
#[derive(Debug, Clone, Default)]
pub(crate) struct SummaryFilter {
    pub levels: StockFilter,
    /// Part of the item's SKU, name or barcode, whatever its case.
    pub q: Option<String>,
    /// Only those with nothing on hand (or, when false, only the others).
    pub zero: Option<bool>,
    /// Only those with something promised (or, when false, only the others).
    pub reserved: Option<bool>,
    pub sort: StockSort,
}

/// What every list shows.
macro_rules! columns {
    () => {
        concat!(level_columns!(), ", i.name, i.sku, i.min_stock_level, b.name")
    };
}

/// What every list filters the levels `s` and the items `i` by.
macro_rules! filters {
    () => {
        concat!(
            level_filters!(),
            "
         and ($8::boolean is null or s.empty = $8)
         and ($9::boolean is null or (s.reserved > 0) = $9)"
        )
    };
}

/// What lists that are not by branch filter the items `i` and the branches `b` by.
macro_rules! anywhere {
    () => {
        "and ($10::text is null or strpos(i.folded, services_fold($10)) > 0)
         and ($3::bigint[] is null or b.id = any($3))
         and ($4::bigint is null or b.id = $4)"
    };
}

/// A page of levels, branch by branch, from levels `s` and items `i`.
macro_rules! summary {
    ($from:expr) => {
        branch_by_branch!(
            concat!(level_columns!(), ", s.name, s.sku, s.min_stock_level, b.name"),
            concat!(level_columns!(), ", i.name, i.sku, i.min_stock_level", $from),
            filters!()
        )
    };
}

/// Names sort as people sort them, whatever the database's locale: letters of both cases and with accents together.
macro_rules! people {
    () => {
        r#"collate "und-x-icu""#
    };
}

/// A page of levels by the item's name, from what joins levels `s` to items `i`. The page comes after an item and a branch:
/// where it begins is what that item is called now.
macro_rules! by_name {
    ($join:expr) => {
        concat!(
            "
        select ",
            columns!(),
            "
        from services_items i",
            $join,
            "
        join services_branches b on b.id = s.branch_id
        where (i.name ",
            people!(),
            ", i.id) >= (coalesce((select name from services_items where id = $1), ''), $1::bigint)
          and (i.name ",
            people!(),
            ", i.id, s.branch_id)
            > (coalesce((select name from services_items where id = $1), ''), $1, $2::bigint)
          ",
            filters!(),
            " ",
            anywhere!(),
            "
        order by i.name ",
            people!(),
            ", i.id, s.branch_id
        limit $7"
        )
    };
}

statement! {
    /// A page of levels by branch and item.
    SUMMARY: "services" = summary!("
            from services_stock s
            join services_items i on i.id = s.item_id");
    /// The same of levels below their item's minimum.
    SUMMARY_BELOW: "services" = summary!(concat!("
            from ", maybe_below!(), " s
            join services_items i on i.id = s.item_id"));
    /// The same of the items that a text is found in: those are looked for once, not once a branch.
    SEARCH: "services" = concat!("
        with found as materialized (
            select i.id, i.name, i.sku, i.min_stock_level
            from services_items i
            where strpos(i.folded, services_fold($10::text)) > 0)", summary!("
            from found i
            join services_stock s on s.item_id = i.id"));
    /// A page of the levels of one branch, whatever the item. Both tables are told where the page begins, so that they
    /// are merged from there: looking each item up by its key takes twice the time. The branch is known, and its name
    /// asked for beside this one: 500 times the same would be a fifth of the bytes.
    SUMMARY_OF_BRANCH: "services" = "
        select s.item_id, s.quantity, s.reserved, s.updated_at, i.name, i.sku, i.min_stock_level
        from services_stock s
        join services_items i on i.id = s.item_id
        where s.branch_id = $1 and s.item_id > $2 and i.id > $2
        order by s.branch_id, s.item_id
        limit $3";
    /// A page of levels by the item's name, and by item and branch where names are the same.
    BY_NAME: "services" = by_name!("
        join services_stock s on s.item_id = i.id");
    /// The same of levels below their item's minimum: of each item those that are or may be by what they know, and all when
    /// what they know is old.
    BY_NAME_BELOW: "services" = by_name!(concat!("
        cross join lateral ", maybe_below_of_item!(), " s"));
    /// A page of the levels of one branch by what is on hand, the least first with 1, the most with -1. No index is in
    /// that order, since every posting would have to move its levels within it: the branch's levels are read and sorted.
    BY_QUANTITY: "services" = concat!("
        select ", columns!(), "
        from services_branches b
        join services_stock s on s.branch_id = b.id
        join services_items i on i.id = s.item_id
        where (s.quantity * $11::bigint, s.item_id) > ($1::bigint * 0.001 * $11::bigint, $2::bigint)
          ", filters!(), " ", anywhere!(), "
        order by s.quantity * $11::bigint, s.item_id
        limit $7");
}

/// A page of levels with the names of branch and item.
pub(crate) async fn list(
    conn: &Queries,
    visible: Option<&[i64]>,
    filter: &SummaryFilter,
    page: Page,
) -> Result<Vec<StockSummaryOut>, PgError> {
    let SummaryFilter { levels, q, zero, reserved, sort } = filter;
    let StockFilter { branch_id, item_id, below_min } = levels;
    let direction: i64 = if *sort == StockSort::QuantityDesc { -1 } else { 1 };
    let start = match sort {
        StockSort::Branch | StockSort::Name => 0,
        // Before every quantity there can be.
        StockSort::Quantity | StockSort::QuantityDesc => i64::MIN / 2 * direction,
    };
    let (after, limit) = (page.after(start), page.rows());
    let (first, second) = (after.first, after.second);
    let params: Params<'_> =
        &[&first, &second, &visible, branch_id, item_id, below_min, &limit, zero, reserved, q, &direction];
    let is_plain = (item_id, below_min, zero, reserved, q) == (&None, &None, &None, &None, &None);
    let is_below = *below_min == Some(true);
    let rows = match (sort, branch_id) {
        (StockSort::Branch, Some(branch)) if is_plain && first <= *branch => {
            let item = if first == *branch { second } else { 0 };
            return of_branch(conn, *branch, item, limit).await;
        }
        (StockSort::Branch, _) if q.is_some() => conn.query_anew(&SEARCH, &params[..10]).await?,
        (StockSort::Branch, _) => {
            conn.query_anew(if is_below { &SUMMARY_BELOW } else { &SUMMARY }, &params[..9]).await?
        }
        (StockSort::Name, _) => {
            conn.query_anew(if is_below { &BY_NAME_BELOW } else { &BY_NAME }, &params[..10]).await?
        }
        (StockSort::Quantity | StockSort::QuantityDesc, _) => conn.query_anew(&BY_QUANTITY, params).await?,
    };
    Ok(rows.iter().map(out).collect())
}

/// A page of the levels of one branch, after an item.
async fn of_branch(
    conn: &Queries,
    branch: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<StockSummaryOut>, PgError> {
    let params: Params<'_> = &[&branch, &after, &limit];
    let (rows, found) = futures_util::try_join!(
        conn.query(&SUMMARY_OF_BRANCH, params),
        branches::get(conn, BranchId(branch))
    )?;
    // A branch that had levels then exists now.
    let name = found.map(|found| found.branch.name).unwrap_or_default();
    Ok(rows.iter().map(|row| level_out(row, 0, branch, name.clone())).collect())
}

fn out(row: &Row) -> StockSummaryOut {
    level_out(row, 1, row.get(0), row.get(8))
}

/// A level of a branch: its item's id is in the column `first`, and what else is shown of it in those that follow.
fn level_out(row: &Row, first: usize, branch_id: i64, branch_name: String) -> StockSummaryOut {
    let number = |column| row.get::<_, Num>(first + column).0;
    let level = StockLevel { quantity: number(1), reserved: number(2) };
    StockSummaryOut {
        branch_id,
        branch_name,
        item_id: row.get(first),
        item_name: row.get(first + 4),
        sku: row.get(first + 5),
        quantity: level.quantity,
        reserved: level.reserved,
        available: level.available(),
        min_stock_level: number(6),
        updated_at: row.get(first + 3),
    }
}

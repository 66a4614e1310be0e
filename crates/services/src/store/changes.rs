//! What became of a branch's stock between two moments, from the ledger.

use contract::StockChangeOut;
use domain::BranchId;
use jiff::Timestamp;
use platform::pg::{PgError, Queries, Row};
use platform::statement;

use super::Num;
use crate::page::Page;

/// How many movements of all branches are looked through for those of one. Where there were more, a branch's items are
/// looked at one after the other until the page is full.
const FEW: i64 = 5_000;

/// A page of changes, of the `item_id`s of a table `moved`.
macro_rules! changes_of {
    ($moved:expr) => {
        concat!(
            "
        select moved.item_id, i.name, i.sku, coalesce(f.balance, 0), t.balance, t.balance - coalesce(f.balance, 0)
        from ",
            $moved,
            " moved
        join services_items i on i.id = moved.item_id
        cross join lateral (
            select m.balance
            from services_stock_movements m
            where m.branch_id = $1 and m.item_id = moved.item_id and m.at > $3 and m.at <= $4
            order by m.at desc, m.id desc
            limit 1) t
        left join lateral (
            select m.balance
            from services_stock_movements m
            where m.branch_id = $1 and m.item_id = moved.item_id and m.at <= $3
            order by m.at desc, m.id desc
            limit 1) f on true
        where t.balance <> coalesce(f.balance, 0)
        order by moved.item_id
        limit $5"
        )
    };
}

statement! {
    /// About how many movements there were between two moments: their ids count as time does, but for files of the past,
    /// after which the later moment may have the lower one.
    MOVED: "services" = "
        select abs(
            coalesce((select m.id from services_stock_movements m where m.at <= $2 order by m.at desc, m.id desc limit 1), 0)
            - coalesce((select m.id from services_stock_movements m where m.at <= $1 order by m.at desc, m.id desc limit 1), 0))";
    /// A page of the items whose balance at one moment is not that at another, of what moved in between.
    CHANGES_BY_TIME: "services" = changes_of!("(
            select distinct m.item_id
            from services_stock_movements m
            where m.branch_id = $1 and m.item_id > $2 and m.at > $3 and m.at <= $4)");
    /// The same, item after item.
    CHANGES_BY_ITEM: "services" = changes_of!("(
            select s.item_id
            from services_stock s
            where s.branch_id = $1 and s.item_id > $2 and s.updated_at > $3)");
}

/// A page of the items of which the branch had more or less at the second moment than at the first.
pub(crate) async fn list(
    conn: &Queries,
    branch: BranchId,
    (from, to): (Timestamp, Timestamp),
    page: Page,
) -> Result<Vec<StockChangeOut>, PgError> {
    let (after, limit) = (page.after(0).first, page.rows());
    let moved: i64 = conn.query_one(&MOVED, &[&from, &to]).await?.get(0);
    let changes = if moved <= FEW { &CHANGES_BY_TIME } else { &CHANGES_BY_ITEM };
    let rows = conn.query_anew(changes, &[&branch.0, &after, &from, &to, &limit]).await?;
    let out = |row: &Row| StockChangeOut {
        item_id: row.get(0),
        item_name: row.get(1),
        sku: row.get(2),
        before: row.get::<_, Num>(3).0,
        after: row.get::<_, Num>(4).0,
        difference: row.get::<_, Num>(5).0,
    };
    Ok(rows.iter().map(out).collect())
}

//! What became of a branch's stock between two moments, from the ledger.

use contract::StockChangeOut;
use domain::BranchId;
use jiff::Timestamp;
use platform::pg::{PgError, Queries, Row};
use platform::statement;

use super::Num;
use crate::page::Page;

statement! {
    /// A page of the items whose balance at one moment is not that at another. Of a branch where little moved in
    /// between, what moved is found by time; of one where much did, item after item until the page is full.
    CHANGES: "services" = "
        select s.item_id, i.name, i.sku, coalesce(f.balance, 0), t.balance, t.balance - coalesce(f.balance, 0)
        from services_stock s
        join services_items i on i.id = s.item_id
        left join lateral (
            select m.balance
            from services_stock_movements m
            where m.branch_id = s.branch_id and m.item_id = s.item_id and m.at <= $3
            order by m.at desc, m.id desc
            limit 1) f on true
        cross join lateral (
            select m.balance
            from services_stock_movements m
            where m.branch_id = s.branch_id and m.item_id = s.item_id and m.at <= $4
            order by m.at desc, m.id desc
            limit 1) t
        where s.branch_id = $1 and s.item_id > $2 and s.updated_at > $3
          and exists (
            select from services_stock_movements m
            where m.branch_id = s.branch_id and m.item_id = s.item_id and m.at > $3 and m.at <= $4)
          and t.balance <> coalesce(f.balance, 0)
        order by s.item_id
        limit $5";
}

/// A page of the items of which the branch had more or less at the second moment than at the first.
pub(crate) async fn list(
    conn: &Queries,
    branch: BranchId,
    (from, to): (Timestamp, Timestamp),
    page: Page,
) -> Result<Vec<StockChangeOut>, PgError> {
    let (after, limit) = (page.after(0).first, page.rows());
    let rows = conn.query_anew(&CHANGES, &[&branch.0, &after, &from, &to, &limit]).await?;
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

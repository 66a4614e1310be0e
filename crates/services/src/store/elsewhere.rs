//! Where else there is some of what an order is short of.

use contract::ElsewhereOut;
use domain::order::OrderStatus;
use platform::pg::{Params, PgError, Queries, Row};
use platform::statement;

use super::Num;
use super::orders::OrderRow;
use crate::page::Page;

statement! {
    /// A page of an order's short lines with the other branches that have some available. A submitted order's line is
    /// short where more is promised than is on hand, a draft's where it asks for more than is available.
    ELSEWHERE: "services" = "
        select l.item_id, i.name, i.sku, l.requested_qty, o.available, s.branch_id, b.name, s.quantity - s.reserved
        from services_order_lines l
        join services_items i on i.id = l.item_id
        cross join lateral (
            select coalesce(sum(own.quantity - own.reserved), 0) as available, coalesce(bool_or(own.short), true) as short
            from services_stock own
            where own.branch_id = l.branch_id and own.item_id = l.item_id) o
        join services_stock s on s.item_id = l.item_id and s.branch_id <> l.branch_id
        join services_branches b on b.id = s.branch_id
        where l.order_id = $1 and l.branch_id = $2
          and case when $3::boolean then o.short else l.requested_qty > o.available end
          and s.quantity > s.reserved
          and b.active
          and ($4::bigint[] is null or s.branch_id = any($4))
          and (l.item_id, s.branch_id) > ($5::bigint, $6::bigint)
        order by l.item_id, s.branch_id
        limit $7";
}

/// A page of the order's short lines with each other branch that has some available, by item and branch.
pub(crate) async fn list(
    conn: &Queries,
    order: &OrderRow,
    visible: Option<&[i64]>,
    page: Page,
) -> Result<Vec<ElsewhereOut>, PgError> {
    let is_submitted = match order.status {
        OrderStatus::Draft => false,
        OrderStatus::Submitted => true,
        OrderStatus::Fulfilled | OrderStatus::Cancelled => return Ok(Vec::new()),
    };
    let (after, limit) = (page.after(0), page.rows());
    let params: Params<'_> =
        &[&order.id.0, &order.branch.0, &is_submitted, &visible, &after.first, &after.second, &limit];
    let rows = conn.query_anew(&ELSEWHERE, params).await?;
    let out = |row: &Row| ElsewhereOut {
        item_id: row.get(0),
        item_name: row.get(1),
        sku: row.get(2),
        requested: row.get::<_, Num>(3).0,
        available: row.get::<_, Num>(4).0,
        branch_id: row.get(5),
        branch_name: row.get(6),
        available_there: row.get::<_, Num>(7).0,
    };
    Ok(rows.iter().map(out).collect())
}

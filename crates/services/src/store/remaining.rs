//! What there still is at a branch, or of an item, that is closed.

use contract::RemainingOut;
use domain::{BranchId, ItemId};
use platform::pg::{PgError, Queries, Row};
use platform::statement;

use super::Num;

/// A sum as a quantity can be.
macro_rules! total {
    ($sum:literal) => {
        concat!(
            "greatest(least(coalesce(",
            $sum,
            ", 0), 999999999999.999), -999999999999.999)::numeric(15,3)"
        )
    };
}

statement! {
    /// What there still is at a branch.
    OF_BRANCH: "services" = concat!("
        select s.levels, s.quantity, s.reserved, o.submitted, o.drafts
        from (
            select count(*) filter (where quantity <> 0) as levels, ", total!("sum(quantity)"), " as quantity,
                   ", total!("sum(reserved)"), " as reserved
            from services_stock
            where branch_id = $1) s
        cross join (
            select count(*) filter (where status = 'submitted') as submitted,
                   count(*) filter (where status = 'draft') as drafts
            from services_orders
            where status in ('draft', 'submitted') and branch_id = $1) o");
    /// What there still is of an item, at some branches or all.
    OF_ITEM: "services" = concat!("
        select s.levels, s.quantity, s.reserved, o.submitted, o.drafts
        from (
            select count(*) filter (where quantity <> 0) as levels, ", total!("sum(quantity)"), " as quantity,
                   ", total!("sum(reserved)"), " as reserved
            from services_stock
            where item_id = $1 and ($2::bigint[] is null or branch_id = any($2))) s
        cross join (
            select count(*) filter (where o.status = 'submitted') as submitted,
                   count(*) filter (where o.status = 'draft') as drafts
            from services_orders o
            join services_order_lines l on l.order_id = o.id and l.branch_id = o.branch_id and l.item_id = $1
            where o.status in ('draft', 'submitted') and ($2::bigint[] is null or o.branch_id = any($2))) o");
}

pub(crate) async fn of_branch(conn: &Queries, branch: BranchId) -> Result<RemainingOut, PgError> {
    Ok(out(&conn.query_one(&OF_BRANCH, &[&branch.0]).await?))
}

pub(crate) async fn of_item(
    conn: &Queries,
    item: ItemId,
    visible: Option<&[i64]>,
) -> Result<RemainingOut, PgError> {
    Ok(out(&conn.query_one(&OF_ITEM, &[&item.0, &visible]).await?))
}

fn out(row: &Row) -> RemainingOut {
    RemainingOut {
        levels: row.get(0),
        quantity: row.get::<_, Num>(1).0,
        reserved: row.get::<_, Num>(2).0,
        submitted: row.get(3),
        drafts: row.get(4),
    }
}

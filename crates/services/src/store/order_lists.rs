//! Lists of `services_orders`, as people and programs look through them.

use contract::OrderOut;
use domain::order::OrderStatus;
use jiff::Timestamp;
use platform::pg::{Params, PgError, Queries};
use platform::statement;

use super::orders::{self, OrderRow, columns, order_row};
use crate::page::Page;

/// Which orders a list shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct OrderFilter {
    pub branch_id: Option<i64>,
    pub status: Option<OrderStatus>,
    pub reference: Option<String>,
    pub created_from: Option<Timestamp>,
    pub created_to: Option<Timestamp>,
    /// Only submitted orders with a line whose item has less on hand than is promised.
    pub short: bool,
    /// Only open orders, drafts and submitted ones, with a line of this item.
    pub asking_for: Option<i64>,
}

/// A page of the orders, newest first, that are in a state and ask for something: those that wait and those that ever
/// asked, both from indexes alone, and then the page of those that are both. What is older than all that wait is not read:
/// of an item that is much asked for that is most, the more so the older the company is. Each order that asks is there
/// once, so that the planner takes them to be few and finds them by hash, whatever it holds of their number.
macro_rules! of_both {
    ($waiting:literal, $asking:literal) => {
        concat!(
            "with waiting as materialized (
            select o.id, o.created_at
            from services_orders o
            where ",
            $waiting,
            "
              and (o.created_at, o.id) < (coalesce($1::timestamptz, 'infinity'), $2::bigint)
              and o.created_at >= coalesce($3::timestamptz, '-infinity')
              and ($4::text is null or o.status = $4)
              and ($5::text is null or o.reference = $5)
              and ($7::bigint[] is null or o.branch_id = any($7))),
        asking as materialized (
            select l.order_id
            from ",
            $asking,
            "
              and l.order_id >= (select min(id) from waiting))
        select ",
            columns!(),
            "
        from services_orders o
        where o.id = any(array(
            select w.id
            from waiting w
            join (select distinct order_id from asking) a on a.order_id = w.id
            order by w.created_at desc, w.id desc
            limit $6))
        order by o.created_at desc, o.id desc"
        )
    };
}

statement! {
    /// A page of orders, newest first.
    LIST: "services" = concat!("select ", columns!(), "
        from services_orders o
        where (o.created_at, o.id) < (coalesce($1::timestamptz, 'infinity'), $2::bigint)
          and o.created_at >= coalesce($3::timestamptz, '-infinity')
          and ($4::text is null or o.status = $4)
          and ($5::text is null or o.reference = $5)
        order by o.created_at desc, o.id desc
        limit $6");
    /// The same, merged from the newest of each branch, or of some branches: no branch is read for another's sake.
    LIST_BY_BRANCH: "services" = concat!("select ", columns!(), "
        from services_branches b
        cross join lateral (
            select ", columns!(), "
            from services_orders o
            where o.branch_id = b.id
              and (o.created_at, o.id) < (coalesce($1::timestamptz, 'infinity'), $2::bigint)
              and o.created_at >= coalesce($3::timestamptz, '-infinity')
              and ($4::text is null or o.status = $4)
              and ($5::text is null or o.reference = $5)
            order by o.created_at desc, o.id desc
            limit $6) o
        where $7::bigint[] is null or b.id = any($7)
        order by o.created_at desc, o.id desc
        limit $6");
    /// A page of the submitted orders with a line whose item is short, newest first.
    LIST_SHORT: "services" = of_both!("o.status = 'submitted'", "
        services_stock s
        join services_order_lines l on l.item_id = s.item_id and l.branch_id = s.branch_id
        where s.short and ($7::bigint[] is null or s.branch_id = any($7))");
    /// A page of the open orders with a line of an item, newest first.
    LIST_ASKING: "services" = of_both!("o.status in ('draft', 'submitted')", "
        services_order_lines l
        where l.item_id = $8 and ($7::bigint[] is null or l.branch_id = any($7))");
}

/// A page of orders, newest first, with their lines.
pub(crate) async fn list(
    conn: &Queries,
    visible: Option<&[i64]>,
    filter: &OrderFilter,
    page: Page,
) -> Result<Vec<OrderOut>, PgError> {
    let OrderFilter { branch_id, status, reference, created_from, created_to, short, asking_for } = filter;
    let (before, before_id) = page.before(*created_to);
    let only = branch_id.as_ref().map(std::slice::from_ref).or(visible);
    let status_word = status.map(OrderStatus::as_str);
    let limit = page.rows();
    let params: Params<'_> =
        &[&before, &before_id, created_from, &status_word, reference, &limit, &only, asking_for];
    let rows = if asking_for.is_some() {
        conn.query_anew(&LIST_ASKING, params).await?
    } else if *short {
        conn.query_anew(&LIST_SHORT, &params[..7]).await?
    } else if only.is_some() || status.is_some_and(|status| status != OrderStatus::Fulfilled) {
        conn.query_anew(&LIST_BY_BRANCH, &params[..7]).await?
    } else {
        conn.query_anew(&LIST, &params[..6]).await?
    };
    let orders: Vec<OrderRow> = rows.iter().map(order_row).collect();
    let ids: Vec<i64> = orders.iter().map(|order| order.id.0).collect();
    let lines = orders::lines(conn, &ids).await?;
    let no_lines = Vec::new();
    Ok(orders.iter().map(|order| order.out(lines.get(&order.id).unwrap_or(&no_lines))).collect())
}

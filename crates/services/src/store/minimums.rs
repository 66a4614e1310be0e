//! The items' minimums as the stock levels know them: `services_stock.minimum` and `services_items.minimum_due`.

use domain::ItemId;
use platform::pg::{PgError, Queries};
use platform::statement;

/// The columns of a level that lists read or filter by.
macro_rules! level {
    () => {
        "l.branch_id, l.item_id, l.quantity, l.reserved, l.updated_at, l.empty"
    };
}

/// Every level that may be below its item's minimum, as a table to choose from: those that are by the minimum that they
/// know or know none, and all levels of items whose newest minimum did not come to them yet.
macro_rules! maybe_below {
    () => {
        concat!(
            "(select ",
            level!(),
            "
          from services_stock l
          where l.below is not false
          union all
          select ",
            level!(),
            "
          from services_items n
          join services_stock l on l.item_id = n.id
          where n.minimum_due and l.below is false)"
        )
    };
}

/// The same of an item `i`, to be joined to it laterally.
macro_rules! maybe_below_of_item {
    () => {
        concat!(
            "(select ",
            level!(),
            "
          from services_stock l
          where l.item_id = i.id and l.below is not false
          union all
          select ",
            level!(),
            "
          from services_stock l
          where l.item_id = i.id and l.below is false and i.minimum_due)"
        )
    };
}

pub(super) use {level, maybe_below, maybe_below_of_item};

statement! {
    /// Items whose minimum some level of theirs does not know, locked, except those that another changes right now.
    LOCK_ITEMS: "services" = "
        select i.id
        from services_items i
        where i.id in (
            (select n.id from services_items n where n.minimum_due order by n.id limit $1)
            union
            (select distinct s.item_id from services_stock s where s.minimum is null order by s.item_id limit $1))
        order by i.id
        limit $1
        for no key update skip locked";
    /// Brings their minimums to their levels, which are locked in the order of all batches.
    BRING: "services" = "
        with l as materialized (
            select s.branch_id, s.item_id, i.min_stock_level
            from services_stock s
            join services_items i on i.id = s.item_id
            where s.item_id = any($1) and s.minimum is distinct from i.min_stock_level
            order by s.branch_id, s.item_id
            for update of s)
        update services_stock s
        set minimum = l.min_stock_level
        from l
        where s.branch_id = l.branch_id and s.item_id = l.item_id";
    /// Notes that their levels know them.
    BROUGHT: "services" = "
        update services_items set minimum_due = false where id = any($1) and minimum_due";
}

/// Locks at most `limit` items whose minimum some level of theirs does not know.
pub(crate) async fn lock_items(conn: &Queries, limit: i64) -> Result<Vec<ItemId>, PgError> {
    Ok(conn.query(&LOCK_ITEMS, &[&limit]).await?.iter().map(|row| ItemId(row.get(0))).collect())
}

/// Brings the minimums of items that are locked to all of their levels.
pub(crate) async fn bring(conn: &Queries, items: &[ItemId]) -> Result<(), PgError> {
    let ids: Vec<i64> = items.iter().map(|item| item.0).collect();
    conn.execute(&BRING, &[&ids]).await?;
    conn.execute(&BROUGHT, &[&ids]).await?;
    Ok(())
}

//! `verify --repair`: figures that are derived, set to what the ledger and the orders say. Those are never changed.

use contract::quantity;
use domain::{BranchId, ItemId, Quantity, StockKey};
use platform::pg::{Database, PgError, Queries, Row};
use platform::statement;
use serde::Serialize;

use crate::answer::as_json;
use crate::request::{Actor, RequestContext};
use crate::store::audit::{self, Fact};
use crate::store::{Num, stock};
use crate::verify::{knows_wrongly, ledger_sums, promised_sums};

/// What is to be mended, or was.
#[derive(Debug, Clone)]
pub struct Mends {
    /// Levels whose figures do not follow from the ledger and the orders.
    pub levels: Vec<Mend>,
    /// How many levels know a minimum that is not their item's. They forget it, and the worker brings it anew; no answer
    /// shows it, so the audit does not tell of it.
    pub minimums: u64,
}

/// A stock level whose figures do not follow from the ledger and the orders.
#[derive(Debug, Clone, Copy)]
pub struct Mend {
    /// Which level.
    pub key: StockKey,
    /// On hand: as it is stored, and the sum of its movements.
    pub quantity: Moved,
    /// Promised: as it is stored, and the sum over submitted orders.
    pub reserved: Moved,
}

/// A figure as it is and as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// As it is stored.
    #[serde(with = "quantity")]
    pub from: Quantity,
    /// As it follows.
    #[serde(with = "quantity")]
    pub to: Quantity,
}

#[derive(Debug, Serialize)]
struct Details {
    quantity: Moved,
    reserved: Moved,
}

statement! {
    /// Nobody posts to a level that there is while figures are mended; readers go on. In the order of all batches.
    LOCK_LEVELS: "services" = "
        select s.branch_id, s.item_id from services_stock s order by s.branch_id, s.item_id for update";
    /// Levels whose figures do not follow.
    DIFFERING: "services" = concat!("
        select s.branch_id, s.item_id, s.quantity, f.quantity, s.reserved, f.reserved
        from services_stock s
        left join ", ledger_sums!(), " m
          on m.branch_id = s.branch_id and m.item_id = s.item_id
        left join ", promised_sums!(), " r
          on r.branch_id = s.branch_id and r.item_id = s.item_id
        cross join lateral (
            select coalesce(m.total, 0)::numeric(15,3) as quantity,
                   coalesce(r.total, 0)::numeric(15,3) as reserved) f
        where (s.quantity, s.reserved) <> (f.quantity, f.reserved)
        order by s.branch_id, s.item_id");
    /// Sets the figures of a level.
    MEND: "services" = "
        update services_stock
        set quantity = $3::numeric, reserved = $4, overdrawn = $3::numeric < 0, updated_at = greatest(updated_at, now())
        where branch_id = $1 and item_id = $2";
    /// How many levels know a wrong minimum.
    WRONG_MINIMUMS: "services" = concat!("
        select count(*)
        from services_stock s
        join services_items i on i.id = s.item_id
        where ", knows_wrongly!());
    /// Levels forget a wrong minimum.
    FORGET_MINIMUMS: "services" = concat!("
        update services_stock s
        set minimum = null, below = null
        from services_items i
        where i.id = s.item_id and ", knows_wrongly!());
}

/// What [`repair`] would mend now.
///
/// # Errors
/// When the database cannot be read.
pub async fn preview(database: &Database) -> Result<Mends, PgError> {
    let connection = database.get().await?;
    let levels = differing(&connection).await?;
    let minimums: i64 = connection.query_one(&WRONG_MINIMUMS, &[]).await?.get(0);
    Ok(Mends { levels, minimums: minimums.unsigned_abs() })
}

/// Sets every derived figure to what follows from the ledger and the orders, with an audit entry a level, in one
/// transaction during which nothing is posted.
///
/// # Errors
/// When the database refuses or is away; nothing is mended then.
pub async fn repair(database: &Database) -> Result<Mends, PgError> {
    let transaction = database.begin().await?;
    transaction.execute(&LOCK_LEVELS, &[]).await?;
    let levels = differing(&transaction).await?;
    let now = stock::clock(&transaction).await?;
    let actor = Actor { user_id: None, name: "quartermaster verify --repair".into() };
    let mut entries = Vec::with_capacity(levels.len());
    for Mend { key, quantity, reserved } in &levels {
        let figures = (Num(quantity.to), Num(reserved.to));
        transaction.execute(&MEND, &[&key.branch.0, &key.item.0, &figures.0, &figures.1]).await?;
        let fact = Fact {
            action: "stock.repaired",
            entity_type: "stock",
            entity_id: format!("{}:{}", key.branch, key.item),
            branch_id: Some(key.branch.0),
            details: as_json(&Details { quantity: *quantity, reserved: *reserved }),
        };
        entries.push(fact.entry(now, &actor, &RequestContext::default()));
    }
    audit::insert(&transaction, &entries).await?;
    let minimums = transaction.execute(&FORGET_MINIMUMS, &[]).await?;
    transaction.commit().await?;
    Ok(Mends { levels, minimums })
}

async fn differing(conn: &Queries) -> Result<Vec<Mend>, PgError> {
    Ok(conn.query(&DIFFERING, &[]).await?.iter().map(mend).collect())
}

fn mend(row: &Row) -> Mend {
    let moved = |first: usize| Moved { from: row.get::<_, Num>(first).0, to: row.get::<_, Num>(first + 1).0 };
    Mend {
        key: StockKey { branch: BranchId(row.get(0)), item: ItemId(row.get(1)) },
        quantity: moved(2),
        reserved: moved(4),
    }
}

//! Tables out to files that an import reads.
//!
//! What the rules would refuse as new business, and orders that were posted, say `yes` in the column `as_is`, so that what
//! is true here can be written down elsewhere.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::Write;

use contract::{Cursor, OrderOut};
use csv::Writer;
use domain::order::OrderStatus;
use jiff::Timestamp;
use platform::cells::{BYTE_ORDER_MARK, guarded};
use platform::pg::{Database, Queries};

use super::{BulkError, Kind};
use crate::page::Page;
use crate::store::order_lists::{self, OrderFilter};
use crate::store::summary::{self, SummaryFilter};
use crate::store::{branches, items};

/// How many rows are read at once.
const ROWS: u16 = 500;

/// Writes everything of a kind as one snapshot of the database has it; gives the number of rows. `statuses` are
/// those of the orders wanted; all when it is empty.
///
/// # Errors
/// [`BulkError`] when the database refuses, or the file cannot be written.
pub async fn export(
    database: &Database,
    kind: Kind,
    statuses: &[OrderStatus],
    mut out: impl Write,
) -> Result<u64, BulkError> {
    let snapshot = database.begin_snapshot().await?;
    // Without it spreadsheets take UTF-8 for an older encoding.
    out.write_all(BYTE_ORDER_MARK.as_bytes()).map_err(csv::Error::from)?;
    let mut file = File { csv: Writer::from_writer(out), rows: 0 };
    file.csv.write_record(kind.columns().iter().map(|column| column.name))?;
    match kind {
        Kind::Branches => all_branches(&snapshot, &mut file).await?,
        Kind::Items => all_items(&snapshot, &mut file).await?,
        Kind::Stock => all_stock(&snapshot, &mut file).await?,
        Kind::Orders => all_orders(&snapshot, statuses, &mut file).await?,
    }
    file.csv.flush().map_err(csv::Error::from)?;
    snapshot.rollback().await?;
    Ok(file.rows)
}

/// Text as a cell.
fn cell(text: &str) -> String {
    guarded(text).into_owned()
}

struct File<W: Write> {
    csv: Writer<W>,
    rows: u64,
}

impl<W: Write> File<W> {
    fn row<const N: usize>(&mut self, cells: [String; N]) -> Result<(), BulkError> {
        self.csv.write_record(&cells)?;
        self.rows += 1;
        Ok(())
    }
}

/// The page of rows after `last`; whether there are more is told by whether it is empty.
fn page(last: Option<Cursor>) -> Page {
    // A page asks for one row more than it shows; here that row is shown too.
    Page { limit: ROWS - 1, cursor: last }
}

async fn all_branches(conn: &Queries, file: &mut File<impl Write>) -> Result<(), BulkError> {
    let mut last = None;
    loop {
        let rows = branches::list(conn, None, page(last)).await?;
        let Some(end) = rows.last() else { return Ok(()) };
        last = Some(Cursor::of(end.id));
        for row in rows {
            let (code, active) = (cell(&row.code), row.active.to_string());
            file.row([cell(&row.name), code, cell(&row.location), cell(&row.timezone), active])?;
        }
    }
}

async fn all_items(conn: &Queries, file: &mut File<impl Write>) -> Result<(), BulkError> {
    let mut last = None;
    loop {
        let rows = items::list(conn, &items::ItemFilter::default(), page(last)).await?;
        let Some(end) = rows.last() else { return Ok(()) };
        last = Some(Cursor::of(end.id));
        for row in rows {
            file.row([
                cell(&row.sku),
                cell(&row.name),
                cell(&row.description),
                cell(&row.unit),
                row.decimal_places.to_string(),
                cell(&row.barcode.unwrap_or_default()),
                row.min_stock_level.to_string(),
                row.active.to_string(),
            ])?;
        }
    }
}

/// The time of each level goes along, so that a database filled with it stands as of then.
async fn all_stock(conn: &Queries, file: &mut File<impl Write>) -> Result<(), BulkError> {
    let closed: HashSet<i64> = branches::names(conn)
        .await?
        .into_iter()
        .filter(|branch| !branch.active)
        .map(|branch| branch.id.0)
        .collect();
    let mut last = None;
    loop {
        let rows = summary::list(conn, None, &SummaryFilter::default(), page(last)).await?;
        let Some(end) = rows.last() else { return Ok(()) };
        last = Some(Cursor { first: end.branch_id, second: end.item_id });
        let ids: Vec<i64> = rows.iter().map(|row| row.item_id).collect();
        let inactive: HashSet<i64> = items::inactive(conn, &ids).await?.into_iter().collect();
        for row in rows {
            let refused = row.quantity.is_negative()
                || closed.contains(&row.branch_id)
                || inactive.contains(&row.item_id);
            file.row([
                cell(&row.branch_name),
                cell(&row.sku),
                row.quantity.to_string(),
                String::new(),
                row.updated_at.to_string(),
                as_is(refused),
            ])?;
        }
    }
}

async fn all_orders(
    conn: &Queries,
    statuses: &[OrderStatus],
    file: &mut File<impl Write>,
) -> Result<(), BulkError> {
    let names: HashMap<i64, String> =
        branches::names(conn).await?.into_iter().map(|branch| (branch.id.0, branch.name)).collect();
    let mut last = None;
    loop {
        let orders = order_lists::list(conn, None, &OrderFilter::default(), page(last)).await?;
        let Some(end) = orders.last() else { return Ok(()) };
        last = Some(Cursor::at(end.created_at, end.id));
        let wanted = |order: &&OrderOut| statuses.is_empty() || statuses.contains(&order.status.into());
        let orders: Vec<&OrderOut> = orders.iter().filter(wanted).collect();
        let ids: BTreeSet<i64> =
            orders.iter().flat_map(|order| order.lines.iter().map(|line| line.item_id)).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let skus: HashMap<i64, String> = items::skus(conn, &ids).await?.into_iter().collect();
        for order in orders {
            order_rows(order, &names, &skus, file)?;
        }
    }
}

/// The word in the column `as_is`.
fn as_is(as_is: bool) -> String {
    if as_is { "yes".to_owned() } else { String::new() }
}

/// Every order stands as it is: what it took is not on hand any more, and what it was promised stays promised.
fn order_rows(
    order: &OrderOut,
    names: &HashMap<i64, String>,
    skus: &HashMap<i64, String>,
    file: &mut File<impl Write>,
) -> Result<(), BulkError> {
    let name = |id| names.get(id).map_or_else(String::new, |name| cell(name));
    let time = |time: Option<Timestamp>| time.map_or_else(String::new, |time| time.to_string());
    let reference = order.reference.as_deref().map(cell).unwrap_or_default();
    for line in &order.lines {
        file.row([
            order.id.to_string(),
            reference.clone(),
            name(&order.branch_id),
            skus.get(&line.item_id).map_or_else(String::new, |sku| cell(sku)),
            line.requested_qty.to_string(),
            OrderStatus::from(order.status).as_str().to_owned(),
            cell(order.note.as_deref().unwrap_or_default()),
            order.created_at.to_string(),
            time(order.submitted_at),
            time(order.fulfilled_at),
            time(order.cancelled_at),
            as_is(true),
        ])?;
    }
    Ok(())
}

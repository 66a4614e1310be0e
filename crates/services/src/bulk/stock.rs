//! Stock in files: what is on hand, by branch and SKU.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::adjustment::SetStock;
use domain::{Quantity, StockKey};
use jiff::Timestamp;

use super::cells::Reader;
use super::names::Names;
use super::table::{Column, Row, Table};
use super::work::{CHUNK, Effect, Work, Written};
use super::{BadRow, BulkError};
use crate::Command;
use crate::documents::adjustments::StockCount;
use crate::engine::Outcome;
use crate::store::stock as levels;

pub(super) const COLUMNS: &[Column] = &[
    Column { name: "branch", required: true },
    Column { name: "sku", required: true },
    Column { name: "quantity", required: true },
    Column { name: "reason", required: false },
    Column { name: "at", required: false },
];

/// One count of a file.
pub(super) struct StockRow {
    pub line: u64,
    branch: String,
    sku: String,
    quantity: Quantity,
    reason: Option<String>,
    at: Option<Timestamp>,
}

pub(super) fn parse(table: &Table, row: &Row) -> Result<StockRow, Vec<BadRow>> {
    let mut reader = Reader::new(table, row);
    let quantity = reader.required_quantity("quantity");
    if quantity.is_negative() {
        reader.fault("quantity", "must not be below zero");
    }
    let reason = reader.some_text("reason").map(str::to_owned);
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > 500) {
        reader.fault("reason", "must have at most 500 characters");
    }
    let row = StockRow {
        line: row.line,
        branch: reader.required("branch").to_owned(),
        sku: reader.required("sku").to_owned(),
        quantity,
        reason,
        at: reader.time("at"),
    };
    reader.finish(row)
}

/// Posts the counts. Several counts of one level may stand in a file if each has its own time; they are posted in
/// the order of time.
pub(super) async fn write(work: &Work<'_>, rows: &[&StockRow]) -> Result<Written, BulkError> {
    let mut written = Written::default();
    let names = Names::load(work, rows.iter().map(|row| (row.branch.as_str(), row.sku.as_str()))).await?;
    let mut seen = HashSet::new();
    let mut counts = Vec::with_capacity(rows.len());
    for row in rows {
        let mut fault = |column, reason: &str| {
            written.bad.push(BadRow { line: row.line, column: Some(column), reason: reason.to_owned() });
        };
        let (branch, item) = (names.branch(&row.branch), names.item(&row.sku));
        if branch.is_none() {
            fault("branch", "there is no such branch");
        }
        if item.is_none() {
            fault("sku", "there is no such item");
        }
        let (Some(branch), Some(item)) = (branch, item) else { continue };
        let key = StockKey { branch, item };
        if !seen.insert((key, row.at)) {
            fault("sku", "is counted in an earlier line too; give each count its own time in the column at");
            continue;
        }
        counts.push((row, key));
    }
    counts.sort_by_key(|(row, _)| row.at.unwrap_or(work.now));
    // Every level is locked at once and in key order, so that this waits for posting lanes, but never in a circle.
    let keys: Vec<StockKey> =
        counts.iter().map(|(_, key)| *key).collect::<BTreeSet<_>>().into_iter().collect();
    let locked = levels::lock(work.conn, &[], &keys).await?;
    let mut on_hand: HashMap<StockKey, Quantity> =
        locked.into_iter().map(|row| (row.key, row.level.quantity)).collect();
    for chunk in counts.chunks(CHUNK) {
        let request = |(row, key): &(&&StockRow, StockKey)| {
            let set = SetStock { key: *key, quantity: row.quantity, override_negative: false };
            work.request(Command::SetStock(StockCount { set, reason: row.reason.clone(), at: row.at }))
        };
        let requests: Vec<_> = chunk.iter().map(request).collect();
        for ((row, key), outcome) in chunk.iter().zip(work.post(&requests).await?) {
            match outcome {
                Outcome::Refused(refusal, _) => {
                    let column = Some("quantity");
                    written.bad.push(BadRow { line: row.line, column, reason: refusal.to_string() });
                }
                _ => written.effects.push(match on_hand.insert(*key, row.quantity) {
                    None => Effect::Created,
                    Some(before) if before == row.quantity => Effect::Unchanged,
                    Some(_) => Effect::Changed,
                }),
            }
        }
        (work.done)(chunk.len());
    }
    Ok(written)
}

//! Stock in files: what is on hand, by branch and SKU.

use domain::adjustment::{SetStock, Target};
use domain::{Quantity, StockKey};
use jiff::Timestamp;
use platform::pg::Queries;

use super::cells::Reader;
use super::faults::Faults;
use super::names::Branches;
use super::table::{Column, Columns, Row, Table};
use super::work::{CHUNK, Effect, Work, Written};
use super::{BadRow, BulkError};
use crate::Command;
use crate::documents::adjustments::StockCount;
use crate::engine::Outcome;
use crate::store::staging::{self, CountWrite, StagedCount};

pub(super) const COLUMNS: &[Column] = &[
    Column { name: "branch", required: true },
    Column { name: "sku", required: true },
    Column { name: "quantity", required: true },
    Column { name: "reason", required: false },
    Column { name: "at", required: false },
];

/// One count of a file.
pub(super) struct StockRow {
    branch: String,
    sku: String,
    quantity: Quantity,
    reason: Option<String>,
    at: Option<Timestamp>,
}

pub(super) fn parse(columns: &Columns, row: &Row, branches: &Branches) -> Result<StockRow, Vec<BadRow>> {
    let mut reader = Reader::new(columns, row);
    let quantity = reader.required_quantity("quantity");
    if quantity.is_negative() {
        reader.fault("quantity", "must not be below zero");
    }
    let reason = reader.some_text("reason");
    let reason = reason.map(|reason| {
        reader.checked("reason", &reason, |faults, text| faults.paragraph("/reason", text, 500))
    });
    let branch = reader.required("branch").into_owned();
    let zone = branches.zone(&branch);
    let row = StockRow {
        branch,
        sku: reader.required("sku").into_owned(),
        quantity,
        reason,
        at: reader.time("at", &zone),
    };
    reader.finish(row)
}

/// Puts the counts where they can be sorted; says how many rows the file has.
pub(super) async fn stage(
    conn: &Queries,
    table: &mut Table<'_>,
    faults: &mut Faults<'_>,
) -> Result<u64, BulkError> {
    let branches = Branches::load(conn).await?;
    let mut copy = staging::copy_counts(conn).await?;
    let (mut row, mut rows) = (Row::default(), 0);
    while table.next(&mut row)? {
        rows += 1;
        match parse(&table.columns, &row, &branches) {
            Ok(StockRow { branch, sku, quantity, reason, at }) => {
                let (line, branch) = (row.line, branches.find(&branch));
                let write = CountWrite { line, branch, sku: &sku, quantity, reason: reason.as_deref(), at };
                staging::count(&mut copy, &write).await?;
            }
            Err(bad) => faults.extend(bad),
        }
        faults.settle().await?;
    }
    copy.finish().await?;
    Ok(rows)
}

/// Posts the counts, level after level. Several counts of one level may stand in a file if each has its own time; they
/// are posted in the order of time.
pub(super) async fn write(
    work: &Work<'_>,
    staged: &Queries,
    faults: &mut Faults<'_>,
) -> Result<Written, BulkError> {
    // Every level there is gets locked before any is made, and both in key order: so this waits for posting lanes, but
    // never in a circle, as it would where a lane holds a later level and makes an earlier one.
    for (branch, items) in staging::counted_levels(staged).await? {
        work.lock(branch, &items).await?;
    }
    let mut rows = staging::counts(staged).await?;
    let mut poster = Poster { work, written: Written::default(), last: None };
    let mut chunk = rows.chunk(CHUNK).await?;
    while !chunk.is_empty() {
        let counts: Vec<StagedCount> = chunk.iter().map(staging::counted).collect();
        // The next rows come while these are written.
        let (_, next) = futures_util::try_join!(poster.post(&counts, faults), async {
            rows.chunk(CHUNK).await.map_err(BulkError::from)
        })?;
        faults.settle().await?;
        chunk = next;
    }
    Ok(poster.written)
}

/// Posts counts, and knows what was on hand before.
struct Poster<'w> {
    work: &'w Work<'w>,
    written: Written,
    /// The level counted last, and what is on hand there since.
    last: Option<(StockKey, Quantity)>,
}

impl Poster<'_> {
    async fn post(&mut self, counts: &[StagedCount], faults: &mut Faults<'_>) -> Result<(), BulkError> {
        let good: Vec<(&StagedCount, StockKey)> =
            counts.iter().filter_map(|count| Some((count, checked(count, faults)?))).collect();
        let request = |(count, key): &(&StagedCount, StockKey)| {
            let to = Target::Quantity(count.quantity);
            let set = SetStock { key: *key, to, expected: None, override_negative: false };
            self.work.request(Command::SetStock(StockCount {
                set,
                reason: count.reason.clone(),
                at: count.at,
            }))
        };
        let requests: Vec<_> = good.iter().map(request).collect();
        let (before, outcomes) = self.work.post(&requests).await?;
        for ((count, key), outcome) in good.into_iter().zip(outcomes) {
            if let Outcome::Refused(refusal, _) = outcome {
                let (line, column) = (count.line, Some("quantity"));
                faults.add(BadRow { line, column, reason: refusal.to_string() });
                continue;
            }
            let counted_before = self.last.filter(|(last, _)| *last == key).map(|(_, quantity)| quantity);
            let on_hand = counted_before.or_else(|| before.get(&key).map(|level| level.quantity));
            self.written.count(match on_hand {
                None => Effect::Created,
                Some(quantity) if quantity == count.quantity => Effect::Unchanged,
                Some(_) => Effect::Changed,
            });
            self.last = Some((key, count.quantity));
        }
        (self.work.done)(counts.len());
        Ok(())
    }
}

/// The level that a count is of, if it is a good one.
fn checked(count: &StagedCount, faults: &mut Faults<'_>) -> Option<StockKey> {
    let mut fault = |column, reason: &str| {
        faults.add(BadRow { line: count.line, column: Some(column), reason: reason.to_owned() });
    };
    if count.branch.is_none() {
        fault("branch", "there is no such branch");
    }
    if count.item.is_none() {
        fault("sku", "there is no such item");
    }
    let key = StockKey { branch: count.branch?, item: count.item? };
    if count.repeated {
        fault("sku", "is counted in an earlier line too; give each count its own time in the column at");
        return None;
    }
    Some(key)
}

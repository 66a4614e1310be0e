//! Stock in files: what is on hand, by branch and SKU.

use std::collections::HashMap;

use domain::adjustment::{SetStock, Target};
use domain::{BranchId, Quantity, Refusal, StockKey};
use jiff::Timestamp;
use platform::pg::{PgError, Queries};

use super::cells::Reader;
use super::faults::Faults;
use super::names::Branches;
use super::table::{Column, Columns, Row, Table};
use super::work::{CHUNK, Effect, Work, Written};
use super::{BadRow, BulkError, CHANGES_SHOWN, FieldChange, RowChange};
use crate::Command;
use crate::codes;
use crate::documents::adjustments::StockCount;
use crate::engine::{Outcome, Request, batch};
use crate::store::movements::{self, Past};
use crate::store::staging::{self, CountWrite, StagedCount};
use crate::store::stock::LevelRow;
use crate::store::{branches, items};

pub(super) const COLUMNS: &[Column] = &[
    Column { name: "branch", required: true },
    Column { name: "sku", required: true },
    Column { name: "quantity", required: true },
    Column { name: "reason", required: false },
    Column { name: "at", required: false },
    Column { name: "as_is", required: false },
];

/// One count of a file.
pub(super) struct StockRow {
    branch: String,
    sku: String,
    quantity: Quantity,
    reason: Option<String>,
    at: Option<Timestamp>,
    /// It stands as it is, whatever the rules for new counts.
    as_is: bool,
}

pub(super) fn parse(columns: &Columns, row: &Row, branches: &Branches) -> Result<StockRow, Vec<BadRow>> {
    let mut reader = Reader::new(columns, row);
    let quantity = reader.required_quantity("quantity");
    let reason = reader.some_text("reason");
    let reason = reason.map(|reason| {
        reader.checked("reason", &reason, |faults, text| faults.paragraph("/reason", text, 500))
    });
    let branch = reader.required("branch").into_owned();
    let zone = branches.zone(&branch);
    let row = StockRow {
        branch,
        sku: reader.required_code("sku").into_owned(),
        quantity,
        reason,
        at: reader.time("at", &zone),
        as_is: reader.flag("as_is").unwrap_or(false),
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
            Ok(StockRow { branch, sku, quantity, reason, at, as_is }) => {
                let (line, branch) = (row.line, branches.find(&branch));
                let write =
                    CountWrite { line, branch, sku: &sku, quantity, reason: reason.as_deref(), at, as_is };
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
    let mut poster = Poster { work, written: Written::default(), changed: Vec::new() };
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
    Ok(poster.finish().await?)
}

/// The levels and the past that a chunk of counts finds.
#[derive(Default)]
struct Found {
    /// The levels that there are.
    levels: HashMap<StockKey, LevelRow>,
    /// The ledger at the times of counts that may come too late, by place in the chunk.
    past: HashMap<usize, Past>,
}

impl Found {
    async fn of(work: &Work<'_>, loaded: &batch::Loaded, counts: &[Counted<'_>]) -> Result<Found, PgError> {
        let levels: HashMap<StockKey, LevelRow> = loaded.levels().map(|row| (row.key, *row)).collect();
        let early = |(place, (count, key)): (usize, &Counted<'_>)| {
            let (at, level) = (count.at?, levels.get(key)?);
            (at < level.updated_at).then_some((place, (*key, at)))
        };
        let (places, asked): (Vec<usize>, Vec<_>) = counts.iter().enumerate().filter_map(early).unzip();
        let past = movements::past(work.conn, &asked).await?;
        let past = places.into_iter().zip(past).filter_map(|(place, past)| Some((place, past?))).collect();
        Ok(Found { levels, past })
    }
}

/// A count with the level it is of.
type Counted<'c> = (&'c StagedCount, StockKey);

/// Posts counts, and knows what they changed.
struct Poster<'w> {
    work: &'w Work<'w>,
    written: Written,
    /// The first levels that change: line, level, and quantity before and after.
    changed: Vec<(u64, StockKey, Option<Quantity>, Quantity)>,
}

impl Poster<'_> {
    async fn post(&mut self, counts: &[StagedCount], faults: &mut Faults<'_>) -> Result<(), BulkError> {
        let good: Vec<Counted<'_>> =
            counts.iter().filter_map(|count| Some((count, checked(count, faults)?))).collect();
        let quantities: Vec<Quantity> = good.iter().map(|(count, _)| count.quantity).collect();
        let mut scans = codes::faults_of(self.work.conn, &quantities).await?;
        let requests: Vec<_> = good.iter().map(|(count, key)| self.request(count, *key)).collect();
        let all: Vec<_> = requests.iter().collect();
        let loaded = batch::load(self.work.conn, &all).await?;
        let found = Found::of(self.work, &loaded, &good).await?;
        let (mut asked, mut asking): (Vec<Counted<'_>>, Vec<_>) = (Vec::new(), Vec::new());
        for (place, ((count, key), request)) in good.into_iter().zip(all).enumerate() {
            let counted_before = asked.last().is_some_and(|(_, last)| *last == key);
            let level = found.levels.get(&key);
            match found.past.get(&place) {
                Some(past) if count.at.is_some_and(|at| at < past.moved_at) => {
                    if past.balance == count.quantity {
                        self.written.count(Effect::Unchanged);
                    } else {
                        faults.add(late(count, past));
                    }
                }
                // Nothing changes, so nobody asks whether it may.
                _ if !counted_before && level.is_some_and(|row| row.level.quantity == count.quantity) => {
                    self.written.count(Effect::Unchanged);
                }
                _ => match scans.get_mut(place).and_then(Option::take).filter(|_| !count.as_is) {
                    Some(reason) => faults.add(BadRow { line: count.line, column: Some("quantity"), reason }),
                    None => {
                        asked.push((count, key));
                        asking.push(request);
                    }
                },
            }
        }
        let outcomes = self.work.post_loaded(loaded, &asking).await?;
        // The quantity on hand since the last count of a level that has several.
        let mut last: Option<(StockKey, Quantity)> = None;
        for ((count, key), outcome) in asked.into_iter().zip(outcomes) {
            if let Outcome::Refused(refusal, _) = outcome {
                faults.add(refused(count, &refusal));
                continue;
            }
            let counted_before = last.filter(|(last, _)| *last == key).map(|(_, quantity)| quantity);
            let on_hand = counted_before.or_else(|| found.levels.get(&key).map(|row| row.level.quantity));
            last = Some((key, count.quantity));
            if on_hand == Some(count.quantity) {
                self.written.count(Effect::Unchanged);
                continue;
            }
            self.written.count(if on_hand.is_none() { Effect::Created } else { Effect::Changed });
            if self.changed.len() < CHANGES_SHOWN {
                self.changed.push((count.line, key, on_hand, count.quantity));
            }
        }
        (self.work.done)(counts.len());
        Ok(())
    }

    fn request(&self, count: &StagedCount, key: StockKey) -> Request {
        let StagedCount { quantity, as_is, at, .. } = *count;
        let override_negative = as_is && quantity.is_negative();
        let set = SetStock { key, to: Target::Quantity(quantity), expected: None, override_negative };
        let reason = count.reason.clone();
        self.work.request(Command::SetStock(StockCount { set, reason, at, as_is }))
    }

    /// Names what changed.
    async fn finish(mut self) -> Result<Written, PgError> {
        let mut items: Vec<i64> = self.changed.iter().map(|(_, key, ..)| key.item.0).collect();
        items.sort_unstable();
        items.dedup();
        let skus: HashMap<i64, String> = items::skus(self.work.conn, &items).await?.into_iter().collect();
        let names: HashMap<BranchId, String> = branches::names(self.work.conn)
            .await?
            .into_iter()
            .map(|branch| (branch.id, branch.name))
            .collect();
        for (line, key, from, to) in self.changed {
            let name = names.get(&key.branch).map_or("", String::as_str);
            let sku = skus.get(&key.item.0).map_or("", String::as_str);
            let (from, to) = (from.map(|from| from.to_string()), to.to_string());
            let fields = vec![FieldChange { name: "quantity", from, to }];
            self.written.tell(|| RowChange { line, of: format!("{name}, {sku}"), fields });
        }
        Ok(self.written)
    }
}

/// A count of the past that says otherwise than the ledger, which moved on since. What was counted then says nothing of
/// what is there now.
fn late(count: &StagedCount, past: &Past) -> BadRow {
    let Past { balance, moved_at } = past;
    let reason = format!(
        "{balance} was on hand then, not {}, and the level moved since, last at {moved_at}; count it again, and leave \
         this row out",
        count.quantity
    );
    BadRow { line: count.line, column: Some("at"), reason }
}

/// Why the rules refuse a count.
fn refused(count: &StagedCount, refusal: &Refusal) -> BadRow {
    let reason = match refusal {
        Refusal::BelowZero => {
            "must not be below zero; where it is so all the same, write yes in the column as_is"
        }
        Refusal::InactiveBranch => {
            "the branch is not active; where this is there all the same, write yes in the column as_is"
        }
        Refusal::InactiveItems(_) => {
            "the item is not active; where this is there all the same, write yes in the column as_is"
        }
        other => return BadRow { line: count.line, column: Some("quantity"), reason: other.to_string() },
    };
    BadRow { line: count.line, column: Some("quantity"), reason: reason.to_owned() }
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
    // A negative count is told as that.
    if count.repeated && (count.as_is || !count.quantity.is_negative()) {
        fault("sku", "is counted in an earlier line too; give each count its own time in the column at");
        return None;
    }
    Some(key)
}

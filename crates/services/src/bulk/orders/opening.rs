//! What is put on hand before orders that stand as they are take it away.
//!
//! Such orders happened elsewhere, and the stock of the file's company was counted after them. So they must leave on hand
//! what they find: what those of the file took of a level is put there before the first of them, in one adjustment.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::adjustment::{SetStock, Target};
use domain::order::OrderStatus;
use domain::{BranchId, ItemId, Quantity, StockKey};
use jiff::Timestamp;
use platform::pg::PgError;

use super::read::Head;
use crate::Command;
use crate::bulk::BulkError;
use crate::bulk::work::{CHUNK, Work};
use crate::documents::adjustments::StockCount;
use crate::engine::Outcome;
use crate::store::movements;
use crate::store::staging::StagedOrder;
use crate::store::stock::LevelRow;

/// The reason of such an adjustment in the ledger.
const REASON: &str = "Opening, before imported orders";

/// The effect of the file's orders on one level.
#[derive(Debug, Clone, Copy)]
struct Opening {
    /// The quantity taken by orders that stand as they are.
    taken: Quantity,
    /// When an order of the file first touched the level.
    first: Timestamp,
    /// When an order of the file first took of it.
    first_taken: Option<Timestamp>,
}

/// The quantities to put on hand, by branch.
#[derive(Debug, Default)]
pub(super) struct Openings(BTreeMap<BranchId, HashMap<ItemId, Opening>>);

impl Openings {
    /// Adds what an order does, whose lines are good.
    pub(super) fn add(&mut self, order: &StagedOrder, now: Timestamp) -> Result<(), BulkError> {
        let head = order.head.as_deref().and_then(Head::parse);
        let (Some(branch), Some(head)) = (order.branch, head) else { return Ok(()) };
        let steps = head.steps();
        let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return Ok(()) };
        let at = |step: &(_, Option<Timestamp>)| step.1.unwrap_or(now);
        let takes = head.status == OrderStatus::Fulfilled;
        // A draft that was cancelled touched nothing.
        if !takes && head.status == OrderStatus::Cancelled && steps.len() == 1 {
            return Ok(());
        }
        let levels = self.0.entry(branch).or_default();
        for wanted in &order.wanted {
            let Some((item, _)) = wanted.item else { continue };
            let none = Opening { taken: Quantity::ZERO, first: at(first), first_taken: None };
            let opening = levels.entry(item).or_insert(none);
            opening.first = opening.first.min(at(first));
            if takes {
                let earlier = opening.first_taken.unwrap_or_else(|| at(last));
                opening.first_taken = Some(earlier.min(at(last)));
            }
            if takes && head.as_is {
                let taken = opening.taken.checked_add(wanted.requested);
                opening.taken = taken.ok_or_else(too_much)?;
            }
        }
        Ok(())
    }

    /// Whether orders that stand as they are, or others of their file, ask for stock of the branch.
    pub(super) fn are_at(&self, branch: BranchId) -> bool {
        self.0.contains_key(&branch)
    }

    /// Puts on hand at a branch what its orders take. `levels` are those that there are, locked.
    pub(super) async fn post(
        &mut self,
        work: &Work<'_>,
        branch: BranchId,
        levels: &[LevelRow],
    ) -> Result<(), BulkError> {
        let Some(mut openings) = self.0.remove(&branch) else { return Ok(()) };
        let levels: HashMap<ItemId, &LevelRow> = levels.iter().map(|row| (row.key.item, row)).collect();
        let late: HashSet<ItemId> = late(work, branch, &openings, &levels).await?.into_iter().collect();
        // Those orders are told that the level moved since.
        openings.retain(|item, opening| {
            !late.contains(item) && (opening.taken.is_positive() || !levels.contains_key(item))
        });
        let mut openings: Vec<(ItemId, Opening)> = openings.into_iter().collect();
        openings.sort_unstable_by_key(|(item, _)| *item);
        for openings in openings.chunks(CHUNK) {
            let mut requests = Vec::with_capacity(openings.len());
            for (item, opening) in openings {
                let before = levels.get(item).map_or(Quantity::ZERO, |row| row.level.quantity);
                let quantity = before.checked_add(opening.taken).ok_or_else(too_much)?;
                let set = SetStock {
                    key: StockKey { branch, item: *item },
                    to: Target::Quantity(quantity),
                    expected: None,
                    override_negative: quantity.is_negative(),
                };
                let at = Some(opening.first_taken.unwrap_or(opening.first));
                let reason = Some(REASON.to_owned());
                requests.push(work.request(Command::SetStock(StockCount { set, reason, at, as_is: true })));
            }
            let outcomes = work.post(&requests).await?;
            if outcomes.iter().any(|outcome| matches!(outcome, Outcome::Refused(..))) {
                return Err(too_much());
            }
        }
        Ok(())
    }
}

/// The items whose level moved after the first order of the file took of it.
async fn late(
    work: &Work<'_>,
    branch: BranchId,
    openings: &HashMap<ItemId, Opening>,
    levels: &HashMap<ItemId, &LevelRow>,
) -> Result<Vec<ItemId>, PgError> {
    let changed_since = |(item, opening): (&ItemId, &Opening)| {
        let (at, level) = (opening.first_taken?, levels.get(item)?);
        (at < level.updated_at).then_some((StockKey { branch, item: *item }, at))
    };
    let asked: Vec<(StockKey, Timestamp)> = openings.iter().filter_map(changed_since).collect();
    let past = movements::past(work.conn, &asked).await?;
    let moved = asked.iter().zip(past).filter(|((_, at), past)| past.is_some_and(|past| past.moved_at > *at));
    Ok(moved.map(|((key, _), _)| key.item).collect())
}

fn too_much() -> BulkError {
    BulkError::File("the orders take more of an item than can be written down".to_owned())
}

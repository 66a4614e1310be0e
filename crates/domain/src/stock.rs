//! Stock levels: one item at one branch.

use std::collections::HashMap;

use crate::ids::{BranchId, ItemId};
use crate::movement::Movement;
use crate::posting::Posting;
use crate::quantity::Quantity;
use crate::refusal::{Refusal, Short};

/// Which stock level: the item and the branch that holds it. Ordered by branch, then item: the order of locking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StockKey {
    /// The branch that holds the stock.
    pub branch: BranchId,
    /// The item that is held.
    pub item: ItemId,
}

/// How much of one item one branch has on hand, and how much of that is promised to submitted orders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StockLevel {
    /// On hand. Below zero only when an Admin's override made it so.
    pub quantity: Quantity,
    /// Promised to submitted orders; never below zero.
    pub reserved: Quantity,
}

impl StockLevel {
    /// What may still be promised: `quantity − reserved`. Below zero when a count found less than was promised.
    pub fn available(&self) -> Quantity {
        // A difference of two in-range values where `reserved ≥ 0` can only fall below the range's lower end.
        self.quantity.checked_sub(self.reserved).unwrap_or(Quantity::MIN)
    }
}

/// The stock levels that a batch of commands works on, as they stand after the postings so far.
#[derive(Debug, Clone, Default)]
pub struct Levels(HashMap<StockKey, StockLevel>);

impl Levels {
    /// The level under `key`; an item never stocked at a branch has nothing.
    pub fn get(&self, key: StockKey) -> StockLevel {
        self.0.get(&key).copied().unwrap_or_default()
    }

    /// Every level that was loaded or posted to.
    pub fn iter(&self) -> impl Iterator<Item = (StockKey, StockLevel)> + '_ {
        self.0.iter().map(|(key, level)| (*key, *level))
    }

    /// Applies a posting: all of it, or none and the refusal.
    ///
    /// Whatever the document, these hold afterwards: nothing on hand falls below zero without an override, nothing
    /// reserved falls below zero, and every change on hand is a movement with the balance after it.
    ///
    /// # Errors
    /// [`Refusal::InsufficientStock`] when a level would fall below zero without an override,
    /// [`Refusal::OutOfRange`] when a quantity would leave its range, and [`Refusal::Inconsistent`] when more would
    /// be released than is reserved.
    pub fn post(&mut self, posting: &Posting) -> Result<Vec<Movement>, Refusal> {
        let mut next: HashMap<StockKey, StockLevel> = HashMap::with_capacity(posting.changes.len());
        let mut movements = Vec::with_capacity(posting.changes.len());
        let mut short = Vec::new();
        for change in &posting.changes {
            let before = next.get(&change.key).copied().unwrap_or_else(|| self.get(change.key));
            let quantity = before.quantity.checked_add(change.quantity).ok_or(Refusal::OutOfRange)?;
            let reserved = before.reserved.checked_add(change.reserved).ok_or(Refusal::OutOfRange)?;
            if reserved.is_negative() {
                return Err(Refusal::Inconsistent);
            }
            if quantity.is_negative() && change.quantity.is_negative() && !change.override_negative {
                short.push(Short {
                    item: change.key.item,
                    requested: -change.quantity,
                    available: before.quantity,
                });
            }
            if !change.quantity.is_zero() {
                movements.push(Movement {
                    key: change.key,
                    kind: posting.kind,
                    quantity: change.quantity,
                    balance: quantity,
                });
            }
            next.insert(change.key, StockLevel { quantity, reserved });
        }
        if !short.is_empty() {
            return Err(Refusal::InsufficientStock(short));
        }
        self.0.extend(next);
        Ok(movements)
    }
}

impl FromIterator<(StockKey, StockLevel)> for Levels {
    fn from_iter<I: IntoIterator<Item = (StockKey, StockLevel)>>(levels: I) -> Levels {
        Levels(levels.into_iter().collect())
    }
}

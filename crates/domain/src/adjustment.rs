//! Adjustments: setting what is on hand.

use crate::movement::MovementKind;
use crate::posting::{Change, Posting};
use crate::quantity::Quantity;
use crate::refusal::Refusal;
use crate::stock::{Levels, StockKey};

/// Set the quantity on hand of one item at one branch; the difference is a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetStock {
    /// Where and what.
    pub key: StockKey,
    /// What is on hand from now on.
    pub quantity: Quantity,
    /// What is on hand as the caller knows it; nothing is set where it is another. None where what was counted is right
    /// whatever was there before.
    pub expected: Option<Quantity>,
    /// An Admin allows a quantity below zero.
    pub override_negative: bool,
}

/// What an adjustment needs to know of its branch and item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockFacts {
    /// The branch takes part in business.
    pub branch_active: bool,
    /// The item takes part in business.
    pub item_active: bool,
    /// How many decimal places the item's quantities may have.
    pub decimal_places: u8,
}

/// Decides one adjustment. A count may find less than was promised: `available` may fall below zero by it.
///
/// # Errors
/// A [`Refusal`] when the branch or item is not active, the quantity is too precise for the item, it is below zero
/// without an override, or something else is on hand than is expected.
pub fn decide(command: &SetStock, facts: StockFacts, levels: &Levels) -> Result<Posting, Refusal> {
    if !facts.branch_active {
        return Err(Refusal::InactiveBranch);
    }
    if !facts.item_active {
        return Err(Refusal::InactiveItems(vec![command.key.item]));
    }
    if command.quantity.decimal_places() > facts.decimal_places {
        return Err(Refusal::TooPrecise { allowed: facts.decimal_places });
    }
    if command.quantity.is_negative() && !command.override_negative {
        return Err(Refusal::BelowZero);
    }
    let before = levels.get(command.key);
    if command.expected.is_some_and(|expected| expected != before.quantity) {
        return Err(Refusal::Changed { found: before.quantity });
    }
    let difference = command.quantity.checked_sub(before.quantity).ok_or(Refusal::OutOfRange)?;
    let change = Change {
        key: command.key,
        quantity: difference,
        reserved: Quantity::ZERO,
        override_negative: command.override_negative,
    };
    Ok(Posting { kind: MovementKind::Adjustment, changes: vec![change] })
}

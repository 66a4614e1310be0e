//! Adjustments: setting what is on hand, and taking back what an adjustment did.

use crate::ids::MovementId;
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
    pub to: Target,
    /// What is on hand as the caller knows it; nothing is set where it is another. None where what was counted is right
    /// whatever was there before.
    pub expected: Option<Quantity>,
    /// An Admin allows a quantity below zero.
    pub override_negative: bool,
}

/// What an adjustment leaves on hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// This quantity.
    Quantity(Quantity),
    /// What there is without what an earlier adjustment brought or took.
    Undo {
        /// The movement of that adjustment.
        movement: MovementId,
        /// What is on hand afterwards as the caller expects it, where the caller says so.
        leaves: Option<Quantity>,
    },
}

/// What an adjustment needs to know of its branch and item, and of the movement that it undoes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockFacts {
    /// The branch takes part in business.
    pub branch_active: bool,
    /// The item takes part in business.
    pub item_active: bool,
    /// How many decimal places the item's quantities may have.
    pub decimal_places: u8,
    /// The movement to undo; none where there is no such adjustment of this level, or nothing is undone.
    pub undone: Option<Undone>,
}

/// What is known of a movement that is to be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undone {
    /// What it brought or took.
    pub quantity: Quantity,
    /// Whether it was undone before.
    pub before: Before,
}

/// Whether a movement was undone before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// It was not.
    No,
    /// By this movement.
    By(MovementId),
    /// By one that has no number yet.
    JustNow,
}

impl SetStock {
    /// The movement that it undoes, where it undoes one.
    pub const fn undoes(&self) -> Option<MovementId> {
        match self.to {
            Target::Quantity(_) => None,
            Target::Undo { movement, .. } => Some(movement),
        }
    }
}

/// Decides one adjustment. A count may find less than was promised: `available` may fall below zero by it. What is left
/// at an inactive branch or of an inactive item may be counted down, so that it can leave the books.
///
/// # Errors
/// A [`Refusal`] when the movement to undo cannot be undone, the branch or item is not active and the adjustment does not
/// count down what is left, the quantity is too precise for the item, it is below zero without an override, or something
/// else is on hand than is expected.
pub fn decide(command: &SetStock, facts: StockFacts, levels: &Levels) -> Result<Posting, Refusal> {
    let before = levels.get(command.key).quantity;
    let quantity = match command.to {
        Target::Quantity(quantity) => quantity,
        Target::Undo { movement, .. } => left_without(movement, facts.undone, before)?,
    };
    if !counts_down(before, quantity) {
        if !facts.branch_active {
            return Err(Refusal::InactiveBranch);
        }
        if !facts.item_active {
            return Err(Refusal::InactiveItems(vec![command.key.item]));
        }
    }
    if quantity.decimal_places() > facts.decimal_places {
        return Err(Refusal::TooPrecise { allowed: facts.decimal_places });
    }
    if quantity.is_negative() && !command.override_negative {
        return Err(Refusal::BelowZero);
    }
    if command.expected.is_some_and(|expected| expected != before) {
        return Err(Refusal::Changed { found: before });
    }
    if let Target::Undo { leaves: Some(leaves), .. } = command.to
        && leaves != quantity
    {
        return Err(Refusal::UndoLeaves(quantity));
    }
    let difference = quantity.checked_sub(before).ok_or(Refusal::OutOfRange)?;
    let change = Change {
        key: command.key,
        quantity: difference,
        reserved: Quantity::ZERO,
        override_negative: command.override_negative,
    };
    Ok(Posting { kind: MovementKind::Adjustment, changes: vec![change] })
}

/// What is on hand without what a movement brought or took. Each movement is undone once.
fn left_without(
    movement: MovementId,
    undone: Option<Undone>,
    on_hand: Quantity,
) -> Result<Quantity, Refusal> {
    let undone = undone.ok_or(Refusal::NotUndoable)?;
    let by = match undone.before {
        Before::No => return on_hand.checked_sub(undone.quantity).ok_or(Refusal::OutOfRange),
        Before::By(by) => Some(by),
        Before::JustNow => None,
    };
    Err(Refusal::UndoneBefore { movement, by })
}

/// Whether there is something left, and less of it afterwards: from below zero that is up to zero.
fn counts_down(before: Quantity, quantity: Quantity) -> bool {
    let (least, most) =
        if before.is_negative() { (before, Quantity::ZERO) } else { (Quantity::ZERO, before) };
    !before.is_zero() && least <= quantity && quantity <= most
}

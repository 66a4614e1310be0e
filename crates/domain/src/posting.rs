//! What a decided command does to stock levels.

use crate::movement::MovementKind;
use crate::quantity::Quantity;
use crate::stock::StockKey;

/// One document's effect on stock levels, to be applied whole or not at all by [`Levels::post`](crate::Levels::post).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The kind its movements carry.
    pub kind: MovementKind,
    /// The changes, each to another level; empty when only the document's state changes.
    pub changes: Vec<Change>,
}

/// What a posting does to one stock level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Which level.
    pub key: StockKey,
    /// Signed change on hand.
    pub quantity: Quantity,
    /// Signed change of what is reserved.
    pub reserved: Quantity,
    /// Whether an Admin allowed the quantity on hand to fall below zero.
    pub override_negative: bool,
}

//! The stock ledger's lines.

use crate::quantity::Quantity;
use crate::stock::StockKey;

/// What kind of document moved the stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MovementKind {
    /// An order was fulfilled: stock left the branch.
    Fulfilment,
    /// The quantity on hand was set by a count or a correction.
    Adjustment,
}

impl MovementKind {
    /// Every kind there is.
    pub const ALL: [MovementKind; 2] = [MovementKind::Fulfilment, MovementKind::Adjustment];

    /// What kind of document makes such movements.
    pub const fn document_type(self) -> &'static str {
        match self {
            MovementKind::Fulfilment => "order",
            MovementKind::Adjustment => "adjustment",
        }
    }

    /// The word for it on the wire and in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            MovementKind::Fulfilment => "fulfilment",
            MovementKind::Adjustment => "adjustment",
        }
    }
}

/// One immutable line of the ledger: what changed on hand, and the balance after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement {
    /// Where and what.
    pub key: StockKey,
    /// What kind of document caused it.
    pub kind: MovementKind,
    /// Signed change on hand; never zero.
    pub quantity: Quantity,
    /// On hand after this movement.
    pub balance: Quantity,
}

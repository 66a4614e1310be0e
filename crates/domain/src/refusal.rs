//! Why a command is not carried out.

use thiserror::Error;

use crate::ids::{ItemId, MovementId, OrderId};
use crate::order::{BranchFault, LineFault, OrderStatus};
use crate::quantity::Quantity;

/// A command was understood and is not carried out. It changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The document does not exist (any more).
    #[error("there is no such document")]
    NotFound,
    /// The order's state does not allow the command.
    #[error("the order is {status}; only {allowed} can be {verb}")]
    WrongState {
        /// The state it is in.
        status: OrderStatus,
        /// What the command is called, as a participle: "submitted".
        verb: &'static str,
        /// Which orders the command is for: "a draft".
        allowed: &'static str,
    },
    /// Lines that ask for more than there is; every short line is named.
    #[error("there is not enough stock")]
    InsufficientStock(Vec<Short>),
    /// The branch is not active.
    #[error("the branch is not active")]
    InactiveBranch,
    /// What a draft asks for cannot be: its branch, or its lines by their index.
    #[error("the draft is not valid")]
    InvalidDraft {
        /// What is wrong with its branch.
        branch: Option<BranchFault>,
        /// What is wrong with which line.
        lines: Vec<(usize, LineFault)>,
    },
    /// Another order of the branch has the reference, which must be unique.
    #[error("another order has this reference")]
    ReferenceTaken {
        /// Which order, for those who may see it.
        order: Option<OrderId>,
    },
    /// More than one order of the branch has the reference.
    #[error("more than one order has this reference")]
    ReferenceShared,
    /// Items that are not active.
    #[error("an item is not active")]
    InactiveItems(Vec<ItemId>),
    /// The quantity on hand may not be set below zero without an Admin's override.
    #[error("the quantity on hand cannot be below zero")]
    BelowZero,
    /// Something else is on hand than the caller expects.
    #[error("{found} is on hand")]
    Changed {
        /// What is.
        found: Quantity,
    },
    /// There is no such adjustment of this level to undo.
    #[error("there is no such adjustment of this branch and item")]
    NotUndoable,
    /// The movement was undone before. Nothing is undone twice.
    #[error("movement {movement} was undone already")]
    UndoneBefore {
        /// The movement that was to be undone.
        movement: MovementId,
        /// The movement that undid it, where that has a number yet.
        by: Option<MovementId>,
    },
    /// Undoing leaves another quantity on hand than the caller expects.
    #[error("undoing the movement leaves {0}")]
    UndoLeaves(Quantity),
    /// A quantity has more decimal places than its item allows.
    #[error("the item allows {allowed} decimal places")]
    TooPrecise {
        /// How many the item allows.
        allowed: u8,
    },
    /// A sum would leave the range of quantities.
    #[error("the resulting quantity is outside the range of ±999999999999.999")]
    OutOfRange,
    /// What is stored contradicts itself, as when an order would release more than is reserved.
    #[error("the stored stock contradicts the order")]
    Inconsistent,
}

/// One line that asks for more than there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    /// The item.
    pub item: ItemId,
    /// What the line asks for.
    pub requested: Quantity,
    /// What the line could have had.
    pub available: Quantity,
}

//! Orders and their life cycle: draft → submitted (stock reserved) → fulfilled, or cancelled.

use std::collections::HashSet;
use std::fmt;

use crate::ids::{BranchId, ItemId, OrderId};
use crate::movement::MovementKind;
use crate::posting::{Change, Posting};
use crate::quantity::Quantity;
use crate::refusal::{Refusal, Short};
use crate::stock::{Levels, StockKey};

/// The most lines an order may have.
pub const MAX_LINES: usize = 500;

/// Where an order stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// May still be edited; promises nothing.
    Draft,
    /// Its lines are reserved.
    Submitted,
    /// Its lines have left the branch.
    Fulfilled,
    /// Ended without leaving; nothing is reserved.
    Cancelled,
}

impl OrderStatus {
    /// Every status.
    pub const ALL: [OrderStatus; 4] =
        [OrderStatus::Draft, OrderStatus::Submitted, OrderStatus::Fulfilled, OrderStatus::Cancelled];

    /// The word for it on the wire and in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            OrderStatus::Draft => "draft",
            OrderStatus::Submitted => "submitted",
            OrderStatus::Fulfilled => "fulfilled",
            OrderStatus::Cancelled => "cancelled",
        }
    }

    /// Whether it ended without leaving.
    pub fn is_cancelled(self) -> bool {
        self == OrderStatus::Cancelled
    }

    /// The status of that word.
    pub fn parse(word: &str) -> Option<OrderStatus> {
        OrderStatus::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An order as the rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Which order.
    pub id: OrderId,
    /// The branch whose stock it takes.
    pub branch: BranchId,
    /// Whether that branch takes part in business.
    pub branch_active: bool,
    /// Where it stands.
    pub status: OrderStatus,
    /// Its lines, each of another item.
    pub lines: Vec<OrderLine>,
}

/// One line of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderLine {
    /// What is asked for.
    pub item: ItemId,
    /// Whether the item takes part in business.
    pub item_active: bool,
    /// How much is asked for; more than zero.
    pub requested: Quantity,
}

/// What can be done to an order that touches stock or ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderCommand {
    /// Reserve every line.
    Submit,
    /// Let every line leave the branch.
    Fulfil {
        /// An Admin allows the quantity on hand to fall below zero.
        override_negative: bool,
    },
    /// End it, and release what it reserved.
    Cancel,
}

impl OrderCommand {
    /// The status a carried-out command leaves the order in.
    pub const fn leads_to(self) -> OrderStatus {
        match self {
            OrderCommand::Submit => OrderStatus::Submitted,
            OrderCommand::Fulfil { .. } => OrderStatus::Fulfilled,
            OrderCommand::Cancel => OrderStatus::Cancelled,
        }
    }
}

/// Decides one command on an order, all lines or none.
///
/// # Errors
/// A [`Refusal`] when the order's state does not allow it, its branch or an item is not active, or stock is short.
pub fn decide(order: &Order, command: OrderCommand, levels: &Levels) -> Result<Posting, Refusal> {
    let posting = record(order, command)?;
    match (command, order.status) {
        (OrderCommand::Submit, _) => {
            require_active(order)?;
            require_stock(order, |key| levels.get(key).available())?;
        }
        // A draft holds no reservation, so it may take only what is promised to nobody else.
        (OrderCommand::Fulfil { override_negative }, OrderStatus::Draft) => {
            require_active(order)?;
            if !override_negative {
                require_stock(order, |key| levels.get(key).available())?;
            }
        }
        // A submitted order uses its own reservation, so only what is on hand limits it, also when a branch or an item was
        // made inactive since: a promise is kept.
        (OrderCommand::Fulfil { override_negative: false }, _) => {
            require_stock(order, |key| levels.get(key).quantity)?;
        }
        (OrderCommand::Fulfil { override_negative: true } | OrderCommand::Cancel, _) => {}
    }
    Ok(posting)
}

/// What a command does to the levels, where the order's state allows it. Nothing is asked of the stock, the branch and the
/// items: this is for what happened elsewhere and is only written down.
///
/// # Errors
/// [`Refusal::WrongState`] when the order's state does not allow the command.
pub fn record(order: &Order, command: OrderCommand) -> Result<Posting, Refusal> {
    let (quantity, reserved, override_negative) = match (command, order.status) {
        (OrderCommand::Submit, OrderStatus::Draft) => (0, 1, false),
        (OrderCommand::Fulfil { override_negative }, OrderStatus::Draft) => (-1, 0, override_negative),
        (OrderCommand::Fulfil { override_negative }, OrderStatus::Submitted) => (-1, -1, override_negative),
        (OrderCommand::Cancel, OrderStatus::Draft) => (0, 0, false),
        (OrderCommand::Cancel, OrderStatus::Submitted) => (0, -1, false),
        (OrderCommand::Submit, status) => return Err(wrong_state(status, "submitted", "a draft")),
        (OrderCommand::Fulfil { .. }, status) => {
            return Err(wrong_state(status, "fulfilled", "a draft or a submitted order"));
        }
        (OrderCommand::Cancel, status) => {
            return Err(wrong_state(status, "cancelled", "a draft or a submitted order"));
        }
    };
    let times = |sign: i8, requested: Quantity| match sign {
        0 => Quantity::ZERO,
        1 => requested,
        _ => -requested,
    };
    let change = |line: &OrderLine| Change {
        key: StockKey { branch: order.branch, item: line.item },
        quantity: times(quantity, line.requested),
        reserved: times(reserved, line.requested),
        override_negative,
    };
    let touches = |change: &Change| !change.quantity.is_zero() || !change.reserved.is_zero();
    let changes = order.lines.iter().map(change).filter(touches).collect();
    Ok(Posting { kind: MovementKind::Fulfilment, changes })
}

/// Allows edits and deletion while the order is a draft.
///
/// # Errors
/// [`Refusal::WrongState`] otherwise.
pub fn require_draft(status: OrderStatus, verb: &'static str) -> Result<(), Refusal> {
    match status {
        OrderStatus::Draft => Ok(()),
        _ => Err(wrong_state(status, verb, "a draft")),
    }
}

fn require_active(order: &Order) -> Result<(), Refusal> {
    if !order.branch_active {
        return Err(Refusal::InactiveBranch);
    }
    let inactive: Vec<ItemId> =
        order.lines.iter().filter(|line| !line.item_active).map(|line| line.item).collect();
    if inactive.is_empty() { Ok(()) } else { Err(Refusal::InactiveItems(inactive)) }
}

fn require_stock(order: &Order, limit: impl Fn(StockKey) -> Quantity) -> Result<(), Refusal> {
    let short: Vec<Short> = order
        .lines
        .iter()
        .filter_map(|line| {
            let available = limit(StockKey { branch: order.branch, item: line.item });
            (line.requested > available).then_some(Short {
                item: line.item,
                requested: line.requested,
                available,
            })
        })
        .collect();
    if short.is_empty() { Ok(()) } else { Err(Refusal::InsufficientStock(short)) }
}

fn wrong_state(status: OrderStatus, verb: &'static str, allowed: &'static str) -> Refusal {
    Refusal::WrongState { status, verb, allowed }
}

/// A line as a client asks for it, before the order exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftLine {
    /// What is asked for.
    pub item: ItemId,
    /// How much is asked for.
    pub requested: Quantity,
}

/// What the rules need to know of an item to accept a line of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemFacts {
    /// Whether the item takes part in business.
    pub active: bool,
    /// How many decimal places its quantities may have.
    pub decimal_places: u8,
}

/// What is wrong with a draft's branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BranchFault {
    /// There is no such branch.
    #[error("there is no such branch")]
    Unknown,
    /// The branch is not active.
    #[error("the branch is not active")]
    Inactive,
}

/// What is wrong with a draft's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// There is no such item.
    #[error("there is no such item")]
    UnknownItem,
    /// The item is not active.
    #[error("the item is not active")]
    InactiveItem,
    /// An earlier line has the same item.
    #[error("the same item stands in an earlier line; put the whole quantity on one line")]
    RepeatedItem,
    /// Zero or less is asked for.
    #[error("must be more than zero")]
    NotPositive,
    /// More decimal places than the item allows.
    #[error("has more decimal places than the item's {allowed}")]
    TooPrecise {
        /// How many the item allows.
        allowed: u8,
    },
}

impl LineFault {
    /// Whether the fault lies in the line's item (otherwise in its quantity).
    pub const fn is_of_item(self) -> bool {
        matches!(self, LineFault::UnknownItem | LineFault::InactiveItem | LineFault::RepeatedItem)
    }
}

/// Decides whether a draft may say what it says; `branch_active` is `None` when there is no such branch. `before` are the
/// lines that it has so far: at a branch or of an item that is not active, a draft may go on to ask for what it asked for,
/// or for less, so that its note can change and its lines can be taken out.
///
/// # Errors
/// [`Refusal::InvalidDraft`] names everything that is wrong.
pub fn check_draft(
    branch_active: Option<bool>,
    lines: &[DraftLine],
    before: &[DraftLine],
    facts: impl Fn(ItemId) -> Option<ItemFacts>,
) -> Result<(), Refusal> {
    let asks_for_more = || lines.iter().any(|line| !is_asked_for(line, before));
    let branch = match branch_active {
        None => Some(BranchFault::Unknown),
        Some(false) if asks_for_more() => Some(BranchFault::Inactive),
        Some(_) => None,
    };
    let lines = line_faults(lines, before, facts);
    if branch.is_none() && lines.is_empty() { Ok(()) } else { Err(Refusal::InvalidDraft { branch, lines }) }
}

/// Whether as much of the item was asked for before.
fn is_asked_for(line: &DraftLine, before: &[DraftLine]) -> bool {
    before.iter().any(|asked| asked.item == line.item && line.requested <= asked.requested)
}

/// Checks a draft's lines one by one; the index of each fault is its line's. How many lines there may be
/// (1 to [`MAX_LINES`]) is for the caller to check first.
pub fn line_faults(
    lines: &[DraftLine],
    before: &[DraftLine],
    facts: impl Fn(ItemId) -> Option<ItemFacts>,
) -> Vec<(usize, LineFault)> {
    let mut seen = HashSet::with_capacity(lines.len());
    let mut faults = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let item = facts(line.item);
        match item {
            None => faults.push((index, LineFault::UnknownItem)),
            Some(item) if !item.active && !is_asked_for(line, before) => {
                faults.push((index, LineFault::InactiveItem))
            }
            Some(_) if !seen.insert(line.item) => faults.push((index, LineFault::RepeatedItem)),
            Some(_) => {}
        }
        if !line.requested.is_positive() {
            faults.push((index, LineFault::NotPositive));
        } else if let Some(ItemFacts { decimal_places, .. }) = item
            && line.requested.decimal_places() > decimal_places
        {
            faults.push((index, LineFault::TooPrecise { allowed: decimal_places }));
        }
    }
    faults
}

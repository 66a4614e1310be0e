//! A batch on values in memory: what a lane decides, without the database.
//!
//! A simulator brings the [`Records`] that a lane would have loaded and locked, and gets what a lane would write:
//! [`decide`] calls the same functions as a lane does between its two round trips.

use domain::order::{ItemFacts, OrderStatus};
use domain::{BranchId, ItemId, Movement, OrderId, Quantity, StockKey, StockLevel};
use jiff::Timestamp;

use super::{Outcome, Request, batch};
pub use crate::answer::Answer;
pub use crate::asker::Asker;
pub use crate::documents::adjustments::StockCount;
pub use crate::documents::orders::OrderChange;
use crate::documents::{Documents, Facts, Loaded, adjustments::Adjustments, drafts::Drafts, orders::Orders};
use crate::request::IdempotencyKey;
use crate::store::idempotency::StoredAnswer;
pub use crate::store::orders::DraftWrite;
use crate::store::orders::{LineRow, OrderRow};
use crate::store::stock::LevelRow;

/// Everything that a batch needs to know, as it was loaded and locked.
#[derive(Debug, Clone)]
pub struct Records {
    /// The orders that the batch's commands name, those that there are.
    pub orders: Vec<OrderRecord>,
    /// The stock levels of their lines and of the counts, those that there are.
    pub levels: Vec<LevelRecord>,
    /// The branches, and whether each is active.
    pub branches: Vec<(BranchId, bool)>,
    /// What is known of the items.
    pub items: Vec<(ItemId, ItemFacts)>,
    /// A number for each draft.
    pub order_ids: Vec<i64>,
    /// A number for each line of the drafts.
    pub line_ids: Vec<i64>,
    /// A number for each count.
    pub adjustment_ids: Vec<i64>,
    /// What is known of each request's Idempotency-Key, of those requests that have one.
    pub keys: Vec<KeyRecord>,
    /// The time after the locks were taken.
    pub now: Timestamp,
}

/// An order with its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRecord {
    /// Which order.
    pub id: OrderId,
    /// The branch whose stock it takes.
    pub branch: BranchId,
    /// Where it stands.
    pub status: OrderStatus,
    /// How often it changed, its making included.
    pub version: i64,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was submitted, where it was.
    pub submitted_at: Option<Timestamp>,
    /// When it was fulfilled, where it was.
    pub fulfilled_at: Option<Timestamp>,
    /// When it was cancelled, where it was.
    pub cancelled_at: Option<Timestamp>,
    /// Each line's number, item and quantity.
    pub lines: Vec<(i64, ItemId, Quantity)>,
}

/// A stored level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelRecord {
    /// Where and what.
    pub key: StockKey,
    /// How much.
    pub level: StockLevel,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What is known of an Idempotency-Key.
#[derive(Debug, Clone)]
pub struct KeyRecord {
    /// Whether this transaction holds it.
    pub held: bool,
    /// The digest of the request that was answered under it, and the answer.
    pub answered: Option<(Vec<u8>, Answer)>,
}

/// What a batch writes in one transaction, and what its callers are told once that is committed.
#[derive(Debug)]
pub struct Written {
    /// New orders.
    pub drafted: Vec<OrderRecord>,
    /// Orders that moved on, as they stand now.
    pub changed: Vec<OrderRecord>,
    /// Levels as they stand now.
    pub levels: Vec<LevelWritten>,
    /// New lines of the ledger.
    pub movements: Vec<MovementWritten>,
    /// New entries of the audit, which go out as events.
    pub entries: Vec<EntryWritten>,
    /// First answers, to be kept under their keys.
    pub answers: Vec<(IdempotencyKey, Answer)>,
    /// What became of each request.
    pub outcomes: Vec<Outcome>,
}

/// A level to store.
#[derive(Debug, Clone, Copy)]
pub struct LevelWritten {
    /// What to store.
    pub record: LevelRecord,
    /// An Admin allowed this write to leave it below zero.
    pub override_negative: bool,
    /// It is inserted: when it was loaded, there was none.
    pub new: bool,
}

/// A line of the ledger to store.
#[derive(Debug, Clone)]
pub struct MovementWritten {
    /// What moved.
    pub movement: Movement,
    /// When.
    pub at: Timestamp,
    /// The number of the order or of the adjustment.
    pub document: i64,
    /// The request that moved it.
    pub request_id: Option<String>,
}

/// An entry of the audit to store.
#[derive(Debug, Clone)]
pub struct EntryWritten {
    /// What was done: `order.fulfilled`.
    pub action: &'static str,
    /// To what kind of thing.
    pub entity_type: &'static str,
    /// To which.
    pub entity_id: String,
    /// The request that did it.
    pub request_id: Option<String>,
    /// What changed, as JSON.
    pub details: String,
}

/// Decides the requests in arrival order, as a lane does.
pub fn decide(records: Records, requests: &[&Request]) -> Written {
    let facts = Facts::of(records.branches.iter().copied(), records.items.iter().copied());
    let orders = records.orders.into_iter().map(|order| {
        let branch_active = facts.branch_active(order.branch).unwrap_or_default();
        let lines = order.lines.iter().map(|(id, item, requested)| {
            let active = facts.item(*item).is_some_and(|item| item.active);
            (LineRow { id: *id, item_id: item.0, requested: *requested }, active)
        });
        let lines = lines.collect();
        (row(order), branch_active, lines)
    });
    let orders = Orders::of(orders);
    let documents = Documents {
        drafts: Drafts::of(records.order_ids, records.line_ids, facts.clone()),
        orders,
        adjustments: Adjustments::of(records.adjustment_ids, facts),
    };
    let level = |LevelRecord { key, level, updated_at }| LevelRow { key, level, updated_at };
    let levels = records.levels.into_iter().map(level).collect();
    let known = records.keys.into_iter().map(|key| {
        let answered = key.answered.map(|(request_hash, answer)| StoredAnswer { request_hash, answer });
        (key.held, answered)
    });
    let loaded = Loaded { documents, levels, now: records.now };
    written(batch::decide(batch::Loaded::with_keys(loaded, requests, known), requests))
}

fn written(decided: batch::Decided<'_>) -> Written {
    let answers = decided.answers().map(|write| (write.key.clone(), write.answer.clone())).collect();
    let level = |new| {
        move |write: &crate::store::stock::LevelWrite| LevelWritten {
            record: LevelRecord { key: write.key, level: write.level, updated_at: write.at },
            override_negative: write.override_negative,
            new,
        }
    };
    let existing = decided.existing_levels.iter().map(level(false));
    let levels = existing.chain(decided.new_levels.iter().map(level(true))).collect();
    let movements = decided.movements.into_iter().map(|write| MovementWritten {
        movement: write.movement,
        at: write.at,
        document: write.document_id,
        request_id: write.request_id,
    });
    let entries = decided.entries.into_iter().map(|write| EntryWritten {
        action: write.action,
        entity_type: write.entity_type,
        entity_id: write.entity_id,
        request_id: write.request_id,
        details: write.details,
    });
    let Documents { drafts, orders, .. } = decided.documents;
    Written {
        drafted: drafts.into_drafted().into_iter().map(record).collect(),
        changed: orders.into_changed().map(record).collect(),
        levels,
        movements: movements.collect(),
        entries: entries.collect(),
        answers,
        outcomes: decided.outcomes,
    }
}

fn row(order: OrderRecord) -> OrderRow {
    OrderRow {
        id: order.id,
        branch: order.branch,
        status: order.status,
        reference: None,
        note: None,
        created_by: order.created_by,
        created_at: order.created_at,
        submitted_at: order.submitted_at,
        fulfilled_at: order.fulfilled_at,
        cancelled_at: order.cancelled_at,
        version: order.version,
        created_by_user_id: None,
        submitted_by_user_id: None,
    }
}

fn record((row, lines): (OrderRow, Vec<LineRow>)) -> OrderRecord {
    OrderRecord {
        id: row.id,
        branch: row.branch,
        status: row.status,
        version: row.version,
        created_by: row.created_by,
        created_at: row.created_at,
        submitted_at: row.submitted_at,
        fulfilled_at: row.fulfilled_at,
        cancelled_at: row.cancelled_at,
        lines: lines.iter().map(|line| (line.id, ItemId(line.item_id), line.requested)).collect(),
    }
}

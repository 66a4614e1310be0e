//! Document kinds: what the posting engine posts.
//!
//! A kind is a file here: its command, how its documents are loaded and locked, its rule (in `domain`), what it
//! writes and what it answers. Adding one adds an arm to each `match` below; the engine does not change.

pub(crate) mod adjustments;
pub(crate) mod drafts;
mod facts;
pub(crate) mod orders;

use domain::{BranchId, Levels, MovementId, Posting, Refusal, StockKey};
use jiff::Timestamp;
use platform::pg::{PgError, Queries};
use policy::{Action, Denied};

pub(crate) use self::facts::Facts;
use crate::answer::Answer;
use crate::asker::Asker;
use crate::request::Actor;
use crate::store::audit::Fact;
use crate::store::movements;
use crate::store::orders::{DraftWrite, LineRow, OrderRow};
use crate::store::sought::Sought;
use crate::store::stock::{self, LevelRow};

/// What a caller wants posted.
#[derive(Debug, Clone)]
pub enum Command {
    /// Draft an order.
    Draft(DraftWrite),
    /// Submit, fulfil or cancel an order.
    Order(orders::OrderChange),
    /// Set what is on hand.
    SetStock(adjustments::StockCount),
}

impl Command {
    /// Commands with the same number are posted by one lane while others of their kind alone are at work. Of an order that
    /// is the order: where it belongs is known only once it is loaded.
    pub(crate) fn lane_number(&self) -> i64 {
        match self {
            Command::Draft(draft) => draft.branch.0,
            Command::Order(change) => change.order.0,
            Command::SetStock(count) => count.set.key.branch.0,
        }
    }

    /// Whether it locks stock levels, so that another for the same stock would wait for it.
    pub(crate) fn locks_stock(&self) -> bool {
        match self {
            Command::Draft(_) => false,
            Command::Order(_) | Command::SetStock(_) => true,
        }
    }

    /// What callers must be allowed to be given its first answer again.
    pub(crate) fn view(&self) -> Action {
        match self {
            Command::Draft(_) | Command::Order(_) => Action::ViewOrders,
            Command::SetStock(_) => Action::ViewStock,
        }
    }

    /// When it took effect, where a file tells of the past.
    pub(crate) fn at(&self) -> Option<Timestamp> {
        match self {
            Command::Draft(_) => None,
            Command::Order(change) => change.at,
            Command::SetStock(count) => count.at,
        }
    }
}

/// The documents of a batch, as they stand after the postings so far.
#[derive(Debug)]
pub(crate) struct Documents {
    pub drafts: drafts::Drafts,
    pub orders: orders::Orders,
    pub adjustments: adjustments::Adjustments,
}

/// Everything a batch needs to know, loaded and locked in one round trip.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub documents: Documents,
    pub levels: Vec<LevelRow>,
    /// The time on the database's clock after the locks were taken.
    pub now: Timestamp,
}

/// Why a command is not carried out. It changes nothing.
#[derive(Debug)]
pub(crate) enum Declined {
    /// Its caller may not do this to this document.
    Denied(Denied),
    /// The rules refuse it.
    Refused(Refusal),
}

impl From<Denied> for Declined {
    fn from(denied: Denied) -> Declined {
        Declined::Denied(denied)
    }
}

impl From<Refusal> for Declined {
    fn from(refusal: Refusal) -> Declined {
        Declined::Refused(refusal)
    }
}

/// When a command takes effect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effective {
    /// The time.
    pub at: Timestamp,
    /// The same where it is another than that of the audit entry, which then says it.
    pub told: Option<Timestamp>,
}

/// What a carried-out command tells the ledger, the audit and its caller.
#[derive(Debug)]
pub(crate) struct Posted {
    pub document_type: &'static str,
    pub document_id: i64,
    /// The movement that its movement undoes.
    pub reverses: Option<MovementId>,
    pub reason: Option<String>,
    /// `None` when nothing changed.
    pub fact: Option<Fact>,
    pub answer: Answer,
}

/// That there is a stock level now, with nothing on hand.
pub(crate) fn opened(key: StockKey) -> Fact {
    Fact {
        action: "stock.opened",
        entity_type: "stock",
        entity_id: format!("{}:{}", key.branch, key.item),
        branch_id: Some(key.branch.0),
        details: "{}".to_owned(),
    }
}

/// Loads and locks: references that must be unique, documents by id, then stock levels by key. The order is the same in every batch of every
/// process, so batches wait for each other but never in a circle. What a caller does not see is neither loaded nor locked
/// for them: orders are sought within each asker's scope, and a count at another branch does not come this far.
pub(crate) async fn load(
    conn: &Queries,
    commands: impl Iterator<Item = (&Command, &Asker)>,
) -> Result<Loaded, PgError> {
    let mut drafts: Vec<&DraftWrite> = Vec::new();
    let mut orders = Sought::default();
    let mut keys: Vec<StockKey> = Vec::new();
    let mut undoes: Vec<(StockKey, MovementId)> = Vec::new();
    for (command, asker) in commands {
        match command {
            Command::Draft(draft) => drafts.push(draft),
            Command::Order(change) => orders.add(change.order, asker.scope()),
            Command::SetStock(count) => {
                keys.push(count.set.key);
                undoes.extend(count.set.undoes().map(|movement| (count.set.key, movement)));
            }
        }
    }
    let adjustments = keys.len();
    keys.sort_unstable();
    keys.dedup();
    let (drafts, orders, mut adjustments, levels, adjusted, undone, now) = futures_util::try_join!(
        drafts::Drafts::load(conn, &drafts),
        orders::Orders::load(conn, &orders),
        adjustments::Adjustments::load(conn, &keys, adjustments),
        stock::lock(conn, &orders, &keys),
        // Sent after the locks, so that no adjustment and no undo that they waited for is missed.
        movements::adjusted(conn, &keys),
        movements::undone(conn, &undoes),
        stock::clock(conn),
    )?;
    adjustments.know(adjusted, undone);
    Ok(Loaded { documents: Documents { drafts, orders, adjustments }, levels, now })
}

impl Documents {
    /// Orders alone.
    pub(crate) fn of(orders: orders::Orders) -> Documents {
        Documents {
            drafts: drafts::Drafts::default(),
            orders,
            adjustments: adjustments::Adjustments::default(),
        }
    }

    /// The orders that moved on, as they stand now.
    pub(crate) fn into_orders(self) -> impl Iterator<Item = (OrderRow, Vec<LineRow>)> {
        self.orders.into_changed()
    }

    /// At which branch is what the command is about; `None` where there is no such thing.
    pub(crate) fn branch(&self, command: &Command) -> Option<BranchId> {
        match command {
            Command::Draft(draft) => Some(draft.branch),
            Command::Order(change) => self.orders.branch(change.order),
            Command::SetStock(count) => Some(count.set.key.branch),
        }
    }

    /// Asks whether the asker may, and then the rule of the command's kind.
    pub(crate) fn decide(
        &self,
        command: &Command,
        asker: &Asker,
        levels: &Levels,
    ) -> Result<Posting, Declined> {
        match command {
            // Whether they may was asked before: all of it was known then.
            Command::Draft(draft) => self.drafts.decide(draft, asker),
            Command::Order(change) => self.orders.decide(change, asker, levels),
            Command::SetStock(count) => self.adjustments.decide(count, asker, levels),
        }
    }

    /// Moves the document on after its posting was applied to `levels`.
    pub(crate) fn posted(
        &mut self,
        command: &Command,
        actor: &Actor,
        posting: &Posting,
        levels: &Levels,
        effective: Effective,
    ) -> Result<Posted, Refusal> {
        match command {
            Command::Draft(draft) => self.drafts.posted(draft, actor, effective.at),
            Command::Order(change) => self.orders.posted(change, actor, effective),
            Command::SetStock(count) => self.adjustments.posted(count, posting, levels, effective),
        }
    }

    /// Stores the documents that moved on.
    pub(crate) async fn write(&self, conn: &Queries) -> Result<(), PgError> {
        futures_util::try_join!(self.drafts.write(conn), self.orders.write(conn))?;
        Ok(())
    }
}

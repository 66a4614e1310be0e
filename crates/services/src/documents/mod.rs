//! Document kinds: what the posting engine posts.
//!
//! A kind is a file here: its command, how its documents are loaded and locked, its rule (in `domain`), what it
//! writes and what it answers. Adding one adds an arm to each `match` below; the engine does not change.

pub(crate) mod adjustments;
pub(crate) mod orders;

use domain::{BranchId, Levels, Posting, Refusal, StockKey};
use jiff::Timestamp;
use platform::pg::{PgError, Queries};

use crate::answer::Answer;
use crate::store::audit::Fact;
use crate::store::stock::{self, LevelRow};

/// What a caller wants posted.
#[derive(Debug, Clone)]
pub enum Command {
    /// Submit, fulfil or cancel an order.
    Order(orders::OrderChange),
    /// Set what is on hand.
    SetStock(adjustments::StockCount),
}

impl Command {
    /// The branch whose stock it is about: commands of one branch are posted by one lane.
    pub fn branch(&self) -> BranchId {
        match self {
            Command::Order(change) => change.branch,
            Command::SetStock(count) => count.set.key.branch,
        }
    }

    /// When it took effect, where a file tells of the past.
    pub(crate) fn at(&self) -> Option<Timestamp> {
        match self {
            Command::Order(change) => change.at,
            Command::SetStock(count) => count.at,
        }
    }
}

/// The documents of a batch, as they stand after the postings so far.
#[derive(Debug)]
pub(crate) struct Documents {
    orders: orders::Orders,
    adjustments: adjustments::Adjustments,
}

/// Everything a batch needs to know, loaded and locked in one round trip.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub documents: Documents,
    pub levels: Vec<LevelRow>,
    /// The time on the database's clock after the locks were taken.
    pub now: Timestamp,
}

/// What a carried-out command tells the ledger, the audit and its caller.
#[derive(Debug)]
pub(crate) struct Posted {
    pub document_type: &'static str,
    pub document_id: i64,
    pub reason: Option<String>,
    /// `None` when nothing changed.
    pub fact: Option<Fact>,
    pub answer: Answer,
}

/// Loads and locks: documents by id, then stock levels by key. The order is the same in every batch of every
/// process, so batches wait for each other but never in a circle.
pub(crate) async fn load(conn: &Queries, commands: &[&Command]) -> Result<Loaded, PgError> {
    let mut orders: Vec<i64> = Vec::new();
    let mut keys: Vec<StockKey> = Vec::new();
    for command in commands {
        match command {
            Command::Order(change) => orders.push(change.order.0),
            Command::SetStock(count) => keys.push(count.set.key),
        }
    }
    orders.sort_unstable();
    orders.dedup();
    let adjustments = keys.len();
    keys.sort_unstable();
    keys.dedup();
    let (orders, adjustments, levels, now) = futures_util::try_join!(
        orders::Orders::load(conn, &orders),
        adjustments::Adjustments::load(conn, &keys, adjustments),
        stock::lock(conn, &orders, &keys),
        stock::clock(conn),
    )?;
    Ok(Loaded { documents: Documents { orders, adjustments }, levels, now })
}

impl Documents {
    /// Asks the rule of the command's kind.
    pub(crate) fn decide(&self, command: &Command, levels: &Levels) -> Result<Posting, Refusal> {
        match command {
            Command::Order(change) => self.orders.decide(change, levels),
            Command::SetStock(count) => self.adjustments.decide(count, levels),
        }
    }

    /// Moves the document on after its posting was applied to `levels`.
    pub(crate) fn posted(
        &mut self,
        command: &Command,
        posting: &Posting,
        levels: &Levels,
        at: Timestamp,
    ) -> Result<Posted, Refusal> {
        match command {
            Command::Order(change) => self.orders.posted(change, at),
            Command::SetStock(count) => self.adjustments.posted(count, posting, levels, at),
        }
    }

    /// Stores the documents that moved on.
    pub(crate) async fn write(&self, conn: &Queries) -> Result<(), PgError> {
        self.orders.write(conn).await
    }
}

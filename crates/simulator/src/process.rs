//! Processes of the services: each has a queue and posts one batch at a time, in the stages of a lane.

use std::collections::VecDeque;

use domain::StockKey;
use services::engine::Request;
use services::engine::in_memory::{Records, Written};

use crate::plain::Known;
use crate::store::Tx;

/// How often a batch is tried when it collides with another process's.
pub const TRIES: u32 = 6;

/// A request on its way.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// The number of the request.
    pub attempt: usize,
    /// The request.
    pub request: Request,
}

/// One process.
#[derive(Debug, Default)]
pub struct Process {
    /// What waits.
    pub queue: VecDeque<Ticket>,
    /// What it posts.
    pub batch: Option<Batch>,
}

/// How far a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its Idempotency-Keys come next.
    Keys,
    /// Its orders come next.
    Orders,
    /// Its stock levels come next.
    Levels,
    /// It is loaded and locked.
    Decide,
    /// It is decided.
    Commit,
}

/// A batch that is posted.
#[derive(Debug)]
pub struct Batch {
    /// Its requests in arrival order.
    pub tickets: Vec<Ticket>,
    /// Its transaction.
    pub tx: Tx,
    /// How far it is.
    pub stage: Stage,
    /// Whose lock it waits for.
    pub waits_for: Option<Tx>,
    /// The levels that there were when it began to lock them: a statement sees none that come later.
    pub levels: Option<Vec<StockKey>>,
    /// What it has loaded.
    pub records: Records,
    /// The branches and items that it has loaded, as they were.
    pub known: Known,
    /// What it will write.
    pub written: Option<Written>,
    /// How often it was tried.
    pub tries: u32,
}

impl Batch {
    /// A batch whose transaction has just begun.
    pub fn new(tickets: Vec<Ticket>, tx: Tx, tries: u32) -> Batch {
        Batch {
            tickets,
            tx,
            stage: Stage::Keys,
            waits_for: None,
            levels: None,
            records: Records {
                orders: Vec::new(),
                levels: Vec::new(),
                branches: Vec::new(),
                items: Vec::new(),
                order_ids: Vec::new(),
                line_ids: Vec::new(),
                adjustment_ids: Vec::new(),
                keys: Vec::new(),
                now: jiff::Timestamp::UNIX_EPOCH,
            },
            known: Known::default(),
            written: None,
            tries,
        }
    }
}

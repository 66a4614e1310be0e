//! The workloads: what each asks, and which answers are as they should be.

use std::cell::{Cell, RefCell};
use std::io;

use clap::ValueEnum;
use contract::{OrderOut, ProblemKind, StockSummaryOut};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use crate::Result;
use crate::fixtures::Drafts;
use crate::http::{Connection, Reply};
use crate::orders::{BRANCHES, ITEMS, Orders, Shape};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Workload {
    /// Fulfil orders of three lines over all branches and items
    FulfilSpread,
    /// Fulfil orders that all take one item of one branch
    FulfilHot,
    /// Fulfil orders of three lines at two branches, some items far more often than others
    FulfilZipf,
    /// Fulfil with Idempotency-Keys, half of the orders twice
    FulfilTwice,
    /// Draft orders of three lines
    Create,
    /// Read an order with its lines
    Order,
    /// Read the stock summary of a branch's 1,000 items
    Summary,
    /// 60% reads, 25% creations, 15% fulfilments
    Mixed,
}

impl Workload {
    /// Its name, as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Workload::FulfilSpread => "fulfil-spread",
            Workload::FulfilHot => "fulfil-hot",
            Workload::FulfilZipf => "fulfil-zipf",
            Workload::FulfilTwice => "fulfil-twice",
            Workload::Create => "create",
            Workload::Order => "order",
            Workload::Summary => "summary",
            Workload::Mixed => "mixed",
        }
    }

    /// The kind of drafts that it fulfils.
    pub fn fulfils(self) -> Option<Shape> {
        match self {
            Workload::FulfilSpread | Workload::FulfilTwice | Workload::Mixed => Some(Shape::Spread),
            Workload::FulfilHot => Some(Shape::Hot),
            Workload::FulfilZipf => Some(Shape::Zipf),
            Workload::Create | Workload::Order | Workload::Summary => None,
        }
    }

    /// How many drafts one answer takes.
    pub fn drafts_an_answer(self) -> f64 {
        match self {
            Workload::FulfilSpread | Workload::FulfilHot | Workload::FulfilZipf => 1.0,
            Workload::FulfilTwice => 2.0 / 3.0,
            Workload::Mixed => 0.15,
            Workload::Create | Workload::Order | Workload::Summary => 0.0,
        }
    }
}

/// One request, or the two pages of one summary.
#[derive(Debug)]
enum Ask {
    Fulfil { order: i64, key: Option<String> },
    Create { body: String, key: Option<String> },
    Order(i64),
    StockPage(i64),
    OrdersPage,
    Summary(i64),
}

/// What an answer was, where it was as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It fulfilled an order, and says so for the first time.
    Fulfilled,
    /// It drafted an order.
    Created,
    /// It read, or was the repeated answer to what was done before, or said that it is being done.
    Other,
}

/// Why an answer does not count.
#[derive(Debug)]
pub enum Fault {
    /// The connection broke or the answer was not understood.
    Broken(io::Error),
    /// Another answer than could be expected.
    Unexpected(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Broken(error)
    }
}

/// What the connections of one measurement share: who asks what next.
pub struct Source {
    workload: Workload,
    token: String,
    keys: bool,
    drafts: Drafts,
    /// Orders to read.
    known: Drafts,
    turn: Cell<i64>,
    random: RefCell<ChaCha8Rng>,
    orders: RefCell<Orders>,
}

impl Source {
    /// The requests of a workload. `drafts` are there to be fulfilled, `known` to be read; with `keys`, whatever
    /// changes something carries an Idempotency-Key. Another `seed` makes other requests and other keys.
    pub fn new(
        workload: Workload,
        token: String,
        keys: bool,
        drafts: Drafts,
        known: Drafts,
        seed: u64,
    ) -> Source {
        Source {
            workload,
            token,
            keys,
            drafts,
            known,
            turn: Cell::new(0),
            random: RefCell::new(ChaCha8Rng::seed_from_u64(seed)),
            orders: RefCell::new(Orders::new(Shape::Spread, seed)),
        }
    }

    /// Asks what comes next and judges the answer; nothing when there are no more drafts.
    ///
    /// # Errors
    /// When the answer is not as it should be.
    pub async fn ask(&self, connection: &mut Connection) -> Option<std::result::Result<Answer, Fault>> {
        let ask = self.next()?;
        Some(self.perform(connection, &ask).await)
    }

    /// Warms a connection with a request that changes nothing.
    ///
    /// # Errors
    /// When it is not answered well.
    pub async fn warm(&self, connection: &mut Connection) -> Result<()> {
        let reply = connection.get(&format!("/v1/orders/{}", self.known.first), Some(&self.token)).await?;
        if reply.status == 200 {
            return Ok(());
        }
        Err(format!("an order was answered with {}", unexpected(&reply, connection)).into())
    }

    /// Looks closely at such answers as the measurement only counts.
    ///
    /// # Errors
    /// When an answer is wrong.
    pub async fn check(&self, connection: &mut Connection) -> Result<()> {
        self.warm(connection).await?;
        let order: OrderOut = serde_json::from_slice(connection.body())?;
        if order.id != self.known.first || order.lines.is_empty() {
            return Err("an order was answered with another, or without its lines".into());
        }
        if self.workload != Workload::Summary {
            return Ok(());
        }
        let (mut path, mut rows) = (Some(summary_path(BRANCHES)), Vec::new());
        while let Some(page) = path {
            path = connection.get(&page, Some(&self.token)).await?.next;
            rows.extend(serde_json::from_slice::<Vec<StockSummaryOut>>(connection.body())?);
        }
        let expected =
            |(row, item): (&StockSummaryOut, i64)| (row.branch_id, row.item_id) == (BRANCHES, item);
        if i64::try_from(rows.len()) == Ok(ITEMS) && rows.iter().zip(1..).all(expected) {
            Ok(())
        } else {
            Err("a summary was not the 1,000 items of its branch".into())
        }
    }

    fn next(&self) -> Option<Ask> {
        match self.workload {
            Workload::FulfilSpread | Workload::FulfilHot | Workload::FulfilZipf => self.fulfil(),
            Workload::FulfilTwice => self.fulfil_or_repeat(),
            Workload::Create => Some(self.create()),
            Workload::Order => Some(Ask::Order(self.between(self.known.first, self.known.last))),
            Workload::Summary => Some(Ask::Summary(self.between(1, BRANCHES))),
            Workload::Mixed => match self.between(1, 100) {
                1..=30 => Some(Ask::Order(self.between(self.known.first, self.known.last))),
                31..=50 => Some(Ask::StockPage(self.between(1, BRANCHES))),
                51..=60 => Some(Ask::OrdersPage),
                61..=85 => Some(self.create()),
                _ => self.fulfil(),
            },
        }
    }

    fn fulfil(&self) -> Option<Ask> {
        let order = self.draft(self.turn.replace(self.turn.get() + 1))?;
        Some(Ask::Fulfil { order, key: self.keys.then(|| format!("fulfil-{order}")) })
    }

    /// Three requests for two orders: the first order, the same again at once (so that with many connections the two
    /// race each other), the second order.
    fn fulfil_or_repeat(&self) -> Option<Ask> {
        let turn = self.turn.replace(self.turn.get() + 1);
        let order = self.draft(turn / 3 * 2 + i64::from(turn % 3 == 2))?;
        Some(Ask::Fulfil { order, key: Some(format!("fulfil-{order}")) })
    }

    fn draft(&self, n: i64) -> Option<i64> {
        Some(self.drafts.first + n).filter(|order| *order <= self.drafts.last)
    }

    fn create(&self) -> Ask {
        let body = self.orders.borrow_mut().request(None);
        let key = self.keys.then(|| format!("create-{:x}", self.random.borrow_mut().random::<u128>()));
        Ask::Create { body, key }
    }

    fn between(&self, first: i64, last: i64) -> i64 {
        self.random.borrow_mut().random_range(first..=last)
    }

    async fn perform(&self, connection: &mut Connection, ask: &Ask) -> std::result::Result<Answer, Fault> {
        let token = self.token.as_str();
        let reply = match ask {
            Ask::Fulfil { order, key } => {
                let path = format!("/v1/orders/{order}/fulfill");
                connection.post(&path, token, key.as_deref(), "").await?
            }
            Ask::Create { body, key } => connection.post("/v1/orders", token, key.as_deref(), body).await?,
            Ask::Order(order) => connection.get(&format!("/v1/orders/{order}"), Some(token)).await?,
            Ask::StockPage(branch) => {
                connection.get(&format!("/v1/stock?branch_id={branch}&limit=50"), Some(token)).await?
            }
            Ask::OrdersPage => connection.get("/v1/orders?limit=50", Some(token)).await?,
            Ask::Summary(branch) => {
                let first = connection.get(&summary_path(*branch), Some(token)).await?;
                match &first.next {
                    Some(next) if first.status == 200 => connection.get(next, Some(token)).await?,
                    _ => return Err(Fault::Unexpected(unexpected(&first, connection))),
                }
            }
        };
        let may_repeat = self.workload == Workload::FulfilTwice;
        match (ask, reply.status, reply.replayed) {
            (Ask::Fulfil { .. }, 200, false) => Ok(Answer::Fulfilled),
            (Ask::Fulfil { .. }, 200, true) if may_repeat => Ok(Answer::Other),
            (Ask::Fulfil { .. }, 409, _) if may_repeat && is_in_flight(connection) => Ok(Answer::Other),
            (Ask::Create { .. }, 201, false) => Ok(Answer::Created),
            (Ask::Order(_) | Ask::StockPage(_) | Ask::OrdersPage | Ask::Summary(_), 200, _) => {
                Ok(Answer::Other)
            }
            _ => Err(Fault::Unexpected(unexpected(&reply, connection))),
        }
    }
}

fn summary_path(branch: i64) -> String {
    format!("/v1/stock/summary?branch_id={branch}&limit=500")
}

fn is_in_flight(connection: &Connection) -> bool {
    connection.problem().is_some_and(|kind| kind == ProblemKind::IdempotencyInFlight.type_uri())
}

fn unexpected(reply: &Reply, connection: &Connection) -> String {
    let replayed = if reply.replayed { " replayed" } else { "" };
    format!("{}{replayed} {}", reply.status, connection.problem().unwrap_or_default())
}

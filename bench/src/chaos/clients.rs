//! Clients that draft orders and lead them on, each change under an Idempotency-Key until it is acknowledged, whatever
//! happens to the company; some hang up, and ask again as another client.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use contract::ProblemKind;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::history::{History, MARK};
use crate::http::{Connection, Reply, request};
use crate::orders::{Orders, Shape};
use crate::proof::Faults;

/// How long a client waits for an answer before it asks the other process.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long it asks for one change before it gives up.
const LAST: Duration = Duration::from_secs(60);
/// How long it waits before it asks again, in milliseconds.
const PAUSE: std::ops::Range<u64> = 2..20;
/// Of so many requests one is hung up on, and of so many that were answered one is asked again.
const HANG_UPS: u32 = 12;
const AGAIN: u32 = 16;
/// Orders that a client leads on at the same time.
const ORDERS: usize = 4;

/// What the clients share.
pub struct Shared {
    /// Where the two services processes listen.
    pub addrs: [SocketAddr; 2],
    /// Who they are.
    pub token: RefCell<String>,
    /// They are to end what they do, and to begin nothing more.
    pub stop: Cell<bool>,
    /// What they were told.
    pub history: RefCell<History>,
    /// How it was.
    pub tally: RefCell<Tally>,
    /// Who was answered since the last fault.
    pub watch: RefCell<Watch>,
}

/// How it was for the clients.
#[derive(Default)]
pub struct Tally {
    /// Requests that they hung up on.
    pub hung_up: u64,
    /// Requests that got no answer.
    pub unanswered: u64,
    /// Answers that told to ask again.
    pub put_off: u64,
    /// Changes that had been made before, by a request whose answer was not heard.
    pub replayed: u64,
    /// Changes that were asked for again after their answer, and gave the same one.
    pub same: u64,
    /// What must not be.
    pub faults: Faults,
}

/// Who was answered since a moment.
pub struct Watch {
    since: Instant,
    heard: Vec<bool>,
    /// From then to the first acknowledgement of a change that was asked for after it.
    pub first: Option<Duration>,
    /// Until every client had one.
    pub all: Option<Duration>,
}

impl Watch {
    /// Of so many clients, from now on.
    pub fn new(clients: usize) -> Watch {
        Watch { since: Instant::now(), heard: vec![false; clients], first: None, all: None }
    }

    fn hear(&mut self, client: usize, asked: Instant) {
        if asked < self.since {
            return;
        }
        let elapsed = self.since.elapsed();
        self.first.get_or_insert(elapsed);
        if let Some(heard) = self.heard.get_mut(client) {
            *heard = true;
        }
        if self.all.is_none() && self.heard.iter().all(|heard| *heard) {
            self.all = Some(elapsed);
        }
    }
}

/// An order of a client: its id, and whether it is submitted.
type Open = (i64, bool);

/// What is asked: a new order, or that one is led on.
#[derive(Debug, Clone)]
struct Ask {
    path: String,
    body: String,
    key: String,
    /// What the answer must tell of the order.
    status: &'static str,
}

/// One client.
pub struct Client {
    shared: Rc<Shared>,
    n: usize,
    /// The process that it asks.
    at: usize,
    random: ChaCha8Rng,
    connection: Option<Connection>,
    asked: u32,
}

impl Client {
    /// The `n`th client; it does the same for the same seed.
    pub fn new(shared: Rc<Shared>, n: usize, seed: u64) -> Client {
        let seed = seed.rotate_left(32) ^ u64::try_from(n).unwrap_or(u64::MAX);
        let random = ChaCha8Rng::seed_from_u64(seed);
        Client { shared, n, at: n % 2, random, connection: None, asked: 0 }
    }

    /// Drafts orders and leads them on until it is told to stop.
    pub async fn work(mut self) {
        let mut orders = Orders::new(Shape::Zipf, self.random.random());
        let mut open: Vec<Open> = Vec::new();
        while !self.shared.stop.get() {
            self.asked += 1;
            let key = format!("chaos-{}-{}", self.n, self.asked);
            if open.len() < ORDERS {
                let reference = format!("{MARK}{}-{}", self.n, self.asked);
                let body = orders.request(Some(reference.clone()));
                let ask = Ask { path: "/v1/orders".to_owned(), body, key, status: "draft" };
                if let Some(order) = self.settle(&ask).await {
                    self.shared.history.borrow_mut().created(order, reference);
                    open.push((order, false));
                }
                continue;
            }
            let chosen = self.random.random_range(0..open.len());
            let (order, is_submitted) = open.swap_remove(chosen);
            let (verb, status) = match self.random.random_range(0..10) {
                0..4 if !is_submitted => ("submit", "submitted"),
                4..6 => ("cancel", "cancelled"),
                _ => ("fulfill", "fulfilled"),
            };
            let ask = Ask { path: format!("/v1/orders/{order}/{verb}"), body: "{}".to_owned(), key, status };
            if self.settle(&ask).await.is_some() {
                self.shared.history.borrow_mut().led(order, status);
                if status == "submitted" {
                    open.push((order, true));
                }
            }
        }
    }

    /// Asks until it is acknowledged; gives the order. None where it must not be so, which is noted.
    async fn settle(&mut self, ask: &Ask) -> Option<i64> {
        let end = Instant::now() + LAST;
        while Instant::now() < end {
            let asked = Instant::now();
            if self.random.random_ratio(1, HANG_UPS) {
                self.hang_up(ask).await;
                continue;
            }
            let Some(reply) = self.exchange(ask).await else {
                self.elsewhere().await;
                continue;
            };
            match reply.status {
                200 | 201 => {
                    self.shared.watch.borrow_mut().hear(self.n, asked);
                    self.shared.tally.borrow_mut().replayed += u64::from(reply.replayed);
                    return self.acknowledged(ask).await;
                }
                _ if self.is_put_off() => {
                    self.shared.tally.borrow_mut().put_off += 1;
                    self.elsewhere().await;
                }
                status => {
                    let kind = self.problem().unwrap_or_default();
                    self.fault(format_args!("{status} {kind} to {}", ask.status));
                    return None;
                }
            }
        }
        self.fault("a change was not acknowledged in time");
        None
    }

    /// Reads the acknowledgement, and sometimes asks for the same again, which must give the same.
    async fn acknowledged(&mut self, ask: &Ask) -> Option<i64> {
        let first = self.connection.as_ref()?.body().to_vec();
        let told: Value = serde_json::from_slice(&first).unwrap_or_default();
        let Some(order) = told["id"].as_i64().filter(|_| told["status"] == ask.status) else {
            self.fault(format_args!("an acknowledgement that tells something else than {}", ask.status));
            return None;
        };
        if self.random.random_ratio(1, AGAIN) {
            self.turn();
            if let Some(reply) = self.exchange(ask).await
                && matches!(reply.status, 200 | 201)
            {
                let is_same = reply.replayed && self.connection.as_ref().is_some_and(|c| c.body() == first);
                if is_same {
                    self.shared.tally.borrow_mut().same += 1;
                } else {
                    self.fault("another answer to the same request");
                }
            }
        }
        Some(order)
    }

    /// Asks once; none where there is no answer.
    async fn exchange(&mut self, ask: &Ask) -> Option<Reply> {
        let addr = self.shared.addrs.get(self.at).copied()?;
        let text = self.text(ask);
        let answer = async {
            let mut connection = match self.connection.take() {
                Some(connection) => connection,
                None => Connection::open(addr).await?,
            };
            let reply = connection.exchange(&text).await?;
            self.connection = Some(connection);
            std::io::Result::Ok(reply)
        };
        let reply = tokio::time::timeout(PATIENCE, answer).await;
        if let Ok(Ok(reply)) = reply {
            return Some(reply);
        }
        self.connection = None;
        self.shared.tally.borrow_mut().unanswered += 1;
        None
    }

    /// Sends it, or a part of it, and goes away; it is then another client that asks again, at the other process.
    async fn hang_up(&mut self, ask: &Ask) {
        self.shared.tally.borrow_mut().hung_up += 1;
        let Some(addr) = self.shared.addrs.get(self.at).copied() else { return };
        let text = self.text(ask);
        let sent = match self.random.random_range(0..4) {
            0 => self.random.random_range(1..text.len()),
            _ => text.len(),
        };
        let pause = Duration::from_micros(self.random.random_range(0..8_000));
        let away = async {
            let mut stream = TcpStream::connect(addr).await?;
            stream.write_all(text.as_bytes().get(..sent).unwrap_or_default()).await?;
            tokio::time::sleep(pause).await;
            std::io::Result::Ok(())
        };
        // Whether anybody was there to hear it does not matter.
        let _ = tokio::time::timeout(PATIENCE, away).await;
        self.turn();
    }

    fn text(&self, ask: &Ask) -> String {
        request("POST", &ask.path, &self.shared.token.borrow(), Some(&ask.key), &ask.body)
    }

    /// Asks the other process from now on.
    fn turn(&mut self) {
        self.at = 1 - self.at;
        self.connection = None;
    }

    async fn elsewhere(&mut self) {
        self.turn();
        let pause = self.random.random_range(PAUSE);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }

    /// The last answer says to ask again.
    fn is_put_off(&self) -> bool {
        let kinds = [
            ProblemKind::IdempotencyInFlight,
            ProblemKind::Unavailable,
            ProblemKind::OutcomeUnknown,
            ProblemKind::TooManyRequests,
        ];
        self.problem().is_some_and(|problem| kinds.iter().any(|kind| kind.type_uri() == problem))
    }

    fn problem(&self) -> Option<String> {
        self.connection.as_ref()?.problem()
    }

    fn fault(&self, words: impl ToString) {
        self.shared.tally.borrow_mut().faults.add(words);
    }
}

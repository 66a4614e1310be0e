//! One of the two processes is killed while clients of both fulfil orders; whoever got no answer asks the other one
//! again, with the same Idempotency-Key.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use contract::ProblemKind;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::args::Args;
use crate::figures::{Figures, Times};
use crate::fixtures::Drafts;
use crate::http::Connection;
use crate::orders::{LINES, Shape};
use crate::proof::{Company, Faults, Part};
use crate::report::goals::Goal;
use crate::{Result, output};

/// Clients, half of them with each process.
const CLIENTS: usize = 64;
/// Orders of a round.
const ORDERS: u32 = 2_000;
/// How long a client waits before it asks again.
const PAUSE: Duration = Duration::from_millis(5);
/// How long a client asks for one order before it gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the clients of a round share.
struct Round {
    addrs: [SocketAddr; 2],
    token: String,
    drafts: Drafts,
    taken: Cell<i64>,
    victim: usize,
    /// After how many answers the process is killed, and who is told.
    fatal: u32,
    answers: Cell<u32>,
    struck: Notify,
    killed_at: Cell<Option<Instant>>,
    tally: RefCell<Tally>,
}

/// What became of a round.
#[derive(Default)]
struct Tally {
    acknowledged: Vec<(i64, &'static str)>,
    /// Requests that were never answered.
    unanswered: u64,
    /// Answers that had been given before, and were lost.
    replayed: u64,
    /// For each client of the killed process, from the kill to its next answer.
    recovered: Vec<Duration>,
    faults: Vec<String>,
}

/// What became of all rounds.
struct Totals {
    acknowledged: u64,
    lost: Vec<String>,
    not_done_once: u64,
    unanswered: u64,
    replayed: u64,
    /// From the kill to the first answer that any client of the killed process got, and to everybody's.
    first: Times,
    all: Times,
    /// From the start of the process that takes the killed one's place until it was ready.
    again: Times,
    faults: Faults,
}

/// Runs every round.
///
/// # Errors
/// When something cannot be run.
pub async fn part(args: &Args, company: &mut Company) -> Result<Part> {
    company.fixtures.reset().await?;
    company.fixtures.settle().await?;
    let mut random = ChaCha8Rng::seed_from_u64(args.seed);
    let mut totals = Totals {
        acknowledged: 0,
        lost: Vec::new(),
        not_done_once: 0,
        unanswered: 0,
        replayed: 0,
        first: Times::new()?,
        all: Times::new()?,
        again: Times::new()?,
        faults: Faults::default(),
    };
    for round in 0..args.kills.get() {
        let victim = usize::try_from(round % 2)?;
        let fatal = random.random_range(ORDERS / 10..ORDERS * 6 / 10);
        kill_one(company, victim, fatal, &mut totals).await?;
        output::line(format_args!("kills: {} of {}", round + 1, args.kills));
    }
    let mut part = described(args, &totals);
    company.close(&mut part).await?;
    Ok(part)
}

fn described(args: &Args, totals: &Totals) -> Part {
    let kills = u64::from(args.kills.get());
    let of = |times: &Times| {
        let Figures { p50, max, .. } = Figures::new(kills, Duration::ZERO, times);
        format!("median {p50:.0} ms, longest {max:.0} ms")
    };
    let Totals { acknowledged, lost, not_done_once, unanswered, replayed, .. } = totals;
    Part {
        title: "A process that is killed",
        goals: vec![
            Goal::seen(
                "orders that were acknowledged in the end",
                format!("all {}", kills * u64::from(ORDERS)),
                acknowledged,
                *acknowledged == kills * u64::from(ORDERS),
            ),
            Goal::nothing("acknowledged orders that are not fulfilled", lost),
            Goal::none("rounds in which something was done twice, or not told", *not_done_once),
            totals.faults.goal(),
        ],
        lines: vec![
            format!(
                "{kills} times kill -9 of one of the two processes, in turn, after a random number of answers to \
                 {CLIENTS} clients, half of them with each; {ORDERS} orders a round, each under an Idempotency-Key"
            ),
            format!(
                "{unanswered} requests got no answer and were sent again to the other process; {replayed} of them \
                 had been done already and were answered with the first answer"
            ),
            format!(
                "from the kill to the first answer to a client of the killed process: {}; until all of them had one: {}",
                of(&totals.first),
                of(&totals.all)
            ),
            format!("a new process in the killed one's place: {} until it was ready", of(&totals.again)),
        ],
    }
}

/// One round: load, kill, and a new process in the killed one's place.
async fn kill_one(company: &mut Company, victim: usize, fatal: u32, totals: &mut Totals) -> Result<()> {
    let drafts = company.fixtures.draft(Shape::Zipf, usize::try_from(ORDERS)?).await?;
    let round = Rc::new(Round {
        addrs: company.addrs(),
        token: company.program.token().await?,
        drafts,
        taken: Cell::new(0),
        victim,
        fatal,
        answers: Cell::new(0),
        struck: Notify::new(),
        killed_at: Cell::new(None),
        tally: RefCell::default(),
    });
    let mut clients = JoinSet::new();
    for n in 0..CLIENTS {
        let home = n % 2;
        clients.spawn_local(Client { round: Rc::clone(&round), at: home, hit: home == victim }.work());
    }
    round.struck.notified().await;
    if let Some(served) = company.services.get_mut(victim) {
        round.killed_at.set(Some(Instant::now()));
        round.killed_at.set(Some(served.kill().await?));
    }
    while let Some(ended) = clients.join_next().await {
        ended?;
    }
    let tally = round.tally.take();
    totals.acknowledged += u64::try_from(tally.acknowledged.len())?;
    totals.lost.extend(company.records.not_reached(&tally.acknowledged).await?);
    let moved = company.records.movements(drafts).await?;
    let lines = u64::try_from(tally.acknowledged.len() * LINES)?;
    totals.not_done_once += u64::from(moved != lines);
    totals.unanswered += tally.unanswered;
    totals.replayed += tally.replayed;
    tally.recovered.iter().min().into_iter().for_each(|time| totals.first.add(*time));
    tally.recovered.iter().max().into_iter().for_each(|time| totals.all.add(*time));
    tally.faults.iter().for_each(|words| totals.faults.add(words));
    company.restart(victim).await?;
    company.services.get(victim).into_iter().for_each(|served| totals.again.add(served.start));
    Ok(())
}

/// A client that fulfils one order after the other, each until it has an answer.
struct Client {
    round: Rc<Round>,
    /// The process that it asks.
    at: usize,
    /// Its process is to be killed, and it has had no answer since.
    hit: bool,
}

impl Client {
    async fn work(mut self) {
        let mut connection = None;
        while let Some(order) = self.round.next() {
            let end = Instant::now() + PATIENCE;
            loop {
                if Instant::now() > end {
                    self.round.fault("an order got no answer in time");
                    break;
                }
                if self.ask(&mut connection, order).await {
                    break;
                }
            }
        }
    }

    /// Asks once; says whether that settles the order.
    async fn ask(&mut self, open: &mut Option<Connection>, order: i64) -> bool {
        let mut connection = match open.take() {
            Some(connection) => connection,
            None => match self.connect().await {
                Some(connection) => connection,
                None => return false,
            },
        };
        let (path, key) = (format!("/v1/orders/{order}/fulfill"), format!("fulfil-{order}"));
        let Ok(reply) = connection.post(&path, &self.round.token, Some(&key), "").await else {
            self.round.tally.borrow_mut().unanswered += 1;
            self.at = 1 - self.at;
            return false;
        };
        let kind = connection.problem().unwrap_or_default();
        *open = Some(connection);
        match reply.status {
            200 => {
                self.acknowledged(order, reply.replayed);
                true
            }
            503 => self.pause().await,
            409 if kind == ProblemKind::IdempotencyInFlight.type_uri() => self.pause().await,
            status => {
                self.round.fault(format_args!("{status} {kind}"));
                true
            }
        }
    }

    async fn connect(&mut self) -> Option<Connection> {
        let addr = self.round.addrs.get(self.at)?;
        match Connection::open(*addr).await {
            Ok(connection) => Some(connection),
            Err(_) => {
                self.at = 1 - self.at;
                self.pause().await;
                None
            }
        }
    }

    async fn pause(&self) -> bool {
        tokio::time::sleep(PAUSE).await;
        false
    }

    fn acknowledged(&mut self, order: i64, replayed: bool) {
        let round = &self.round;
        let mut tally = round.tally.borrow_mut();
        tally.acknowledged.push((order, "fulfilled"));
        tally.replayed += u64::from(replayed);
        // What the killed process had sent before may still arrive after it.
        if self.hit
            && self.at != round.victim
            && let Some(killed_at) = round.killed_at.get()
        {
            self.hit = false;
            tally.recovered.push(killed_at.elapsed());
        }
        round.answers.set(round.answers.get() + 1);
        if round.answers.get() == round.fatal {
            round.struck.notify_one();
        }
    }
}

impl Round {
    fn next(&self) -> Option<i64> {
        let order = self.drafts.first + self.taken.replace(self.taken.get() + 1);
        Some(order).filter(|order| *order <= self.drafts.last)
    }

    fn fault(&self, words: impl ToString) {
        self.tally.borrow_mut().faults.push(words.to_string());
    }
}

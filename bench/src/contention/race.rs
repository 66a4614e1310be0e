//! Clients of two processes race for the last units of an item.

use std::rc::Rc;
use std::time::{Duration, Instant};

use contract::ProblemKind;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::args::Args;
use crate::figures::{Figures, Times};
use crate::http::Connection;
use crate::orders::BRANCHES;
use crate::proof::{Company, Faults, Part};
use crate::report::goals::Goal;
use crate::{Result, output};

/// How many units there are in every round.
const UNITS: u32 = 10;
/// p99 of all answers, in milliseconds.
const P99: f64 = 250.0;
/// After how many rounds the run says how far it is.
const TELL: u32 = 100;

/// What became of one request.
enum Answer {
    Sold,
    Refused,
    Other(String),
}

/// What became of all rounds.
struct Tally {
    times: Times,
    /// The rounds alone, without what is prepared for them.
    racing: Duration,
    sold: Spread,
    refused: Spread,
    left: Spread,
    faults: Faults,
}

/// A number that is to be the same in every round.
#[derive(Debug, Clone, Copy)]
struct Spread {
    least: i64,
    most: i64,
}

/// Runs every round.
///
/// # Errors
/// When something cannot be run.
pub async fn part(args: &Args, company: &mut Company) -> Result<Part> {
    company.fixtures.reset().await?;
    company.fixtures.settle().await?;
    let mut connections = connect(company, args.clients).await?;
    let mut tally = Tally {
        times: Times::new()?,
        racing: Duration::ZERO,
        sold: Spread::NONE,
        refused: Spread::NONE,
        left: Spread::NONE,
        faults: Faults::default(),
    };
    for round in 1..=args.rounds.get() {
        connections = race(company, round, connections, &mut tally).await?;
        if round % TELL == 0 {
            output::line(format_args!("race: round {round} of {}", args.rounds));
        }
    }
    let answers = u64::from(args.clients) * u64::from(args.rounds.get());
    let figures = Figures::new(answers, tally.racing, &tally.times);
    let Figures { rate, p50, p95, p99, max, .. } = figures;
    let refused = i64::from(args.clients - UNITS);
    let mut part = Part {
        title: "Clients who race for the last units",
        goals: vec![
            tally.sold.goal("sold in every round", i64::from(UNITS)),
            tally.refused.goal("refused with insufficient-stock in every round", refused),
            tally.left.goal("units left after every round", 0),
            tally.faults.goal(),
            Goal::seen("p99 of all answers", format!("under {P99} ms"), format!("{p99:.0} ms"), p99 < P99),
        ],
        lines: vec![
            format!(
                "{} rounds of {} clients, half of them with each process, for {UNITS} units: {answers} answers",
                args.rounds, args.clients
            ),
            format!("all answers: p50 {p50:.1} ms, p95 {p95:.1} ms, p99 {p99:.1} ms, longest {max:.1} ms"),
            format!("while they raced: {rate:.0} answers a second"),
        ],
    };
    company.close(&mut part).await?;
    Ok(part)
}

/// Open connections, the nth to process n modulo 2, each of which has been answered once.
async fn connect(company: &Company, clients: u32) -> Result<Vec<Connection>> {
    let mut connections = Vec::new();
    for addr in company.addrs().into_iter().cycle().take(usize::try_from(clients)?) {
        let mut connection = Connection::open(addr).await?;
        connection.get("/health", None).await?;
        connections.push(connection);
    }
    Ok(connections)
}

/// One round: every client asks at the same moment. Gives the connections back for the next.
async fn race(
    company: &mut Company,
    round: u32,
    connections: Vec<Connection>,
    tally: &mut Tally,
) -> Result<Vec<Connection>> {
    let branch = i64::from(round) % BRANCHES + 1;
    let clients = i64::try_from(connections.len())?;
    let sku = format!("RACE-{round}");
    let wanted = company.records.want(&sku, branch, i64::from(UNITS), clients).await?;
    let token: Rc<str> = company.program.token().await?.into();
    let start = Rc::new(Barrier::new(connections.len()));
    let began = Instant::now();
    let mut racing = JoinSet::new();
    for (order, connection) in (wanted.drafts.first..).zip(connections) {
        racing.spawn_local(fulfil(connection, order, Rc::clone(&token), Rc::clone(&start)));
    }
    let (mut sold, mut refused, mut back) = (0, 0, Vec::new());
    while let Some(ended) = racing.join_next().await {
        let (connection, answer, time) = ended?;
        tally.times.add(time);
        match answer {
            Answer::Sold => sold += 1,
            Answer::Refused => refused += 1,
            Answer::Other(words) => tally.faults.add(words),
        }
        back.push(connection);
    }
    tally.racing += began.elapsed();
    let (left, fulfilled) = company.records.left(&wanted).await?;
    if fulfilled != u64::from(UNITS) {
        tally.faults.add(format_args!("round {round}: {fulfilled} orders are fulfilled in the database"));
    }
    tally.sold.add(sold);
    tally.refused.add(refused);
    tally.left.add(left);
    Ok(back)
}

async fn fulfil(
    mut connection: Connection,
    order: i64,
    token: Rc<str>,
    start: Rc<Barrier>,
) -> (Connection, Answer, Duration) {
    start.wait().await;
    let asked = Instant::now();
    let answered = connection.post(&format!("/v1/orders/{order}/fulfill"), &token, None, "").await;
    let time = asked.elapsed();
    let answer = match answered {
        Ok(reply) if reply.status == 200 => Answer::Sold,
        Ok(reply) => match connection.problem().unwrap_or_default() {
            kind if reply.status == 409 && kind == ProblemKind::InsufficientStock.type_uri() => {
                Answer::Refused
            }
            kind => Answer::Other(format!("{} {kind}", reply.status)),
        },
        Err(error) => Answer::Other(error.to_string()),
    };
    (connection, answer, time)
}

impl Spread {
    const NONE: Spread = Spread { least: i64::MAX, most: i64::MIN };

    fn add(&mut self, number: i64) {
        *self = Spread { least: self.least.min(number), most: self.most.max(number) };
    }

    fn goal(self, what: &str, wanted: i64) -> Goal {
        let Spread { least, most } = self;
        let found = if least == most { least.to_string() } else { format!("{least} to {most}") };
        Goal::seen(what, format!("exactly {wanted}"), found, (least, most) == (wanted, wanted))
    }
}

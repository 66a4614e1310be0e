//! Twice the load that can be carried: what can be carried is, and the rest is told to come again.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::args::Args;
use super::pulse;
use super::work::{Ask, Became, Work};
use crate::cores::Apart;
use crate::figures::{Figures, Times};
use crate::http::Connection;
use crate::program::Served;
use crate::proof::{Company, Faults, Part};
use crate::report::goals::Goal;
use crate::{Result, output};

/// Clients that ask one thing after the other while the peak is measured: many, since postings are written together.
const PEAK_CLIENTS: usize = 512;
/// The most requests that wait for an answer at once. More than the services let wait: it is they who refuse.
const MOST_WAITING: usize = 12_000;
/// A connection that nobody has used for so long is given up: the services may end it at half a second when others have no
/// room, maybe just as it is used again.
const IDLE: Duration = Duration::from_millis(400);
/// How often requests are sent.
const TICK: Duration = Duration::from_millis(5);
/// How much more memory a process may keep at the end than at half-time, in KiB.
const MORE_KIB: u64 = 64 * 1_024;
/// How much of the peak must be carried, in percent.
const LEAST: f64 = 80.0;

/// What clients share.
struct Load {
    addrs: [SocketAddr; 2],
    work: Work,
    idle: RefCell<[Vec<(Connection, Instant)>; 2]>,
    waiting: Cell<usize>,
    stop: Cell<bool>,
    tally: RefCell<Tally>,
}

/// What came back.
struct Tally {
    done: u64,
    refused: u64,
    /// Of which it is not known what became of them.
    unanswered: u64,
    times: Times,
    refusals: Times,
    faults: Faults,
}

impl Tally {
    fn new() -> Result<Tally> {
        let (times, refusals) = (Times::new()?, Times::new()?);
        Ok(Tally { done: 0, refused: 0, unanswered: 0, times, refusals, faults: Faults::default() })
    }
}

/// What was offered, and what was seen meanwhile.
struct Offered {
    sent: u64,
    /// Not even sent, since too many waited.
    unsent: u64,
    /// Carried out by the end of the time.
    carried: u64,
    time: Duration,
    /// What a process kept resident at half-time and at the end, in KiB.
    memory: (u64, u64),
}

/// Finds the peak, offers twice as much, and finds the peak again, since the machine changes its pace and the database
/// has grown meanwhile.
///
/// # Errors
/// When something cannot be run.
pub async fn part(args: &Args, company: &mut Company) -> Result<Part> {
    let before = company.records.changes().await?;
    let load = Rc::new(Load {
        addrs: company.addrs(),
        work: Work::new(company.program.token().await?, args.seed),
        idle: RefCell::default(),
        waiting: Cell::new(0),
        stop: Cell::new(false),
        tally: RefCell::new(Tally::new()?),
    });
    let apart = Apart::part(company.processes().await?)?;
    let peak_time = (args.time() / 10).clamp(Duration::from_secs(2), Duration::from_secs(30));
    let (peak_before, done_before) = peak(&load, peak_time).await?;
    output::line(format_args!("load: {:.0} changes of orders a second can be carried", peak_before.rate));

    let offered = offer(&load, company, peak_before.rate * 2.0, args.time()).await;
    let well = pulse::until_well(&company.addrs(), &load.work.token).await;
    while load.waiting.get() > 0 {
        tokio::time::sleep(TICK).await;
    }
    let tally = load.tally.replace(Tally::new()?);
    let (peak_after, done_after) = peak(&load, peak_time).await?;
    drop(apart);
    let acknowledged = done_before + tally.done + done_after;
    let changes = company.records.changes().await? - before - well.drafts;

    let good = Figures::new(offered.carried, offered.time, &tally.times);
    let peak = f64::midpoint(peak_before.rate, peak_after.rate);
    let mut goals = judge(args, &offered, peak, &good);
    goals.extend([
        Goal::seen(
            "acknowledged changes, those in the audit, requests without an answer",
            "none lost, none without a request",
            format!("{acknowledged}, {changes}, {}", tally.unanswered),
            (acknowledged..=acknowledged + tally.unanswered).contains(&changes),
        ),
        tally.faults.goal(),
        pulse::recovered(args, &well),
    ]);
    let refused = Figures::new(tally.refused, offered.time, &tally.refusals);
    let of = |what: &str, Figures { rate, p50, p99, .. }: &Figures| {
        format!("{what}: {rate:.0} a second, p50 {p50:.0} ms, p99 {p99:.0} ms")
    };
    let peak_kib = company.services.iter().map(Served::peak_kib).max().unwrap_or(0);
    let lines = vec![
        of(&format!("{PEAK_CLIENTS} clients, one request after the other, before"), &peak_before),
        of("the same, after", &peak_after),
        of(&format!("twice as many offered for {} s, carried", offered.time.as_secs()), &good),
        of("told to come again", &refused),
        format!(
            "{:.0}% of the requests could not be sent in their time, since {MOST_WAITING} waited for their answers",
            float(offered.unsent) / float(offered.sent + offered.unsent).max(1.0) * 100.0
        ),
        format!("a services process kept {} MiB resident at most", peak_kib / 1_024),
    ];
    Ok(Part { title: "Twice the load", goals, lines })
}

/// Sends so many requests a second, whatever is answered.
async fn offer(load: &Rc<Load>, company: &Company, rate: f64, time: Duration) -> Offered {
    let resident_kib = || company.services.iter().map(Served::resident_kib).max().unwrap_or(0);
    let (began, mut half_kib) = (Instant::now(), 0);
    let (mut sent, mut unsent) = (0_u64, 0_u64);
    let mut ticks = tokio::time::interval(TICK);
    while began.elapsed() < time {
        ticks.tick().await;
        if half_kib == 0 && began.elapsed() > time / 2 {
            half_kib = resident_kib();
        }
        let due = began.elapsed().as_secs_f64() * rate;
        while float(sent + unsent) < due {
            if load.waiting.get() < MOST_WAITING {
                load.waiting.set(load.waiting.get() + 1);
                tokio::task::spawn_local(one(Rc::clone(load), sent));
                sent += 1;
            } else {
                unsent += 1;
            }
        }
    }
    let carried = load.tally.borrow().done;
    Offered { sent, unsent, carried, time: began.elapsed(), memory: (half_kib, resident_kib()) }
}

fn judge(args: &Args, offered: &Offered, peak: f64, good: &Figures) -> Vec<Goal> {
    let (half, end) = offered.memory;
    let share = good.rate / peak.max(1e-6) * 100.0;
    let more = end.saturating_sub(half);
    vec![
        Goal::seen(
            "carried, of the peak",
            format!("at least {LEAST:.0}%"),
            format!("{share:.0}%"),
            args.timed(share >= LEAST),
        ),
        Goal::seen(
            "memory at the end over that at half-time",
            format!("at most {} MiB", MORE_KIB / 1_024),
            format!("{} MiB", more / 1_024),
            args.timed(more <= MORE_KIB),
        ),
    ]
}

/// What clients get done that ask one thing after the other, and how much that was until the last had its answer.
async fn peak(load: &Rc<Load>, time: Duration) -> Result<(Figures, u64)> {
    load.stop.set(false);
    let (began, mut clients) = (Instant::now(), JoinSet::new());
    for n in 0..PEAK_CLIENTS {
        let load = Rc::clone(load);
        clients.spawn_local(async move {
            while !load.stop.get() {
                load.waiting.set(load.waiting.get() + 1);
                one(Rc::clone(&load), n as u64).await;
            }
        });
    }
    tokio::time::sleep(time).await;
    let (done, elapsed) = (load.tally.borrow().done, began.elapsed());
    load.stop.set(true);
    while let Some(ended) = clients.join_next().await {
        ended?;
    }
    let tally = load.tally.replace(Tally::new()?);
    Ok((Figures::new(done, elapsed, &tally.times), tally.done))
}

/// Sends a request on a connection that nobody uses, and waits for its answer.
async fn one(load: Rc<Load>, number: u64) {
    let process = usize::from(number % 2 == 1);
    // The one that was used last; when that was long ago, the others were so too.
    let idle = load.idle.borrow_mut().get_mut(process).and_then(Vec::pop);
    let idle = idle.filter(|(_, used)| used.elapsed() < IDLE).map(|(connection, _)| connection);
    let (asked, ask) = (Instant::now(), load.work.next());
    match answered(&load, process, idle, &ask).await {
        Ok((connection, became)) => {
            if let Some(idle) = load.idle.borrow_mut().get_mut(process) {
                idle.push((connection, Instant::now()));
            }
            let mut tally = load.tally.borrow_mut();
            match became {
                Became::Done => {
                    tally.done += 1;
                    tally.times.add(asked.elapsed());
                }
                Became::Refused(_) => {
                    tally.refused += 1;
                    tally.refusals.add(asked.elapsed());
                }
                Became::Other(words) => tally.faults.add(words),
            }
        }
        Err(error) => {
            let mut tally = load.tally.borrow_mut();
            tally.unanswered += 1;
            tally.faults.add(error);
        }
    }
    load.waiting.set(load.waiting.get() - 1);
}

async fn answered(
    load: &Load,
    process: usize,
    idle: Option<Connection>,
    ask: &Ask,
) -> std::io::Result<(Connection, Became)> {
    let addr = load.addrs[process % load.addrs.len()];
    let mut connection = match idle {
        Some(connection) => connection,
        None => Connection::open(addr).await?,
    };
    let reply = connection.exchange(&ask.text).await?;
    let became = load.work.heard(ask, &reply, &connection);
    Ok((connection, became))
}

/// Counts of one run fit 32 bits.
fn float(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

//! Thousands of clients hang up; then nothing may hang, be half done, or be kept for them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use contract::ProblemKind;
use tokio::task::JoinSet;

use super::args::Args;
use super::hangup::{Ask, HangUp, Heard, Point};
use crate::fixtures::Drafts;
use crate::http::Connection;
use crate::orders::Shape;
use crate::proof::{Company, Faults, Part};
use crate::report::goals::Goal;
use crate::{Result, output};

/// Clients at once.
const AT_ONCE: usize = 64;
/// In how many lots the clients come; tokens are made anew between them.
const LOTS: u32 = 10;
/// How long the program may take to be done with what clients left behind.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the database must be seen at rest before it counts as quiet.
const LOOKS: u32 = 20;
/// How many more files a process may have open than after the first lot: as many as its pool may still grow by.
const MORE_FILES: usize = 16;
/// How much more memory a process may keep than after the first lot, in KiB.
const MORE_KIB: u64 = 64 * 1_024;

/// What the clients share.
struct Shared {
    addrs: [SocketAddr; 2],
    token: RefCell<String>,
    drafts: Drafts,
    seed: u64,
    next: Cell<u32>,
    /// Where the lot ends.
    end: Cell<u32>,
    tally: RefCell<Tally>,
}

/// What the clients did.
#[derive(Default)]
struct Tally {
    points: BTreeMap<Point, u64>,
    /// How many sent the same request again.
    again: u64,
    /// Whether somebody sent a whole request for the nth order.
    asked: Vec<bool>,
    /// The marks of requests that were not sent whole.
    cut: Vec<String>,
    /// Orders, and the status that a whole answer told of.
    acknowledged: Vec<(i64, &'static str)>,
    /// The marks of drafts and counts that a whole answer told of.
    marks: Vec<String>,
    faults: Faults,
}

/// What a process holds.
#[derive(Debug, Clone, Copy)]
struct Held {
    files: usize,
    kib: u64,
}

/// Lets every client come and go, and looks at what is left of them.
///
/// # Errors
/// When something cannot be run.
pub async fn part(args: &Args, company: &mut Company) -> Result<Part> {
    company.fixtures.reset().await?;
    let drafts = company.fixtures.draft(Shape::Zipf, usize::try_from(args.aborts)?).await?;
    company.fixtures.settle().await?;
    let tally = Tally { asked: vec![false; usize::try_from(args.aborts)?], ..Tally::default() };
    let shared = Rc::new(Shared {
        addrs: company.addrs(),
        token: RefCell::default(),
        drafts,
        seed: args.seed,
        next: Cell::new(0),
        end: Cell::new(0),
        tally: RefCell::new(tally),
    });
    let (began, mut quiet, mut first) = (Instant::now(), None, None);
    for lot in 1..=LOTS {
        shared.token.replace(company.program.token().await?);
        shared.end.set(args.aborts / LOTS * lot + if lot == LOTS { args.aborts % LOTS } else { 0 });
        let mut clients = JoinSet::new();
        for _ in 0..AT_ONCE {
            clients.spawn_local(come_and_go(Rc::clone(&shared)));
        }
        while let Some(ended) = clients.join_next().await {
            ended?;
        }
        if lot == 1 || lot == LOTS {
            quiet = be_quiet(company).await?;
            first = first.or(Some(held(company)));
        }
        output::line(format_args!("hang-ups: {} of {}", shared.end.get(), args.aborts));
    }
    let took = began.elapsed();
    let (first, last) = (first.unwrap_or(held(company)), held(company));
    let mut part = Part {
        title: "Clients who hang up",
        goals: vec![Goal::seen(
            "quiet again",
            format!("within {} s", PATIENCE.as_secs()),
            quiet.map_or_else(|| "no".to_owned(), |time| format!("after {} ms", time.as_millis())),
            quiet.is_some(),
        )],
        lines: vec![format!(
            "{} clients, {AT_ONCE} at once, with both processes in turn, in {:.0} s; half with FIN, half with RST",
            args.aborts,
            took.as_secs_f64()
        )],
    };
    part.goals.extend(effects(company, &shared).await?);
    part.goals.extend(kept(first, last));
    let answering = answer(company, &shared).await;
    part.goals.push(Goal::seen("processes that still fulfil an order", 2, answering, answering == 2));
    part.lines.extend(described(&shared.tally.borrow()));
    part.lines.push(format!("what they asked for made {} changes", company.records.changes().await?));
    let peak = company.services.each_ref().map(|served| served.peak_kib() / 1_024);
    part.lines.push(format!("memory at its peak: {} and {} MiB", peak[0], peak[1]));
    company.close(&mut part).await?;
    Ok(part)
}

fn described(tally: &Tally) -> [String; 2] {
    let points: Vec<String> =
        tally.points.iter().map(|(point, count)| format!("{} {count}", point.words())).collect();
    [
        format!("hung up {}", points.join(", ")),
        format!("{} sent the same request with the same key to the other process afterwards", tally.again),
    ]
}

/// Clients, one after the other, until the lot is over.
async fn come_and_go(shared: Rc<Shared>) {
    loop {
        let n = shared.next.get();
        if n >= shared.end.get() {
            return;
        }
        shared.next.set(n + 1);
        let mut client = HangUp::new(shared.seed, n);
        let index = if client.other { n.saturating_sub(1) } else { n };
        let order = shared.drafts.first + i64::from(index);
        let request = client.request(n, &shared.token.borrow(), order);
        shared.tally.borrow_mut().sends(&client, index);
        // Two clients who meet at one order talk to different processes.
        let [addr, other] =
            if n.is_multiple_of(2) { shared.addrs } else { [shared.addrs[1], shared.addrs[0]] };
        let mut heard = client.perform(addr, &request).await;
        if client.again && heard.is_ok() {
            heard = HangUp::hear(other, &request).await.map(Some);
        }
        let mut tally = shared.tally.borrow_mut();
        match heard {
            Ok(heard) => heard.into_iter().for_each(|heard| tally.heard(&client, order, &heard)),
            Err(error) => tally.faults.add(format_args!("{}: {error}", client.point.words())),
        }
    }
}

impl Tally {
    fn sends(&mut self, client: &HangUp, index: u32) {
        *self.points.entry(client.point).or_default() += 1;
        self.again += u64::from(client.again);
        if client.point.cuts() {
            self.cut.push(client.mark.clone());
        } else if !matches!(client.ask, Ask::Create | Ask::SetStock) {
            let index = usize::try_from(index).unwrap_or(usize::MAX);
            self.asked.get_mut(index).into_iter().for_each(|asked| *asked = true);
        }
    }

    fn heard(&mut self, client: &HangUp, order: i64, heard: &Heard) {
        let reached = match client.ask {
            Ask::Submit => Some("submitted"),
            Ask::Fulfil => Some("fulfilled"),
            Ask::Cancel => Some("cancelled"),
            Ask::Create | Ask::SetStock => None,
        };
        match (heard.status, reached) {
            (200, Some(status)) => self.acknowledged.push((order, status)),
            (200 | 201, None) => self.marks.push(client.mark.clone()),
            // Two met at one order.
            (409, Some(_)) if heard.is(ProblemKind::WrongState) => {}
            // What was asked for before hanging up is still being done.
            (409, _) if client.again && heard.is(ProblemKind::IdempotencyInFlight) => {}
            (status, _) => {
                let kind = heard.problem.as_deref().unwrap_or_default();
                self.faults.add(format_args!("{:?}: {status} {kind}", client.ask));
            }
        }
    }
}

/// Waits until no connection to the database is busy, at several looks; says how long that took.
async fn be_quiet(company: &Company) -> Result<Option<Duration>> {
    let (began, mut since, mut looks) = (Instant::now(), Duration::ZERO, 0);
    while began.elapsed() < PATIENCE {
        if company.records.backends().await?.busy == 0 {
            looks += 1;
        } else {
            (since, looks) = (began.elapsed(), 0);
        }
        if looks == LOOKS {
            return Ok(Some(since));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(None)
}

/// What became of the requests: cut ones had no effect, acknowledged ones theirs.
async fn effects(company: &Company, shared: &Shared) -> Result<Vec<Goal>> {
    let tally = shared.tally.take();
    let orders = (shared.drafts.first..).zip(&tally.asked);
    let untouched: Vec<i64> = orders.filter(|(_, asked)| !**asked).map(|(order, _)| order).collect();
    let records = &company.records;
    let cut = records.touched(&untouched).await? + records.marked(&tally.cut).await?;
    let mut lost = records.not_reached(&tally.acknowledged).await?;
    lost.extend(records.unmarked(&tally.marks).await?);
    let goals = vec![
        Goal::none("effects of requests that were not sent whole", cut),
        Goal::nothing("acknowledged changes that are not in the database", &lost),
        tally.faults.goal(),
    ];
    shared.tally.replace(tally);
    Ok(goals)
}

fn held(company: &Company) -> [Held; 2] {
    company.services.each_ref().map(|served| Held { files: served.open_files(), kib: served.resident_kib() })
}

/// That the processes keep nothing for clients that are gone.
fn kept(first: [Held; 2], last: [Held; 2]) -> [Goal; 2] {
    let pairs = || first.iter().zip(&last);
    let files: Vec<String> =
        pairs().map(|(first, last)| format!("{} then {}", first.files, last.files)).collect();
    let memory: Vec<String> =
        pairs().map(|(first, last)| format!("{} then {}", first.kib / 1_024, last.kib / 1_024)).collect();
    [
        Goal::seen(
            "open files of each process, after a tenth of the clients and after all",
            format!("at most {MORE_FILES} more"),
            files.join(", "),
            pairs().all(|(first, last)| last.files <= first.files + MORE_FILES),
        ),
        Goal::seen(
            "MiB resident in each process, after a tenth of the clients and after all",
            format!("at most {} more", MORE_KIB / 1_024),
            memory.join(", "),
            pairs().all(|(first, last)| last.kib <= first.kib + MORE_KIB),
        ),
    ]
}

/// How many of the processes fulfil an order that is still a draft.
async fn answer(company: &mut Company, shared: &Shared) -> usize {
    let mut answering = 0;
    let Ok(drafts) = company.fixtures.draft(Shape::Zipf, 2).await else { return 0 };
    for (addr, order) in shared.addrs.into_iter().zip(drafts.first..) {
        let Ok(mut connection) = Connection::open(addr).await else { continue };
        let token = shared.token.borrow().clone();
        let path = format!("/v1/orders/{order}/fulfill");
        let reply = connection.post(&path, &token, None, "").await;
        answering += usize::from(reply.is_ok_and(|reply| reply.status == 200));
    }
    answering
}

//! Loads the services from many connections for a time.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::Barrier;
use tokio::task::{JoinSet, LocalSet};

use crate::Result;
use crate::figures::{Figures, Times};
use crate::http::Connection;
use crate::workload::{Answer, Fault, Source};

/// How long a connection that broke waits before it is made again.
const PAUSE: Duration = Duration::from_millis(20);

/// What became of a load.
pub struct Loaded {
    /// Rates and times.
    pub figures: Figures,
    /// How many orders the services say they fulfilled.
    pub fulfilled: u64,
    /// How many orders the services say they drafted.
    pub created: u64,
    /// What went wrong, and how often.
    pub faults: BTreeMap<String, u64>,
}

/// What the connections share.
struct Shared {
    addr: SocketAddr,
    source: Source,
    ready: Barrier,
    end: Cell<Instant>,
    ran_out: Cell<bool>,
    tally: RefCell<Tally>,
}

struct Tally {
    times: Times,
    answers: u64,
    fulfilled: u64,
    created: u64,
    last: Instant,
    faults: BTreeMap<String, u64>,
}

/// Opens so many connections, waits until all are there, and lets each ask one thing after the other until the time
/// is over or there is nothing left to fulfil. What is asked by then is answered and counts.
///
/// # Errors
/// When a connection cannot be opened or its first answers are wrong.
pub async fn load(addr: SocketAddr, source: Source, connections: u32, time: Duration) -> Result<Loaded> {
    let count = usize::try_from(connections)?;
    let now = Instant::now();
    let tally = Tally {
        times: Times::new()?,
        answers: 0,
        fulfilled: 0,
        created: 0,
        last: now,
        faults: BTreeMap::new(),
    };
    let shared = Rc::new(Shared {
        addr,
        source,
        ready: Barrier::new(count + 1),
        end: Cell::new(now),
        ran_out: Cell::new(false),
        tally: RefCell::new(tally),
    });
    let local = LocalSet::new();
    let mut opened = Vec::with_capacity(count);
    for n in 0..count {
        let mut connection = Connection::open(addr).await?;
        shared.source.warm(&mut connection).await?;
        if n == 0 {
            shared.source.check(&mut connection).await?;
        }
        opened.push(connection);
    }
    let start = local
        .run_until(async {
            let mut tasks = JoinSet::new();
            for connection in opened {
                tasks.spawn_local(ask_on(Rc::clone(&shared), connection));
            }
            let start = Instant::now();
            shared.end.set(start + time);
            shared.ready.wait().await;
            while let Some(ended) = tasks.join_next().await {
                ended?;
            }
            Ok::<_, tokio::task::JoinError>(start)
        })
        .await?;
    let tally = shared.tally.borrow();
    let mut figures = Figures::new(tally.answers, tally.last.saturating_duration_since(start), &tally.times);
    figures.errors = tally.faults.values().sum();
    figures.ran_out = shared.ran_out.get();
    Ok(Loaded { figures, fulfilled: tally.fulfilled, created: tally.created, faults: tally.faults.clone() })
}

async fn ask_on(shared: Rc<Shared>, mut connection: Connection) {
    shared.ready.wait().await;
    let mut asked = Instant::now();
    while asked < shared.end.get() {
        let Some(answer) = shared.source.ask(&mut connection).await else {
            shared.ran_out.set(true);
            return;
        };
        let now = Instant::now();
        let broken = shared.tally.borrow_mut().count(answer, now, now - asked);
        if broken {
            tokio::time::sleep(PAUSE).await;
            if let Ok(another) = Connection::open(shared.addr).await {
                connection = another;
            }
        }
        asked = Instant::now();
    }
}

impl Tally {
    /// Counts an answer; says whether its connection is of no more use.
    fn count(&mut self, answer: std::result::Result<Answer, Fault>, now: Instant, time: Duration) -> bool {
        self.times.add(time);
        self.last = now;
        let fault = match answer {
            Ok(answer) => {
                self.answers += 1;
                self.fulfilled += u64::from(answer == Answer::Fulfilled);
                self.created += u64::from(answer == Answer::Created);
                return false;
            }
            Err(fault) => fault,
        };
        let (words, broken) = match fault {
            Fault::Broken(error) => (error.to_string(), true),
            Fault::Unexpected(words) => (words, false),
        };
        *self.faults.entry(words).or_default() += 1;
        broken
    }
}

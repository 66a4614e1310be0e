//! A steady load, to see what clients are told meanwhile, and how long it takes until all is well again.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::args::Args;
use super::not_ready;
use super::work::{Became, Work, refusal};
use crate::Result;
use crate::http::Connection;
use crate::orders::BRANCHES;
use crate::proof::Faults;
use crate::report::goals::Goal;

/// How long a client rests between two requests, and who looks whether all is well between two looks.
const REST: Duration = Duration::from_millis(10);
/// How soon after its cause has ended everything must be well.
pub const SOON: Duration = Duration::from_secs(5);

/// Clients at work.
pub struct Pulse {
    shared: Rc<Shared>,
    clients: JoinSet<()>,
}

struct Shared {
    addrs: Vec<SocketAddr>,
    work: Work,
    /// Besides 503 and 429, this status is one that clients are told for good reason.
    also: Option<u16>,
    stop: Cell<bool>,
    told: RefCell<Told>,
}

/// What clients were told.
#[derive(Default)]
pub struct Told {
    /// How many requests were carried out.
    pub done: u64,
    /// How long the longest of them took.
    pub longest: Duration,
    /// How many were refused for now, by the words of the refusal.
    pub refused: BTreeMap<String, u64>,
    /// What else they heard.
    pub faults: Faults,
}

impl Pulse {
    /// So many clients, in turn of each address; each reads a page of orders, then drafts or fulfils an order, and so on.
    pub fn start(addrs: Vec<SocketAddr>, work: Work, clients: usize, also: Option<u16>) -> Pulse {
        let (stop, told) = (Cell::new(false), RefCell::default());
        let shared = Rc::new(Shared { addrs, work, also, stop, told });
        let mut running = JoinSet::new();
        for n in 0..clients {
            running.spawn_local(work_on(Rc::clone(&shared), n));
        }
        Pulse { shared, clients: running }
    }

    /// Waits for the last answers.
    ///
    /// # Errors
    /// When a client panicked, which would be a defect.
    pub async fn stop(mut self) -> Result<Told> {
        self.shared.stop.set(true);
        while let Some(ended) = self.clients.join_next().await {
            ended?;
        }
        Ok(self.shared.told.take())
    }
}

async fn work_on(shared: Rc<Shared>, n: usize) {
    let Some(addr) = shared.addrs.get(n % shared.addrs.len().max(1)).copied() else { return };
    let mut connection = None;
    let mut reads = false;
    while !shared.stop.get() {
        reads = !reads;
        let asked = Instant::now();
        let became = if reads {
            read(&shared, addr, n, &mut connection).await
        } else {
            write(&shared, addr, &mut connection).await
        };
        if became.is_err() {
            connection = None;
        }
        shared.hear(became, asked.elapsed());
        tokio::time::sleep(REST).await;
    }
}

impl Shared {
    fn hear(&self, became: std::io::Result<Became>, time: Duration) {
        let mut told = self.told.borrow_mut();
        match became {
            Ok(Became::Done) => {
                told.done += 1;
                told.longest = told.longest.max(time);
            }
            Ok(Became::Refused(words)) => *told.refused.entry(words).or_default() += 1,
            Ok(Became::Other(words)) => {
                let also = self.also.map(|status| format!("{status}: "));
                if also.is_some_and(|also| words.starts_with(&also)) {
                    *told.refused.entry(words).or_default() += 1;
                } else {
                    told.faults.add(words);
                }
            }
            Err(error) => told.faults.add(error),
        }
    }
}

async fn opened(addr: SocketAddr, connection: &mut Option<Connection>) -> std::io::Result<&mut Connection> {
    let open = match connection.take() {
        Some(open) => open,
        None => Connection::open(addr).await?,
    };
    Ok(connection.insert(open))
}

async fn read(
    shared: &Shared,
    addr: SocketAddr,
    n: usize,
    connection: &mut Option<Connection>,
) -> std::io::Result<Became> {
    let path = format!("/v1/orders?branch_id={}&limit=20", n % usize::try_from(BRANCHES).unwrap_or(1) + 1);
    let connection = opened(addr, connection).await?;
    let reply = connection.get(&path, Some(&shared.work.token)).await?;
    Ok(if reply.status == 200 { Became::Done } else { refusal(&reply, connection) })
}

async fn write(
    shared: &Shared,
    addr: SocketAddr,
    connection: &mut Option<Connection>,
) -> std::io::Result<Became> {
    let connection = opened(addr, connection).await?;
    let ask = shared.work.next();
    let reply = connection.exchange(&ask.text).await?;
    Ok(shared.work.heard(&ask, &reply, connection))
}

/// How it was found out that all is well.
pub struct Well {
    /// After how long every process was ready, gave a page of orders and drafted an order; nothing when it took ten
    /// times too long.
    after: Option<Duration>,
    /// How many orders were drafted for it.
    pub drafts: u64,
}

/// Asks every process until all is well.
pub async fn until_well(addrs: &[SocketAddr], token: &str) -> Well {
    let (began, work) = (Instant::now(), Work::new(token.to_owned(), 0));
    let mut drafts = 0;
    for addr in addrs {
        while !is_well(*addr, &work).await.unwrap_or(false) {
            if began.elapsed() > SOON * 10 {
                return Well { after: None, drafts };
            }
            tokio::time::sleep(REST).await;
        }
        drafts += 1;
    }
    Well { after: Some(began.elapsed()), drafts }
}

/// What comes last is the draft: where it is made, all is well.
async fn is_well(addr: SocketAddr, work: &Work) -> std::io::Result<bool> {
    if not_ready(addr).await.is_some() {
        return Ok(false);
    }
    let mut connection = Connection::open(addr).await?;
    let page = connection.get("/v1/orders?branch_id=1&limit=20", Some(&work.token)).await?;
    if page.status != 200 {
        return Ok(false);
    }
    Ok(connection.exchange(&work.draft()).await?.status == 201)
}

/// That all was well soon enough.
pub fn recovered(args: &Args, well: &Well) -> Goal {
    let found =
        well.after.map_or_else(|| "not in time".to_owned(), |after| format!("{} ms", after.as_millis()));
    let reached = well.after.is_some_and(|after| args.timed(after <= SOON));
    Goal::seen("until all was well again", format!("at most {} s", SOON.as_secs()), found, reached)
}

impl Told {
    /// What clients were told, as lines.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{} requests were carried out meanwhile, before and after", self.done)];
        lines.extend(self.refused.iter().map(|(words, count)| format!("{count} were told: {words}")));
        lines
    }
}

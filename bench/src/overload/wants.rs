//! What PostgreSQL lacks for a while: connections, or the time to answer.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio_postgres::Client;

use super::args::Args;
use super::not_ready;
use super::pulse::{self, Pulse};
use super::work::Work;
use crate::Result;
use crate::proof::{Company, Part};
use crate::report::goals::Goal;

/// Clients at work meanwhile: more than the pools of both processes have connections.
pub const CLIENTS: usize = 160;
/// How long the load runs before and after.
const CALM: Duration = Duration::from_secs(1);

/// Somebody else takes every connection that PostgreSQL has, and the program's are cut.
///
/// # Errors
/// When something cannot be run.
pub async fn connections(args: &Args, company: &mut Company) -> Result<Part> {
    let pulse = pulsing(args, company).await?;
    let (addr, wanted) = (company.addrs()[0], "it has no connection left");
    let mut taken = Vec::new();
    // The program takes what becomes free when its connections are cut: it is cut until it finds none.
    until_said(addr, wanted, async || take_all(company, &mut taken).await).await?;
    let end = Instant::now() + args.want();
    let taking = async {
        while Instant::now() < end {
            take_all(company, &mut taken).await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Result::Ok(())
    };
    let (took, why) = tokio::join!(taking, reasons(addr, args.want()));
    took?;
    drop(taken);
    finish("No connection left", wanted, why, pulse, (args, company)).await
}

/// Takes every connection that there is, then cuts the program's.
async fn take_all(company: &Company, taken: &mut Vec<Client>) -> Result<()> {
    while let Ok(connection) = company.program.connect().await {
        taken.push(connection);
    }
    company.fixtures.client().execute(CUT, &[]).await?;
    Ok(())
}

/// Cuts the program's connections.
const CUT: &str = "
    select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'quartermaster%'";

/// A session of somebody else locks the orders, so that whoever reads it holds a connection and waits.
///
/// # Errors
/// When something cannot be run.
pub async fn locks(args: &Args, company: &mut Company) -> Result<Part> {
    let pulse = pulsing(args, company).await?;
    let (addr, wanted) = (company.addrs()[0], "every connection of the pool is in use");
    let other = company.program.connect().await?;
    other.batch_execute("begin; lock table services_orders in access exclusive mode").await?;
    if args.timed(false) {
        // Where changes are slow, every client may wait with one when the lock comes: it reads once it was told to come again.
        until_said(addr, wanted, async || Ok(())).await?;
    }
    let why = reasons(addr, args.want()).await;
    other.batch_execute("rollback").await?;
    finish("Every connection in use", wanted, why, pulse, (args, company)).await
}

/// Does something again and again until the process says what it lacks: from then on the want counts. One that never
/// says so is found out by what is asked then.
async fn until_said(
    addr: SocketAddr,
    wanted: &str,
    mut meanwhile: impl AsyncFnMut() -> Result<()>,
) -> Result<()> {
    let end = Instant::now() + pulse::SOON * 10;
    while !not_ready(addr).await.is_some_and(|why| why.contains(wanted)) && Instant::now() < end {
        meanwhile().await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Why the process is not ready, asked again and again for that time: each reason once.
pub async fn reasons(addr: SocketAddr, time: Duration) -> BTreeSet<String> {
    let (mut reasons, end) = (BTreeSet::new(), Instant::now() + time);
    while Instant::now() < end {
        reasons.extend(not_ready(addr).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    reasons
}

/// The reasons, one after the other.
pub fn in_words(reasons: &BTreeSet<String>) -> String {
    if reasons.is_empty() {
        return "ready".to_owned();
    }
    reasons.iter().map(String::as_str).collect::<Vec<_>>().join("; ")
}

/// A load that has run for a moment.
pub async fn pulsing(args: &Args, company: &mut Company) -> Result<Pulse> {
    let work = Work::new(company.program.token().await?, args.seed);
    let pulse = Pulse::start(company.addrs().to_vec(), work, CLIENTS, None);
    tokio::time::sleep(CALM).await;
    Ok(pulse)
}

/// The want is over: waits until all is well, and tells what was seen.
///
/// # Errors
/// When something cannot be run.
pub async fn finish(
    title: &'static str,
    wanted: &str,
    why: BTreeSet<String>,
    pulse: Pulse,
    (args, company): (&Args, &mut Company),
) -> Result<Part> {
    let token = company.program.token().await?;
    let well = pulse::until_well(&company.addrs(), &token).await;
    tokio::time::sleep(CALM).await;
    let told = pulse.stop().await?;
    let goals = vec![
        Goal::seen(
            "why it is not ready, as /ready says",
            wanted,
            in_words(&why),
            // Where it takes long to find out, not even that it is so long comes in time.
            why.iter().any(|why| why.contains(wanted)) || (args.timed(false) && !why.is_empty()),
        ),
        told.faults.goal(),
        pulse::recovered(args, &well),
    ];
    Ok(Part { title, goals, lines: told.lines() })
}

//! A run: from an empty directory to the report, and everything stopped and removed again whatever happens.

use std::path::Path;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::args::Args;
use crate::fixtures::Fixtures;
use crate::measure::Bench;
use crate::pgbench::Pgbench;
use crate::program::Program;
use crate::report;
use crate::server::Server;
use crate::{Result, output};

/// The signals that end a run before its time.
pub struct Interrupts(Signal, Signal);

impl Interrupts {
    /// Those that come from now on.
    ///
    /// # Errors
    /// When the system cannot tell of signals.
    pub fn new() -> Result<Interrupts> {
        Ok(Interrupts(signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
    }

    /// Lets work go on until it ends or a signal comes.
    ///
    /// # Errors
    /// The work's own, or that it was interrupted.
    pub async fn or<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let Interrupts(interrupt, terminate) = self;
        tokio::select! {
            done = work => done,
            _ = interrupt.recv() => Err("interrupted".into()),
            _ = terminate.recv() => Err("interrupted".into()),
        }
    }
}

/// Does `work` on a new private server below `scratch`, with room for that many clients besides the program's, and
/// stops and removes the server whatever happens.
///
/// # Errors
/// Those of the work, or when the server does not start or stop.
pub async fn on_a_server(
    scratch: &Path,
    clients: u32,
    work: impl AsyncFnOnce(&mut Server, &mut Interrupts) -> Result<()>,
) -> Result<()> {
    let mut interrupts = Interrupts::new()?;
    // Not to be interrupted half-way: what begins to start must be known, to be stopped.
    let mut server = Server::open(scratch, clients, Vec::new()).await?;
    let result = work(&mut server, &mut interrupts).await;
    let closed = server.close().await;
    result.and(closed)
}

/// Makes a database with a company in it and a user.
///
/// # Errors
/// When a command of the program or the server refuses.
pub async fn fill(program: &Program, server: &Server) -> Result<Fixtures> {
    program.migrate().await?;
    program.add_user().await?;
    Fixtures::make(server.connect().await?).await
}

/// Measures everything and writes the report.
///
/// # Errors
/// When something cannot be run, an invariant does not hold, or the run was interrupted.
pub async fn measured(args: &Args) -> Result<()> {
    let clients = args.connections().into_iter().max().unwrap_or(1);
    on_a_server(&args.place.scratch, clients, async |server, interrupts| {
        let pgbench = Pgbench::find(server, args.pgbench.as_deref())?;
        let program = Program::new(&args.place.binary, server.data_dir())?;
        let fixtures = interrupts.or(fill(&program, server)).await?;
        let served = program.serve().await?;
        let mut bench = Bench::new((program, served), fixtures, pgbench, args.time(), args.keys);
        let result = interrupts.or(measure(args, &mut bench)).await;
        let stopped = bench.served.stop().await;
        result.and(stopped)
    })
    .await
}

async fn measure(args: &Args, bench: &mut Bench) -> Result<()> {
    let connections = args.connections();
    for round in 1..=args.rounds.get() {
        output::line(format_args!("Round {round} of {}", args.rounds));
        for workload in args.workloads() {
            bench.workload(workload, &connections).await?;
        }
    }
    report::write(args, bench).await
}

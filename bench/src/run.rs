//! A run: from an empty directory to the report, and everything stopped and removed again whatever happens.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::args::Args;
use crate::fixtures::Fixtures;
use crate::measure::Bench;
use crate::pgbench::Pgbench;
use crate::program::Program;
use crate::report::{self, Conditions};
use crate::server::Server;
use crate::{Result, output};

/// Runs everything and writes the report.
///
/// # Errors
/// When something cannot be run, an invariant does not hold, or the run was interrupted.
pub async fn run(args: &Args) -> Result<()> {
    let mut signals = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let clients = args.connections().into_iter().max().unwrap_or(1);
    // Not to be interrupted half-way: what begins to start must be known, to be stopped.
    let server = Server::open(&args.scratch, clients).await?;
    let result = with_server(args, &server, &mut signals).await;
    let closed = server.close().await;
    result.and(closed)
}

async fn with_server(args: &Args, server: &Server, signals: &mut (Signal, Signal)) -> Result<()> {
    let prepared = tokio::select! {
        prepared = prepare(args, server) => prepared?,
        () = interrupted(signals) => return Err("interrupted".into()),
    };
    let (program, fixtures, pgbench) = prepared;
    let served = program.serve().await?;
    let mut bench = Bench::new((program, served), fixtures, pgbench, args.time(), args.keys);
    let result = tokio::select! {
        measured = measure(args, &mut bench) => measured,
        () = interrupted(signals) => Err("interrupted".into()),
    };
    let stopped = bench.served.stop().await;
    result.and(stopped)
}

async fn prepare(args: &Args, server: &Server) -> Result<(Program, Fixtures, Pgbench)> {
    let program = Program::new(&args.binary, server.data_dir())?;
    let pgbench = Pgbench::find(server, args.pgbench.as_deref())?;
    program.migrate().await?;
    program.add_user().await?;
    let fixtures = Fixtures::make(server.connect().await?).await?;
    Ok((program, fixtures, pgbench))
}

async fn measure(args: &Args, bench: &mut Bench) -> Result<()> {
    let connections = args.connections();
    for round in 1..=args.rounds.get() {
        output::line(format_args!("Round {round} of {}", args.rounds));
        for workload in args.workloads() {
            bench.workload(workload, &connections).await?;
        }
    }
    let conditions = Conditions::of(args, bench).await?;
    report::write(args, &conditions, bench)
}

async fn interrupted((interrupt, terminate): &mut (Signal, Signal)) {
    tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
}

//! Measures the release binary over HTTP, and PostgreSQL at its plainest beside it; proves that it holds under
//! contention; measures every list at a million orders, and what a decision of the policies costs. See the README of this package.

mod args;
mod authorize;
mod chaos;
mod contention;
mod cores;
mod figures;
mod fixtures;
mod growth;
mod http;
mod lists;
mod load;
mod machine;
mod measure;
mod million;
mod orders;
mod output;
mod overload;
mod pgbench;
mod process;
mod program;
mod proof;
mod report;
mod run;
mod server;
mod upgrade;
mod workload;

use std::process::ExitCode;

use clap::Parser;
use tokio::task::LocalSet;

use crate::args::{Command, CommandLine};

/// What everything here gives back; an error ends the run and is shown with its causes.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let CommandLine { command, measure } = CommandLine::parse();
    // One thread: the load shares the cores with what it measures, and must take as little of them as it can.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let done = LocalSet::new().block_on(&runtime, async {
        match &command {
            None => run::measured(&measure).await,
            Some(Command::Contention(args)) => contention::prove(args).await,
            Some(Command::Authorize(args)) => authorize::measure(args),
            Some(Command::Chaos(args)) => chaos::prove(args).await,
            Some(Command::Overload(args)) => overload::prove(args).await,
            Some(Command::Growth(args)) => growth::measure(args).await,
            Some(Command::Upgrade(args)) => upgrade::prove(args).await,
            Some(Command::Lists(args)) => lists::measure(args).await,
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error.as_ref()),
    }
}

/// Says what went wrong and why, down to the first cause.
fn failed(error: &(dyn std::error::Error + 'static)) -> ExitCode {
    eprintln!("quartermaster-bench: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    ExitCode::FAILURE
}

//! The command line.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::workload::Workload;
use crate::{authorize, chaos, contention, growth, lists, overload, upgrade};

/// Measures the release binary over HTTP, and pgbench doing the same work at its plainest, on one PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "quartermaster-bench", max_term_width = 110, args_conflicts_with_subcommands = true)]
pub struct CommandLine {
    /// Something else than measuring.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What is measured.
    #[command(flatten)]
    pub measure: Args,
}

/// What is done instead of measuring.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Proves that nothing is lost or doubled by clients that race, clients that hang up and processes that are killed
    Contention(contention::Args),
    /// Proves that nothing acknowledged is lost or done twice while parts are killed, paused and restarted under load
    Chaos(chaos::Args),
    /// Proves that too much load, and the want of connections, locks or disk, end in clear refusals and pass
    Overload(overload::Args),
    /// Proves that the schema moves under load at a million orders, and nobody waits or fails
    Upgrade(upgrade::Args),
    /// Measures how long every list takes at a million orders
    Lists(lists::Args),
    /// Measures how everything grows from ten thousand orders to ten million
    Growth(growth::Args),
    /// Measures what it costs to decide whether a caller may do something
    Authorize(authorize::Args),
}

/// The program and where its run takes place.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// The program to measure
    #[arg(long, value_name = "FILE", default_value = "target/release/quartermaster")]
    pub binary: PathBuf,
    /// Where the database and the logs of the run are kept until it ends
    #[arg(long, value_name = "DIR", default_value = "target")]
    pub scratch: PathBuf,
}

/// What is measured, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The program and where.
    #[command(flatten)]
    pub place: Place,
    /// How long each measurement lasts
    #[arg(long, value_name = "SECONDS", default_value = "5")]
    seconds: NonZeroU32,
    /// How often everything is measured; the medians count
    #[arg(long, value_name = "COUNT", default_value = "3")]
    pub rounds: NonZeroU32,
    /// Numbers of connections to measure with
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "1,32,128,512")]
    pub connections: Vec<NonZeroU32>,
    /// The workloads to measure; all of them when left out
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    only: Vec<Workload>,
    /// Give every fulfilment and creation an Idempotency-Key of its own, to see what that costs
    #[arg(long)]
    pub keys: bool,
    /// Where the results go; the plot goes beside it
    #[arg(long, value_name = "FILE", default_value = "bench/RESULTS.md")]
    pub out: PathBuf,
    /// pgbench, where it is not beside the server's programs
    #[arg(long, value_name = "FILE")]
    pub pgbench: Option<PathBuf>,
}

impl Args {
    /// How long each measurement lasts.
    pub fn time(&self) -> Duration {
        Duration::from_secs(u64::from(self.seconds.get()))
    }

    /// The workloads to measure, in the order of the report.
    pub fn workloads(&self) -> Vec<Workload> {
        let all = Workload::value_variants().iter().copied();
        all.filter(|workload| self.only.is_empty() || self.only.contains(workload)).collect()
    }

    /// The numbers of connections.
    pub fn connections(&self) -> Vec<u32> {
        self.connections.iter().map(|count| count.get()).collect()
    }
}

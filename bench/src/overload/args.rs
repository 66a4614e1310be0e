//! The command line of the proof.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use crate::args::Place;

/// What is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PartName {
    /// Twice the load that can be carried
    Load,
    /// PostgreSQL has no connection left
    Connections,
    /// A lock holds every connection of the pool
    Locks,
    /// PostgreSQL's disk is full
    Disk,
    /// The clock of a services process jumps
    Clock,
    /// Every process is restarted behind a proxy
    Rolling,
}

/// How much of it, and where.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The program and where.
    #[command(flatten)]
    pub place: Place,
    /// How long twice the load lasts
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = clap::value_parser!(u32).range(2..=600))]
    seconds: u32,
    /// How long each want lasts
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = clap::value_parser!(u32).range(1..=60))]
    want: u32,
    /// How often each process is restarted
    #[arg(long, value_name = "COUNT", default_value = "5")]
    pub restarts: NonZeroU32,
    /// Hold nothing against the clock: for a machine that does other things too
    #[arg(long)]
    untimed: bool,
    /// Makes the run's random choices; the same ones for the same seed
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    pub seed: u64,
    /// The parts to run; all of them when left out
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    only: Vec<PartName>,
    /// Where the results go
    #[arg(long, value_name = "FILE", default_value = "bench/OVERLOAD.md")]
    pub out: PathBuf,
}

impl Args {
    /// The parts to run, in the order of the report.
    pub fn parts(&self) -> Vec<PartName> {
        let all = PartName::value_variants().iter().copied();
        all.filter(|part| self.only.is_empty() || self.only.contains(part)).collect()
    }

    /// How long twice the load lasts.
    pub fn time(&self) -> Duration {
        Duration::from_secs(u64::from(self.seconds))
    }

    /// How long each want lasts.
    pub fn want(&self) -> Duration {
        Duration::from_secs(u64::from(self.want))
    }

    /// Whether a goal of time is reached, or does not count.
    pub fn timed(&self, reached: bool) -> bool {
        self.untimed || reached
    }

    /// The options in force, in a line.
    pub fn describe(&self) -> String {
        let Args { seconds, want, restarts, seed, .. } = self;
        format!(
            "twice the load for {seconds} s, each want for {want} s, {restarts} restarts of each process, seed: {seed}"
        )
    }
}

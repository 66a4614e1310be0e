//! The command line of the proof.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::args::Place;

/// What is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PartName {
    /// Clients race for the last units
    Race,
    /// Clients hang up
    HangUps,
    /// Processes are killed
    Kills,
}

/// How much of it, and where.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The program and where.
    #[command(flatten)]
    pub place: Place,
    /// Rounds of the race
    #[arg(long, value_name = "COUNT", default_value = "1000")]
    pub rounds: NonZeroU32,
    /// Clients that race in each round, half of them with each process
    #[arg(long, value_name = "COUNT", default_value = "200", value_parser = clap::value_parser!(u32).range(20..=4_000))]
    pub clients: u32,
    /// Clients that hang up
    #[arg(long, value_name = "COUNT", default_value = "50000", value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub aborts: u32,
    /// How often one of the two processes is killed
    #[arg(long, value_name = "COUNT", default_value = "20")]
    pub kills: NonZeroU32,
    /// Makes the run's random choices; the same ones for the same seed
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    pub seed: u64,
    /// The parts to run; all of them when left out
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    only: Vec<PartName>,
    /// Where the results go
    #[arg(long, value_name = "FILE", default_value = "bench/CONTENTION.md")]
    pub out: PathBuf,
}

impl Args {
    /// The parts to run, in the order of the report.
    pub fn parts(&self) -> Vec<PartName> {
        let all = PartName::value_variants().iter().copied();
        all.filter(|part| self.only.is_empty() || self.only.contains(part)).collect()
    }

    /// The options in force for the parts to run, in a line.
    pub fn describe(&self) -> String {
        let Args { rounds, clients, aborts, kills, seed, .. } = self;
        let each = self.parts().into_iter().map(|part| match part {
            PartName::Race => format!("rounds: {rounds}, clients: {clients}"),
            PartName::HangUps => format!("aborts: {aborts}"),
            PartName::Kills => format!("kills: {kills}"),
        });
        format!("{}, seed: {seed}", each.collect::<Vec<_>>().join(", "))
    }
}

//! pgbench, doing the same work at its plainest.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::Result;
use crate::figures::{Figures, Times};
use crate::fixtures::Drafts;
use crate::server::Server;
use crate::workload::Workload;

const FULFIL: &str = include_str!("../sql/fulfil.pgbench.sql");
const CREATE: &str = include_str!("../sql/create.pgbench.sql");
const ORDER: &str = include_str!("../sql/order.pgbench.sql");
const SUMMARY: &str = include_str!("../sql/summary.pgbench.sql");

/// Threads of pgbench.
const THREADS: &str = "2";

/// pgbench on the server of the run.
pub struct Pgbench {
    program: PathBuf,
    socket_dir: PathBuf,
    user: String,
    database: String,
    /// Holds scripts and logs of transactions.
    dir: PathBuf,
}

/// What became of a run of pgbench.
pub struct Ran {
    /// Rates and times.
    pub figures: Figures,
    /// How many transactions it says it made.
    pub transactions: u64,
}

/// What of a workload pgbench does; nothing for those that have no plain counterpart.
pub fn script(workload: Workload) -> Option<&'static str> {
    match workload {
        Workload::FulfilSpread | Workload::FulfilHot => Some(FULFIL),
        Workload::Create => Some(CREATE),
        Workload::Order => Some(ORDER),
        Workload::Summary => Some(SUMMARY),
        Workload::FulfilZipf | Workload::FulfilTwice | Workload::Mixed => None,
    }
}

impl Pgbench {
    /// The pgbench beside the server's programs, or the given one.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(server: &Server, given: Option<&Path>) -> Result<Pgbench> {
        let program = given.map_or_else(|| server.bin_dir().join("pgbench"), Path::to_path_buf);
        let program = program.canonicalize().map_err(|error| {
            format!(
                "{}: {error}; PostgreSQL's packages have it, and --pgbench names another",
                program.display()
            )
        })?;
        let (socket_dir, user, database) = server.place()?;
        let dir = server.data_dir().join("pgbench");
        fs::create_dir_all(&dir)?;
        Ok(Pgbench { program, socket_dir, user, database, dir: dir.canonicalize()? })
    }

    /// Runs a script with so many clients for a time. `known` are the orders that it may read.
    ///
    /// # Errors
    /// When it cannot be run, or did not say what it did.
    pub async fn run(&self, script: &str, known: Drafts, clients: u32, time: Duration) -> Result<Ran> {
        let file = self.dir.join("script.sql");
        fs::write(&file, script)?;
        let output = Command::new(&self.program)
            .args(["-n", "-M", "prepared", "-j", THREADS, "-l", "--random-seed", "1"])
            .args(["-c", &clients.to_string(), "-T", &time.as_secs().to_string()])
            .args([
                "-D",
                &format!("first_order={}", known.first),
                "-D",
                &format!("last_order={}", known.last),
            ])
            .arg("--log-prefix")
            .arg(self.dir.join("transactions"))
            .arg("-f")
            .arg(&file)
            .arg("-h")
            .arg(&self.socket_dir)
            .args(["-U", &self.user, &self.database])
            .current_dir(&self.dir)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await?;
        let times = self.times()?;
        let (said, complaints) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let (Some(rate), Some(transactions)) = (
            number(&said, "tps = ").and_then(|number| number.parse().ok()),
            number(&said, "number of transactions actually processed: ").and_then(|n| n.parse().ok()),
        ) else {
            return Err(format!("pgbench failed: {said}{complaints}").into());
        };
        let mut figures = Figures::new(transactions, time, &times);
        figures.rate = rate;
        // Each client that met an error says so and ends.
        figures.errors = complaints.lines().filter(|line| line.contains(" aborted ")).map(|_| 1).sum();
        Ok(Ran { figures, transactions })
    }

    /// Reads the time of every transaction from the logs, and removes them.
    fn times(&self) -> Result<Times> {
        let mut times = Times::new()?;
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            let is_log =
                path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("transactions."));
            if !is_log {
                continue;
            }
            // client, number, microseconds, script, end
            for line in fs::read_to_string(&path)?.lines() {
                let micros = line.split(' ').nth(2).and_then(|field| field.parse().ok());
                times.add(Duration::from_micros(micros.ok_or("pgbench wrote a log that is not understood")?));
            }
            fs::remove_file(&path)?;
        }
        Ok(times)
    }
}

/// The word after `label`, up to white space or a slash.
fn number<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(label)?;
    rest.split(|c: char| c.is_whitespace() || c == '/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pgbench_says_is_understood() {
        let said = "number of transactions actually processed: 4011\nnumber of failed transactions: 0 (0.000%)\n\
                    tps = 2005.119 (without initial connection time)\n";
        assert_eq!(number(said, "tps = "), Some("2005.119"));
        assert_eq!(number(said, "number of transactions actually processed: "), Some("4011"));
        assert_eq!(number("actually processed: 10/10", "processed: "), Some("10"));
    }
}

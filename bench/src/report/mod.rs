//! What a run found: to the terminal, as a document and as a plot.

pub mod goals;
mod plot;
pub mod svg;
pub mod table;

use std::fs;
use std::path::Path;

use tokio_postgres::Client;

use crate::args::Args;
use crate::figures::Figures;
use crate::machine::Machine;
use crate::measure::{Bench, Side};
use crate::workload::Workload;
use crate::{Result, output};

/// The settings of the server that matter to the figures.
const SERVER_SETTINGS: &[&str] = &[
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_compression",
    "shared_buffers",
    "max_wal_size",
    "max_connections",
];

/// Under what conditions something was found: the machine, the server, and how it was run.
///
/// # Errors
/// When the server cannot be asked.
pub async fn conditions(client: &Client, run: &str) -> Result<Vec<String>> {
    let mut settings = Vec::new();
    for name in SERVER_SETTINGS {
        settings.push(format!("{name} {}", setting(client, name).await?));
    }
    let postgres = setting(client, "server_version").await?;
    let Machine { cores, processor, memory_mib, commit } = Machine::look();
    Ok(vec![
        format!(
            "Machine: {cores} cores, {processor}, {memory_mib} MiB of memory; load, program and PostgreSQL share it"
        ),
        format!("PostgreSQL {postgres}: {}", settings.join(", ")),
        format!("Commit {commit}; {run}"),
    ])
}

/// A setting of the server as it shows it.
async fn setting(client: &Client, name: &str) -> Result<String> {
    Ok(client.query_one("select current_setting($1)", &[&name]).await?.try_get(0)?)
}

/// The medians of a workload with a number of connections.
pub struct Row {
    workload: Workload,
    connections: u32,
    services: Figures,
    pgbench: Option<Figures>,
}

impl Row {
    /// How many times pgbench's rate the services' is.
    fn ratio(&self) -> Option<f64> {
        self.pgbench.map(|plain| self.services.rate / plain.rate.max(1e-6))
    }
}

/// Prints the tables and writes them with the plot.
///
/// # Errors
/// When the server cannot be asked or a file cannot be written.
pub async fn write(args: &Args, bench: &Bench) -> Result<()> {
    let rows = rows(bench);
    let (figures, goals) = (table::figures(&rows), table::goals(&goals::judge(&rows)));
    let keys = if args.keys { ", every change with an Idempotency-Key" } else { "" };
    let run = format!("rounds: {}, seconds each: {}{keys}, medians", args.rounds, args.time().as_secs());
    let mut about = conditions(bench.fixtures.client(), &run).await?;
    about.push(format!(
        "The program: {} ms from its start to /ready, {} MiB resident then, {} MiB at most",
        bench.served.start.as_millis(),
        bench.served.idle_kib / 1_024,
        bench.served.peak_kib() / 1_024,
    ));
    let faults: Vec<String> = bench.faults.iter().map(|(words, count)| format!("{words}: {count}")).collect();
    let faults = if faults.is_empty() { vec!["none".to_owned()] } else { faults };
    output::line(format_args!("\n{}\n\n{figures}\n{goals}", about.join("\n")));
    output::line(format_args!("Errors: {}", faults.join("; ")));

    let plot = args.out.with_file_name("results.svg");
    let text = format!(
        "# Results\n\nWritten by the benchmark; how to read it is in its [README](README.md).\n\n{}\n\n\
         ![How many times pgbench's rate](results.svg)\n\n## Figures\n\nTimes are in milliseconds. The invariants held \
         after every workload of every round; otherwise there would be no results.\n\n{figures}\n\
         ## Goals\n\n{goals}\n## Errors\n\n{}\n",
        list(&about),
        list(&faults),
    );
    save(&args.out, &text)?;
    save(&plot, &plot::svg(&rows))?;
    output::line(format_args!("Written: {} and {}", args.out.display(), plot.display()));
    Ok(())
}

fn rows(bench: &Bench) -> Vec<Row> {
    let of = |workload, connections, side| {
        bench.figures.get(&(workload, connections, side)).map(|rounds| Figures::median(rounds))
    };
    let cases = bench.figures.keys().filter(|(_, _, side)| *side == Side::Services);
    let row = |&(workload, connections, _): &(Workload, u32, Side)| {
        let services = of(workload, connections, Side::Services)?;
        Some(Row { workload, connections, services, pgbench: of(workload, connections, Side::Pgbench) })
    };
    cases.filter_map(row).collect()
}

/// Writes a file, and the directory it is to be in.
///
/// # Errors
/// When it cannot be written.
pub fn save(path: &Path, text: &str) -> Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    Ok(fs::write(path, text)?)
}

/// The lines as a list in Markdown.
pub fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")
}

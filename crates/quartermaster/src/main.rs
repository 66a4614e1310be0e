//! One binary: demo, serve, migrate, seed, import, export, verify and the rest. See `quartermaster --help`.

mod cli;
mod commands;
mod company;
mod databases;
mod fill;
mod insecure;
mod operator;
mod output;
mod progress;
mod running;
mod sealing;
mod secrets;
mod settings;

use std::process::ExitCode;

use clap::Parser;

/// What commands give back; an error is shown with its causes.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many sockets that became ready are looked at in a turn of 61 tasks. With as many as there are (1024), a crowd's new
/// requests would fill the queue of tasks, and answers that are ready would wait behind them; with these the crowd waits
/// in the system, and each is taken up when what was taken up before is done.
const READY_AT_ONCE: usize = 16;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = match builder.enable_all().max_io_events_per_tick(READY_AT_ONCE).build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    match runtime.block_on(commands::run(cli)) {
        Ok(code) => code,
        Err(error) => failed(error.as_ref()),
    }
}

/// Says what went wrong and why, down to the first cause.
fn failed(error: &(dyn std::error::Error + 'static)) -> ExitCode {
    eprintln!("quartermaster: {error}");
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Some errors repeat their cause in their own words.
        if !said.contains(&text) {
            eprintln!("  because: {text}");
            said = text;
        }
        cause = error.source();
    }
    ExitCode::FAILURE
}

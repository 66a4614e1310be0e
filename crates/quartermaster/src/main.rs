//! One binary: demo, serve, migrate, seed, import, export, verify and the rest. See `quartermaster --help`.

mod cli;
mod commands;
mod company;
mod databases;
mod fill;
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

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
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

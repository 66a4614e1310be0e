//! `quartermaster-simulator`: a long hunt, one case of a seed, or a case from a file.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;
use simulator::{Case, Fault, Hunt, Played, hunt, one};

/// Drives the rules and the engine's deciding through random interleavings and failures.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many steps to make
    #[arg(long, default_value_t = 10_000_000)]
    steps: u64,
    /// Where randomness starts; the time when it is not given
    #[arg(long)]
    seed: Option<u64>,
    /// Only this case of the seed
    #[arg(long)]
    case: Option<u64>,
    /// Plant a fault, by its name; `list` names all
    #[arg(long)]
    fault: Option<String>,
    /// Play the case in this file
    #[arg(long)]
    replay: Option<PathBuf>,
    /// Where a case that breaks is kept
    #[arg(long, default_value = "broken-case.json")]
    keep: PathBuf,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    if let Some(file) = &arguments.replay {
        let case: Case = serde_json::from_slice(&std::fs::read(file)?)?;
        let Played { steps, broken, .. } = case.play();
        let Some(broken) = broken else {
            writeln!(out, "{steps} steps; everything holds")?;
            return Ok(ExitCode::SUCCESS);
        };
        writeln!(out, "BROKEN after step {steps}: {} ({})", broken.invariant, broken.detail)?;
        return Ok(ExitCode::FAILURE);
    }
    let fault = match arguments.fault.as_deref() {
        None => None,
        Some("list") => {
            for fault in Fault::ALL {
                writeln!(out, "{:<28}{fault}", format!("{fault:?}"))?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        Some(name) => {
            Some(Fault::parse(name).ok_or(format!("there is no fault {name}; --fault list names all"))?)
        }
    };
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let seed = arguments.seed.unwrap_or_else(clock);
    writeln!(out, "seed {seed}")?;
    let Hunt { steps, cases, tally, found } = match arguments.case {
        Some(number) => one(seed, number, fault),
        None => hunt(seed, arguments.steps, fault),
    };
    let Some(found) = found else {
        for (what, times) in tally.iter() {
            writeln!(out, "{times:>12}  {what}")?;
        }
        writeln!(out, "{steps} steps in {cases} cases; everything holds")?;
        return Ok(ExitCode::SUCCESS);
    };
    std::fs::write(&arguments.keep, serde_json::to_vec_pretty(&found.case)?)?;
    writeln!(out, "{found}\nor: --replay {}", arguments.keep.display())?;
    Ok(ExitCode::FAILURE)
}

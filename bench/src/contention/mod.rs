//! Proof that nothing is lost, doubled or left hanging when clients race, hang up, or lose the process they talk to.

mod args;
mod company;
mod hangup;
mod hangups;
mod kills;
mod part;
mod race;
mod records;

pub use args::Args;
pub use part::Faults;
pub use records::Records;

use crate::report::goals::Goal;
use crate::report::{conditions, list, save, table};
use crate::{Result, output, run};

use args::PartName;
use company::Company;
use part::Part;

/// Connections to the server besides those of `Server`'s own count: the second services process's.
const CONNECTIONS: u32 = 32;

/// Runs every part that was asked for, and writes what came out.
///
/// # Errors
/// When something cannot be run, was interrupted, or does not hold.
pub async fn prove(args: &Args) -> Result<()> {
    output::line(args.describe());
    run::on_a_server(&args.place.scratch, CONNECTIONS, async |server, interrupts| {
        let (program, fixtures) = interrupts.or(run::prepare(&args.place.binary, server)).await?;
        let records = records::Records::new(server.connect().await?);
        let mut company = Company::start(program, fixtures, records).await?;
        let result = interrupts.or(parts(args, &mut company)).await;
        let stopped = company.stop().await;
        result.and(stopped)
    })
    .await
}

async fn parts(args: &Args, company: &mut Company) -> Result<()> {
    let mut parts = Vec::new();
    for name in args.parts() {
        let part = match name {
            PartName::Race => race::part(args, company).await?,
            PartName::HangUps => hangups::part(args, company).await?,
            PartName::Kills => kills::part(args, company).await?,
        };
        output::line(format_args!("\n{}\n\n{}", part.lines.join("\n"), table::goals(&part.goals)));
        parts.push(part);
    }
    let mut about = conditions(company.fixtures.client(), &args.describe()).await?;
    about.push("Two services processes and a portal, each with the program's defaults".to_owned());
    save(&args.out, &document(&about, &parts))?;
    output::line(format_args!("Written: {}", args.out.display()));
    let missed: Vec<&str> = parts
        .iter()
        .flat_map(|part| &part.goals)
        .filter(|goal| missed(goal))
        .map(|goal| &*goal.what)
        .collect();
    if missed.is_empty() { Ok(()) } else { Err(format!("not reached: {}", missed.join("; ")).into()) }
}

fn missed(goal: &Goal) -> bool {
    goal.reached != Some(true)
}

fn document(about: &[String], parts: &[Part]) -> String {
    let mut text = format!(
        "# Under contention\n\nWritten by the benchmark; how to read it is in its [README](README.md#under-contention).\n\n{}\n",
        list(about)
    );
    for part in parts {
        text.push_str(&format!(
            "\n## {}\n\n{}\n{}\n",
            part.title,
            table::goals(&part.goals),
            list(&part.lines)
        ));
    }
    text
}

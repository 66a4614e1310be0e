//! Proof that nothing is lost, doubled or left hanging when clients race, hang up, or lose the process they talk to.

mod args;
mod hangup;
mod hangups;
mod kills;
mod race;

pub use args::Args;

use crate::Result;
use crate::proof::{Company, Part, Proof};

use args::PartName;

/// Connections to the server besides those of `Server`'s own count: the second services process's.
const CONNECTIONS: u32 = 32;

/// Runs every part that was asked for, and writes what came out.
///
/// # Errors
/// When something cannot be run, was interrupted, or does not hold.
pub async fn prove(args: &Args) -> Result<()> {
    let (place, options, out) = (&args.place, args.describe(), args.out.as_path());
    let proof = Proof { title: "Under contention", place, connections: CONNECTIONS, options, out };
    proof.run(async |company| parts(args, company).await).await
}

async fn parts(args: &Args, company: &mut Company) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for name in args.parts() {
        let part = match name {
            PartName::Race => race::part(args, company).await?,
            PartName::HangUps => hangups::part(args, company).await?,
            PartName::Kills => kills::part(args, company).await?,
        };
        part.tell();
        parts.push(part);
    }
    Ok(parts)
}

//! Proof that too much load is refused and what can be carried is, and that the want of a resource ends in clear
//! refusals, is told by `/ready`, and is over when its cause is.

mod args;
mod clock;
mod disk;
mod haproxy;
mod load;
mod pulse;
mod rolling;
mod wants;
mod work;

use std::net::SocketAddr;

use contract::Problem;

use crate::Result;
use crate::http::Connection;
use crate::proof::{Company, Part, Proof};

pub use args::Args;
pub use pulse::{Pulse, Told};
pub use work::Work;

use args::PartName;

/// Connections to the server besides those of `Server`'s own count: the further processes'.
const CONNECTIONS: u32 = 12;

/// Runs every part that was asked for, and writes what came out.
///
/// # Errors
/// When something cannot be run, was interrupted, or does not hold.
pub async fn prove(args: &Args) -> Result<()> {
    let (place, options, out) = (&args.place, args.describe(), args.out.as_path());
    let proof = Proof { title: "Overload", place, connections: CONNECTIONS, options, out };
    proof.run(async |company| parts(args, company).await).await
}

async fn parts(args: &Args, company: &mut Company) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for name in args.parts() {
        company.fixtures.reset().await?;
        company.fixtures.settle().await?;
        let mut part = match name {
            PartName::Load => load::part(args, company).await?,
            PartName::Connections => wants::connections(args, company).await?,
            PartName::Locks => wants::locks(args, company).await?,
            PartName::Disk => disk::part(args, company).await?,
            PartName::Clock => clock::part(args, company).await?,
            PartName::Rolling => rolling::part(args, company).await?,
        };
        company.close(&mut part).await?;
        part.tell();
        parts.push(part);
    }
    Ok(parts)
}

/// Why a process is not ready; nothing when it is.
async fn not_ready(addr: SocketAddr) -> Option<String> {
    let asked = async {
        let mut connection = Connection::open(addr).await?;
        let reply = connection.get("/ready", None).await?;
        let why = serde_json::from_slice::<Problem>(connection.body()).map(|problem| problem.detail);
        std::io::Result::Ok((reply.status != 200).then(|| why.unwrap_or_default()))
    };
    asked.await.unwrap_or_else(|error| Some(error.to_string()))
}

//! What the proofs share: a company that runs, what the database says of it, and what a part of a proof found.

mod company;
mod part;
mod records;

use std::path::Path;

use crate::args::Place;
use crate::program::Program;
use crate::report::{conditions, save};
use crate::{Result, output, run};

pub use company::Company;
pub use part::{Faults, Part, require_goals};
pub use records::Records;

/// A proof of several parts on one company.
pub struct Proof<'a> {
    /// Its title, also that of its section in the benchmark's README.
    pub title: &'static str,
    /// The program and where.
    pub place: &'a Place,
    /// Connections to the server besides those of `Server`'s own count.
    pub connections: u32,
    /// The options in force, in a line.
    pub options: String,
    /// Where the results go.
    pub out: &'a Path,
}

impl Proof<'_> {
    /// Runs the parts, and writes what came out.
    ///
    /// # Errors
    /// When something cannot be run, was interrupted, or does not hold.
    pub async fn run(&self, parts: impl AsyncFnOnce(&mut Company) -> Result<Vec<Part>>) -> Result<()> {
        output::line(&self.options);
        run::on_a_server(&self.place.scratch, self.connections, async |server, interrupts| {
            let program = Program::new(&self.place.binary, server.data_dir())?.on(server.url()?).await?;
            let fixtures = interrupts.or(run::fill(&program, server)).await?;
            let records = Records::new(server.connect().await?);
            let mut company = Company::start(program, fixtures, records).await?;
            let proved = async {
                let parts = parts(&mut company).await?;
                self.report(&company, &parts).await
            };
            let result = interrupts.or(proved).await;
            let stopped = company.stop().await;
            result.and(stopped)
        })
        .await
    }

    async fn report(&self, company: &Company, parts: &[Part]) -> Result<()> {
        let mut about = conditions(company.fixtures.client(), &self.options).await?;
        about.push("A portal and two services processes, each with the program's defaults".to_owned());
        save(self.out, &part::document(self.title, &about, parts))?;
        output::line(format_args!("Written: {}", self.out.display()));
        require_goals(parts.iter().flat_map(|part| &part.goals))
    }
}

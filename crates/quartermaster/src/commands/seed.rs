//! `seed`: a believable company into an empty database.

use crate::cli::SeedArgs;
use crate::databases::Databases;
use crate::fill::{Which, fill};
use crate::settings::Settings;
use crate::{Result, output};

pub async fn run(settings: &Settings, arguments: &SeedArgs) -> Result<()> {
    let which =
        Which { seed: arguments.seed, until: arguments.until.unwrap_or_else(|| Which::today().until) };
    let databases = Databases::open(settings).await?;
    let filled = fill_and_analyse(&databases, which).await;
    databases.close().await?;
    if !filled? {
        return Err("the database has branches already; only an empty one is filled".into());
    }
    output::line("Filled.");
    Ok(())
}

async fn fill_and_analyse(databases: &Databases, which: Which) -> Result<bool> {
    let filled = fill(&databases.services, which, None).await?;
    if filled {
        databases.analyse().await?;
    }
    Ok(filled)
}

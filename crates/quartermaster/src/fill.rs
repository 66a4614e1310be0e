//! Filling a database with the company of [`crate::company`].

use std::path::Path;

use jiff::civil::Date;
use platform::pg::Database;
use services::bulk::{self, Format, Import};

use crate::company::{self, File};
use crate::{Result, progress};

/// Who filled it, as the audit has it.
const ACTOR: &str = "seed";

/// Which company to make.
#[derive(Debug, Clone, Copy)]
pub struct Which {
    /// The same seed and day always make the same company.
    pub seed: u64,
    /// The day after its last day of trade.
    pub until: Date,
}

impl Which {
    /// The usual company, up to today.
    pub fn today() -> Which {
        Which { seed: 1, until: jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC).date() }
    }

    fn parse(text: &str) -> Option<(Which, usize)> {
        let mut words = text.split_whitespace();
        let (seed, until) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some((Which { seed, until }, words.next()?.parse().ok()?))
    }
}

/// Fills an empty database. A `marker` file says how far it came, so that a fill that was cut off is gone on with;
/// says whether there was anything to fill.
///
/// # Errors
/// When the database refuses a file, or the marker cannot be written.
pub async fn fill(database: &Database, which: Which, marker: Option<&Path>) -> Result<bool> {
    let begun =
        marker.and_then(|path| std::fs::read_to_string(path).ok()).and_then(|text| Which::parse(&text));
    if begun.is_none() && !bulk::is_empty(database).await? {
        return Ok(false);
    }
    let (which, done) = begun.unwrap_or((which, 0));
    let files = company::files(which.seed, which.until)?;
    let bar = progress::bar(files.len());
    for (number, file) in files.iter().enumerate().skip(done) {
        note(marker, which, number)?;
        bar.set_position(u64::try_from(number).unwrap_or_default());
        load(database, file).await?;
    }
    bar.finish_and_clear();
    if let Some(path) = marker {
        std::fs::remove_file(path)?;
    }
    Ok(true)
}

async fn load(database: &Database, File { kind, bytes }: &File) -> Result<()> {
    let import = Import {
        kind: *kind,
        file: bulk::File::Bytes(bytes),
        format: Format::default(),
        dry_run: false,
        skip_bad: None,
        actor: ACTOR,
    };
    let report = bulk::import(database, &import, &|_| {}).await?;
    match report.bad.first() {
        Some(bad) => Err(format!("the company's {} do not fit: {bad}", kind.noun()).into()),
        None => Ok(()),
    }
}

/// Written beside and moved into place, so that it is never half there.
fn note(marker: Option<&Path>, Which { seed, until }: Which, done: usize) -> Result<()> {
    if let Some(path) = marker {
        let new = path.with_extension("new");
        std::fs::write(&new, format!("{seed} {until} {done}\n"))?;
        std::fs::rename(&new, path)?;
    }
    Ok(())
}

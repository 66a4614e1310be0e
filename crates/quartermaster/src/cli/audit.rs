//! `audit` on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::{Timestamp, civil, tz::TimeZone};

use crate::settings::{BaseUrl, Value};

/// What to do with the audit.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Check that every sealed entry is as it was sealed, and name what is not
    Verify(VerifyArgs),
    /// Write entries with the proof that they were sealed
    Export(ExportAuditArgs),
    /// Check a file that export or archive wrote; needs no database
    Check(CheckArgs),
    /// Move old entries to files that still prove themselves
    Archive(ArchiveArgs),
    /// Post the newest seal of each audit to a URL
    Push {
        /// Where to
        #[arg(long, value_name = "URL", value_parser = BaseUrl::parse)]
        to: BaseUrl,
    },
    /// Say why heads were missing in their file: until then, verify names those that the worker wrote again
    Acknowledge {
        /// Why they were missing
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Make a new sealing key and print its public half
    Keygen {
        /// The file to write; its owner alone can read it
        file: PathBuf,
    },
}

/// The two audits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuditName {
    /// Branches, items, stock and orders
    Services,
    /// Users, sign-ins and keys
    Portal,
}

/// What a verification goes by.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// Directory of the archives, to be verified too
    #[arg(long, value_name = "DIR")]
    pub archive: Option<PathBuf>,
    /// PEM file of the keys to trust; may be given more than once [default: seal.pub beside the sealing key]
    #[arg(long, value_name = "FILE")]
    pub key: Vec<PathBuf>,
    /// File of heads, to be compared [default: setting seal_heads]
    #[arg(long, value_name = "FILE", conflicts_with = "no_heads")]
    pub heads: Option<PathBuf>,
    /// Verify without a file of heads: what was cut off the end is then not seen
    #[arg(long)]
    pub no_heads: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Which entries to write, and where.
#[derive(Debug, Clone, Args)]
pub struct ExportAuditArgs {
    /// The file; standard output when left out or -
    pub file: Option<PathBuf>,
    /// Which audit
    #[arg(long = "audit", value_name = "NAME", default_value = "services")]
    pub audit: AuditName,
    /// Entries of this time or later, as in 2026-01-31 or 2026-01-31T08:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Option<Timestamp>,
    /// Entries before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Option<Timestamp>,
    /// Entries on this kind of entity, as in order
    #[arg(long, value_name = "KIND")]
    pub entity_type: Option<String>,
    /// Entries on the entity of this id
    #[arg(long, value_name = "ID")]
    pub entity_id: Option<String>,
}

/// What to check.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// The file
    pub file: PathBuf,
    /// PEM file of the keys to trust; may be given more than once. Without it, those in the file are used and printed
    #[arg(long, value_name = "FILE")]
    pub key: Vec<PathBuf>,
    /// Fail unless every entry of every seal in the file is there
    #[arg(long)]
    pub complete: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// What to archive, and where.
#[derive(Debug, Clone, Args)]
pub struct ArchiveArgs {
    /// What was sealed before this time, as in 2026-01-31 or 2026-01-31T08:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub before: Timestamp,
    /// The directory that the files go to
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// One audit alone; both when left out
    #[arg(long = "audit", value_name = "NAME")]
    pub audit: Option<AuditName>,
}

/// A time, or the beginning of a day in UTC.
fn time(text: &str) -> Result<Timestamp, String> {
    let day = || -> Option<Timestamp> {
        let date: civil::Date = text.parse().ok()?;
        Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    let time = text.parse().ok().or_else(day);
    time.ok_or_else(|| "must be a time such as 2026-01-31 or 2026-01-31T08:00:00Z".to_owned())
}

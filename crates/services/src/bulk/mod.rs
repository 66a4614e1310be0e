//! Files: branches, items, stock and orders in from CSV and out to it.
//!
//! An import is all or nothing, or leaves bad rows out; either way it may be run twice, since what is there already
//! is found by branch name, SKU and order reference, or number and time. Stock and orders go through the same posting as any request.

mod branches;
mod cells;
mod export;
mod faults;
#[cfg(test)]
mod fuzz;
mod import;
mod items;
mod names;
mod orders;
mod stock;
mod table;
mod work;

use std::path::Path;

use platform::pg::{Database, PgError};
use thiserror::Error;

pub use export::export;
pub use import::import;
pub use tabular::{Decimal, Encoding, File, Format};

use self::table::Column;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One branch a line, known by its name.
    Branches,
    /// One item a line, known by its SKU.
    Items,
    /// One stock level a line: what is on hand.
    Stock,
    /// One order line a line, orders known by branch and reference, or by number and time.
    Orders,
}

impl Kind {
    fn columns(self) -> &'static [Column] {
        match self {
            Kind::Branches => branches::COLUMNS,
            Kind::Items => items::COLUMNS,
            Kind::Stock => stock::COLUMNS,
            Kind::Orders => orders::COLUMNS,
        }
    }

    /// What the counts of a report count.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Branches => "branches",
            Kind::Items => "items",
            Kind::Stock => "stock levels",
            Kind::Orders => "orders",
        }
    }
}

/// An import to make.
#[derive(Debug, Clone, Copy)]
pub struct Import<'a> {
    /// What the file holds.
    pub kind: Kind,
    /// The file.
    pub file: File<'a>,
    /// How it is to be read.
    pub format: Format,
    /// Report only; write nothing.
    pub dry_run: bool,
    /// Leave bad rows out and write them to this file, rather than write nothing because of them.
    pub skip_bad: Option<&'a Path>,
    /// Who imports, for the audit.
    pub actor: &'a str,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// The line of the file that it begins in; the header is line 1.
    pub line: u64,
    /// The column, where it is one column's fault.
    pub column: Option<&'static str>,
    /// What is wrong, and what it must be.
    pub reason: String,
}

impl BadRow {
    /// What is wrong, as it stands behind the row itself.
    fn in_row(&self) -> String {
        self.column.map_or_else(|| self.reason.clone(), |column| format!("{column}: {}", self.reason))
    }
}

impl std::fmt::Display for BadRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.column {
            Some(column) => write!(f, "line {}, column {column}: {}", self.line, self.reason),
            None => write!(f, "line {}: {}", self.line, self.reason),
        }
    }
}

/// What an import did, or would do.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The rows of the file, the header not counted.
    pub rows: u64,
    /// New branches, items, stock levels set or orders.
    pub created: u64,
    /// Those that were there and are different now.
    pub changed: u64,
    /// Those that were there and stay as they were.
    pub unchanged: u64,
    /// What is wrong with the file, by line: the first [`SHOWN`] faults.
    pub bad: Vec<BadRow>,
    /// How many faults there are.
    pub faults: u64,
    /// How many rows have a fault of their own.
    pub bad_rows: u64,
    /// Whether anything was written.
    pub written: bool,
    /// The changes by line, of the first [`CHANGES_SHOWN`] branches, items and stock levels that are new or different.
    pub changes: Vec<RowChange>,
}

/// The changes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// The line of the file.
    pub line: u64,
    /// The branch, the item, or the level of an item at a branch.
    pub of: String,
    /// Each field's name, what it was and what it becomes. None is given of a new branch or item.
    pub fields: Vec<FieldChange>,
}

/// A field with its old and its new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The column.
    pub name: &'static str,
    /// The old value; `None` where there was none.
    pub from: Option<String>,
    /// The new value.
    pub to: String,
}

impl std::fmt::Display for RowChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, {}: ", self.line, self.of)?;
        if self.fields.is_empty() {
            return f.write_str("new");
        }
        for (n, FieldChange { name, from, to }) in self.fields.iter().enumerate() {
            let between = if n == 0 { "" } else { ", " };
            match from {
                Some(from) => write!(f, "{between}{name} {} → {}", shown(from), shown(to))?,
                None => write!(f, "{between}new, {name} {}", shown(to))?,
            }
        }
        Ok(())
    }
}

/// The fields whose texts differ.
fn fields_changed<const N: usize>(fields: [(&'static str, String, String); N]) -> Vec<FieldChange> {
    let changed = fields.into_iter().filter(|(_, from, to)| from != to);
    changed.map(|(name, from, to)| FieldChange { name, from: Some(from), to }).collect()
}

/// A value within a line of text.
fn shown(value: &str) -> String {
    /// Enough to know it by.
    const MOST: usize = 60;
    if value.is_empty() {
        return "(empty)".to_owned();
    }
    let mut shown: String = value.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if value.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

/// How many changes a report holds.
pub const CHANGES_SHOWN: usize = 100;

/// How many faults a report holds.
pub const SHOWN: usize = 1_000;

/// Whether there is no branch yet.
///
/// # Errors
/// When the database is away.
pub async fn is_empty(database: &Database) -> Result<bool, PgError> {
    Ok(crate::store::branches::names(&*database.get().await?).await?.is_empty())
}

/// How far an import is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Rows done.
    pub done: u64,
    /// All rows.
    pub of: u64,
}

/// Why a file could not be imported or exported at all.
#[derive(Debug, Error)]
pub enum BulkError {
    /// The file as a whole cannot be used.
    #[error("{0}")]
    File(String),
    /// The database refused or is away; nothing was written.
    #[error("the database refused; nothing was written")]
    Database(#[from] PgError),
    /// COMMIT was sent and its answer is not known.
    #[error("whether the import was written is not known; run it again, which does no harm")]
    OutcomeUnknown,
    /// The file could not be written.
    #[error("the file could not be written")]
    Write(#[from] csv::Error),
    /// A defect.
    #[error("internal error")]
    Internal(#[source] crate::Error),
}

impl From<tabular::FileFault> for BulkError {
    fn from(fault: tabular::FileFault) -> BulkError {
        BulkError::File(fault.to_string())
    }
}

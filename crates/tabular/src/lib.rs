//! The one reader of files that people bring: which encoding, which separator, which columns, what a cell says.
//!
//! The command line and the portal read files by it, so that both understand a file alike. What a file does not say
//! for certain is asked for ([`Format`]); nothing is guessed into garbage, and no row is lost without a fault.

mod cells;
mod encoding;
mod faults;
mod headers;
pub mod items;
mod numbers;
mod records;
mod table;
mod text;

use std::io::Read;
use std::path::Path;

pub use cells::Reader;
pub use encoding::Encoding;
pub use faults::{BadCell, Fault, FileFault, NumberFault};
pub use headers::REASON;
pub use numbers::{Decimal, Marks, number};
pub use records::{Cells, MOST_ROW, Row};
pub use table::{Columns, Table, TableFile};

/// A column that a file may have.
#[derive(Debug)]
pub struct Column {
    /// Its name, as exports write it.
    pub name: &'static str,
    /// A file without it is refused.
    pub required: bool,
}

/// How a file is to be read; the reader finds out what is `None`, or asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Format {
    /// How its characters are written.
    pub encoding: Option<Encoding>,
    /// The separator of cells.
    pub separator: Option<u8>,
    /// The mark before the decimal places of numbers.
    pub decimal: Option<Decimal>,
    /// An empty cell clears what may be empty, instead of leaving it as it is.
    pub clear_empty: bool,
}

/// Where a file is. It is read more than once.
#[derive(Debug, Clone, Copy)]
pub enum File<'a> {
    /// In memory.
    Bytes(&'a [u8]),
    /// On disk.
    Path(&'a Path),
}

impl<'a> File<'a> {
    fn open(self) -> Result<Box<dyn Read + Send + 'a>, FileFault> {
        match self {
            File::Bytes(bytes) => Ok(Box::new(bytes)),
            File::Path(path) => match std::fs::File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(error) => Err(FileFault::Io(format!("{}: {error}", path.display()))),
            },
        }
    }
}

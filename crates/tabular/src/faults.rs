//! The faults of a file, a row or a cell. The texts are English; pages say them in their language.

use domain::QuantityError;
use thiserror::Error;

/// Why a file as a whole cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FileFault {
    /// The system refuses.
    #[error("{0}")]
    Io(String),
    /// The encoding is not certain.
    #[error("{}", unclear(*line, *guess))]
    Encoding {
        /// The first line that tells no encoding for certain.
        line: u64,
        /// The likeliest encoding, where there is one.
        guess: Option<&'static str>,
    },
    /// The header holds characters that are not of the encoding.
    #[error("the header holds characters that are not {0}; give the file's encoding by --encoding")]
    Header(&'static str),
    /// There is not even a header.
    #[error("the file is empty; its first line names the columns")]
    Empty,
    /// A header cell names no column.
    #[error("there is no column {name:?}; the columns are {}", known.join(", "))]
    Column {
        /// The text.
        name: String,
        /// The columns there are.
        known: Vec<&'static str>,
    },
    /// Two header cells name one column.
    #[error("the column {0} stands in the header twice")]
    Twice(&'static str),
    /// The header lacks columns.
    #[error("the header lacks the column {}; the columns are {}", missing.join(", "), known.join(", "))]
    Missing {
        /// Those it lacks.
        missing: Vec<&'static str>,
        /// The columns there are.
        known: Vec<&'static str>,
    },
    /// A quote in the header is not closed.
    #[error("line {0}: the header opens a quote that is not closed")]
    HeaderQuote(u64),
    /// A line is longer than any row can be.
    #[error("line {0} is longer than 256 KiB; this is no file of rows, or its lines end in another way")]
    TooLong(u64),
}

fn unclear(line: u64, guess: Option<&str>) -> String {
    let like = guess.map(|guess| format!("; it may be {guess}")).unwrap_or_default();
    format!(
        "line {line} is not UTF-8, and its bytes do not tell for certain what it is{like}. Save the file as UTF-8, or give \
         its encoding by --encoding"
    )
}

/// The fault of a cell, or of the row where there is no column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCell {
    /// The column, where it is one column's fault.
    pub column: Option<&'static str>,
    /// The fault.
    pub fault: Fault,
}

/// The fault of a row or a cell.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// A row has more or fewer cells than the header.
    #[error("has {cells} cells where the header has {columns}")]
    Cells {
        /// How many it has.
        cells: usize,
        /// How many the header has.
        columns: usize,
    },
    /// A cell says something under a header cell that is empty.
    #[error("has {0:?} in a column that the header gives no name")]
    Unnamed(String),
    /// A quote is opened and not closed before the next row begins.
    #[error("opens a quote that is not closed; close it, or write a quote within a quoted cell twice")]
    Quote,
    /// A character is not of the file's encoding.
    #[error("holds a character that is not {0}; mend it, or give the file's encoding by --encoding")]
    Undecodable(&'static str),
    /// A cell that must say something says nothing.
    #[error("must not be empty")]
    Empty,
    /// A cell holds a NUL.
    #[error("must not contain a NUL character")]
    Nul,
    /// It is no quantity.
    #[error("{text:?} {fault}")]
    Number {
        /// The text of the cell.
        text: String,
        /// Why that is none.
        fault: NumberFault,
    },
    /// It is a quantity below zero.
    #[error("must not be below zero")]
    Negative,
    /// It is no number of decimal places.
    #[error("must be 0, 1, 2 or 3")]
    Places,
    /// It is neither yes nor no.
    #[error("{0:?} must be true or false")]
    Flag(String),
    /// It is no time.
    #[error("{0:?} must be a time such as 2026-08-31T14:30:00Z, or a day such as 2026-08-31")]
    Time(String),
    /// It is a day in a form that depends on the country, or a number of days.
    #[error(
        "{0:?} is a day as a spreadsheet shows it, and may be two days; write it as 2026-08-31 or 2026-08-31 14:30"
    )]
    SpreadsheetDay(String),
    /// It is a time to come.
    #[error("must not be in the future")]
    Future,
    /// A spreadsheet took a code for a number and rounded it.
    #[error(
        "{0:?} was a number until a spreadsheet rounded it, and its last digits are lost; format the column as text, enter \
         the code again and save the file again"
    )]
    Rounded(String),
    /// A program took a code for a number with decimal places.
    #[error(
        "{0:?} was made a decimal number by a program; write the digits alone, in a column formatted as text"
    )]
    MadeDecimal(String),
    /// Another rule is broken.
    #[error("{0}")]
    Other(String),
}

impl From<String> for Fault {
    fn from(reason: String) -> Fault {
        Fault::Other(reason)
    }
}

impl From<&str> for Fault {
    fn from(reason: &str) -> Fault {
        Fault::Other(reason.to_owned())
    }
}

/// Why a text is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NumberFault {
    /// The number is no quantity.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// It has a mark other than the point, where numbers have a point alone.
    #[error(
        "must be written with a point, as in 2.5, and without separators; --decimal comma reads it otherwise"
    )]
    Mark,
    /// Its mark may stand before decimal places or before thousands.
    #[error("may be thousands or decimal places; say which by --decimal point or --decimal comma")]
    Ambiguous,
}

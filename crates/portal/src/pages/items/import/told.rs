//! The faults of a file and its rows, in the words of the page.

use domain::QuantityError;
use tabular::{FileFault, NumberFault};

use super::rows::{self, Fault, Unreadable};
use crate::pages::frame::Frame;

/// Why a file cannot be read at all.
pub(super) fn unreadable(why: &Unreadable, frame: &Frame) -> String {
    match why {
        Unreadable::Empty => frame.say("import-empty"),
        Unreadable::TooMany => frame.about("import-too-many", "most", rows::MOST),
        Unreadable::File(fault) => match fault {
            FileFault::Empty => frame.say("import-nothing"),
            FileFault::Column { name, .. } => frame.about("import-column", "name", name),
            FileFault::Twice(name) => frame.about("import-twice", "name", name),
            FileFault::Missing { missing, .. } => frame.about("import-missing", "name", missing.join(", ")),
            FileFault::Encoding { line, guess: None } => frame.about("import-unclear", "line", line),
            FileFault::Encoding { line, guess: Some(guess) } => {
                frame.about_all("import-unclear-like", &[("line", line), ("guess", guess)])
            }
            FileFault::Header(_) => frame.say("import-garbled"),
            FileFault::HeaderQuote(_) => frame.say("import-quote"),
            FileFault::TooLong(line) => frame.about("import-long", "line", line),
            // The file is in memory: there is nothing that the system could refuse.
            FileFault::Io(reason) => reason.clone(),
        },
    }
}

/// The fault of a row: the column, where the fault is one column's, and the reason.
pub(super) fn wrong(fault: &Fault, frame: &Frame) -> (&'static str, String) {
    match fault {
        Fault::Twice(column) => (column, frame.say("row-twice")),
        Fault::Bad(bad) => (bad.column.unwrap_or_default(), cell(&bad.fault, frame)),
    }
}

fn cell(fault: &tabular::Fault, frame: &Frame) -> String {
    match fault {
        tabular::Fault::Cells { cells, columns } => {
            frame.about_all("row-cells", &[("cells", cells), ("columns", columns)])
        }
        tabular::Fault::Unnamed(text) => frame.about("row-unnamed", "text", text),
        tabular::Fault::Quote => frame.say("row-quote"),
        tabular::Fault::Undecodable(_) => frame.say("row-garbled"),
        tabular::Fault::Empty => frame.say("row-missing"),
        tabular::Fault::Nul => frame.say("fault-control-characters"),
        tabular::Fault::Number { text, fault } => match fault {
            NumberFault::Ambiguous => frame.about("row-ambiguous", "text", text),
            NumberFault::Mark => frame.about("row-mark", "text", text),
            NumberFault::Quantity(QuantityError::OutOfRange) => frame.say("fault-too-large"),
            NumberFault::Quantity(_) => frame.about("row-number", "text", text),
        },
        tabular::Fault::Negative => frame.say("fault-below-zero"),
        tabular::Fault::Places => frame.say("row-places"),
        tabular::Fault::Flag(_) => frame.say("row-yes-or-no"),
        tabular::Fault::Rounded(text) => frame.about("row-rounded", "text", text),
        tabular::Fault::MadeDecimal(text) => frame.about("row-made-decimal", "text", text),
        // Files of items have no times.
        tabular::Fault::Time(_)
        | tabular::Fault::SpreadsheetDay(_)
        | tabular::Fault::Future
        | tabular::Fault::Other(_) => fault.to_string(),
    }
}

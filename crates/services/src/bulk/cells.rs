//! Reading the cells of one row, with the rules that requests are held to.

use std::ops::{Deref, DerefMut};

use super::BadRow;
use super::table::{Columns, Row};
use crate::valid::Faults;

/// One row, and the faults found in it.
pub(super) struct Reader<'t> {
    line: u64,
    cells: tabular::Reader<'t>,
}

impl<'t> Deref for Reader<'t> {
    type Target = tabular::Reader<'t>;
    fn deref(&self) -> &Self::Target {
        &self.cells
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.cells
    }
}

impl<'t> Reader<'t> {
    pub(super) fn new(columns: &'t Columns, row: &'t Row) -> Reader<'t> {
        Reader { line: row.line, cells: tabular::Reader::new(columns, row) }
    }

    /// What a check makes of a text, by the rules that requests are held to.
    pub(super) fn checked(
        &mut self,
        column: &'static str,
        text: &str,
        check: impl FnOnce(&mut Faults, &str) -> String,
    ) -> String {
        let mut faults = Faults::default();
        let text = check(&mut faults, text);
        for fault in faults.into_inner() {
            self.fault(column, fault.detail);
        }
        text
    }

    /// Ends the reading: gives the row back, where none of its cells is bad.
    pub(super) fn finish<T>(self, row: T) -> Result<T, Vec<BadRow>> {
        self.cells.finish(row).map_err(|bad| bad_rows(self.line, bad))
    }
}

/// The faults of a row of that line.
pub(super) fn bad_rows(line: u64, bad: Vec<tabular::BadCell>) -> Vec<BadRow> {
    bad.into_iter().map(|bad| BadRow { line, column: bad.column, reason: bad.fault.to_string() }).collect()
}

//! Reading the cells of one row.

use std::borrow::Cow;

use domain::Quantity;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use platform::cells::unguarded;

use super::BadRow;
use super::table::{Columns, Row};
use crate::valid::Faults;

/// One row, and the faults found in it.
pub(super) struct Reader<'t> {
    columns: &'t Columns,
    row: &'t Row,
    bad: Vec<BadRow>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(columns: &'t Columns, row: &'t Row) -> Reader<'t> {
        Reader { columns, row, bad: Vec::new() }
    }

    /// Notes a fault of a column.
    pub(super) fn fault(&mut self, column: &'static str, reason: impl Into<String>) {
        self.bad.push(BadRow { line: self.row.line, column: Some(column), reason: reason.into() });
    }

    /// The trimmed text of a cell; `None` when the file does not have the column.
    pub(super) fn text(&mut self, column: &'static str) -> Option<Cow<'t, str>> {
        let position = self.columns.position(column)?;
        let text = unguarded(self.row.cells.get(position)?.trim());
        if text.contains('\0') {
            self.fault(column, "must not contain a NUL character");
            return Some(Cow::Borrowed(""));
        }
        Some(text)
    }

    /// The same; `None` also when it is empty.
    pub(super) fn some_text(&mut self, column: &'static str) -> Option<Cow<'t, str>> {
        self.text(column).filter(|text| !text.is_empty())
    }

    /// Text that must be there.
    pub(super) fn required(&mut self, column: &'static str) -> Cow<'t, str> {
        let text = self.some_text(column);
        if text.is_none() {
            self.fault(column, "must not be empty");
        }
        text.unwrap_or_default()
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

    /// A quantity; `None` when the cell is empty or is none, which is noted.
    pub(super) fn quantity(&mut self, column: &'static str) -> Option<Quantity> {
        let text = self.some_text(column)?;
        match text.parse() {
            Ok(quantity) => Some(quantity),
            Err(_) if text.contains(',') => {
                self.fault(
                    column,
                    format!("{text:?} must be written with a point, as in 2.5, and without separators"),
                );
                None
            }
            Err(error) => {
                self.fault(column, format!("{text:?} {error}"));
                None
            }
        }
    }

    /// A quantity that must be there.
    pub(super) fn required_quantity(&mut self, column: &'static str) -> Quantity {
        self.required(column);
        self.quantity(column).unwrap_or_default()
    }

    /// A moment: RFC 3339, or a date or date and time by the clock of `zone`; of a time that the clock shows twice, the first.
    pub(super) fn time(&mut self, column: &'static str, zone: &TimeZone) -> Option<Timestamp> {
        let text = self.some_text(column)?;
        let time = text.parse::<Timestamp>().ok().or_else(|| {
            let civil = text.parse::<DateTime>().ok()?;
            zone.to_timestamp(civil).ok()
        });
        match time {
            None => self.fault(column, format!("{text:?} must be a time such as 2026-08-31T14:30:00Z")),
            Some(time) if time > Timestamp::now() => self.fault(column, "must not be in the future"),
            Some(_) => {}
        }
        time
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, column: &'static str) -> Option<bool> {
        let text = self.some_text(column)?;
        match text.to_lowercase().as_str() {
            "true" | "yes" | "1" => Some(true),
            "false" | "no" | "0" => Some(false),
            _ => {
                self.fault(column, format!("{text:?} must be true or false"));
                None
            }
        }
    }

    /// What the row says, or its faults. Of a row with cells missing or too many, which cell is which is not known.
    pub(super) fn finish<T>(self, row: T) -> Result<T, Vec<BadRow>> {
        if let Some(bad) = self.columns.fault_of(self.row) {
            return Err(vec![bad]);
        }
        if self.bad.is_empty() { Ok(row) } else { Err(self.bad) }
    }
}

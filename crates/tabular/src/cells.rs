//! Reading the cells of one row.

use std::borrow::Cow;

use domain::Quantity;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use platform::cells::unguarded;

use crate::numbers::is_digits;
use crate::{BadCell, Columns, Fault, Row, number};

/// Yes in the languages of spreadsheets, and of our pages.
const YES: &[&str] = &[
    "true",
    "yes",
    "y",
    "1",
    "active",
    "wahr",
    "ja",
    "j",
    "aktiv",
    "vrai",
    "oui",
    "verdadero",
    "sí",
    "si",
    "s",
    "vero",
    "sì",
    "verdadeiro",
    "sim",
    "waar",
];
/// No.
const NO: &[&str] = &[
    "false", "no", "n", "0", "inactive", "falsch", "nein", "inaktiv", "faux", "non", "falso", "não",
    "onwaar", "nee",
];

/// One row, and the faults found in it.
pub struct Reader<'t> {
    columns: &'t Columns,
    row: &'t Row,
    bad: Vec<BadCell>,
}

impl<'t> Reader<'t> {
    /// Begins to read a row.
    pub fn new(columns: &'t Columns, row: &'t Row) -> Reader<'t> {
        let bad = columns.garbled(row).map(|(column, fault)| BadCell { column, fault }).collect();
        Reader { columns, row, bad }
    }

    /// Notes a fault of a column.
    pub fn fault(&mut self, column: &'static str, fault: impl Into<Fault>) {
        self.bad.push(BadCell { column: Some(column), fault: fault.into() });
    }

    /// The trimmed cell as it stands in the file; `None` when the file does not have the column.
    fn raw(&self, column: &'static str) -> Option<&'t str> {
        self.row.cells.get(self.columns.position(column)?).map(str::trim)
    }

    /// The trimmed text of a cell; `None` when the file does not have the column.
    pub fn text(&mut self, column: &'static str) -> Option<Cow<'t, str>> {
        let text = unguarded(self.raw(column)?);
        self.without_nul(column, text)
    }

    fn without_nul(&mut self, column: &'static str, text: Cow<'t, str>) -> Option<Cow<'t, str>> {
        if text.contains('\0') {
            self.fault(column, Fault::Nul);
            return Some(Cow::Borrowed(""));
        }
        Some(text)
    }

    /// The same; `None` also when it is empty.
    pub fn some_text(&mut self, column: &'static str) -> Option<Cow<'t, str>> {
        self.text(column).filter(|text| !text.is_empty())
    }

    /// Text that may be empty; `None` also when it is empty and an empty cell leaves things as they are.
    pub fn optional(&mut self, column: &'static str) -> Option<Cow<'t, str>> {
        let clear_empty = self.columns.clear_empty;
        self.text(column).filter(|text| clear_empty || !text.is_empty())
    }

    /// Text that must be there.
    pub fn required(&mut self, column: &'static str) -> Cow<'t, str> {
        let text = self.text(column);
        self.present(column, text)
    }

    fn present(&mut self, column: &'static str, text: Option<Cow<'t, str>>) -> Cow<'t, str> {
        let text = text.unwrap_or_default();
        if text.is_empty() {
            self.fault(column, Fault::Empty);
        }
        text
    }

    /// A code such as a SKU or a barcode; `None` when the file does not have the column. What spreadsheets put around
    /// digits to keep them is taken away, and what they made of digits is refused.
    pub fn code(&mut self, column: &'static str) -> Option<Cow<'t, str>> {
        let raw = self.raw(column)?;
        let text = unmarked(raw).map_or_else(|| unguarded(raw), Cow::Borrowed);
        if is_rounded(&text) {
            self.fault(column, Fault::Rounded(text.into_owned()));
            return Some(Cow::Borrowed(""));
        }
        if is_made_decimal(&text) {
            self.fault(column, Fault::MadeDecimal(text.into_owned()));
            return Some(Cow::Borrowed(""));
        }
        self.without_nul(column, text)
    }

    /// The same; `None` also when it is empty.
    pub fn some_code(&mut self, column: &'static str) -> Option<Cow<'t, str>> {
        self.code(column).filter(|code| !code.is_empty())
    }

    /// A code that must be there.
    pub fn required_code(&mut self, column: &'static str) -> Cow<'t, str> {
        let told = self.bad.len();
        let code = self.code(column);
        if self.bad.len() > told { code.unwrap_or_default() } else { self.present(column, code) }
    }

    /// A quantity; `None` when the cell is empty or is none, which is noted.
    pub fn quantity(&mut self, column: &'static str) -> Option<Quantity> {
        let text = self.some_text(column)?;
        let digits = unmarked(&text).unwrap_or(&text);
        match number(digits, self.columns.marks) {
            Ok(quantity) => Some(quantity),
            Err(fault) => {
                self.fault(column, Fault::Number { text: text.into_owned(), fault });
                None
            }
        }
    }

    /// A quantity that must be there.
    pub fn required_quantity(&mut self, column: &'static str) -> Quantity {
        self.required(column);
        self.quantity(column).unwrap_or_default()
    }

    /// A number of decimal places.
    pub fn places(&mut self, column: &'static str) -> Option<u8> {
        let text = self.some_text(column)?;
        let places = number(&text, self.columns.marks).ok().and_then(Quantity::whole);
        let places = places.and_then(|places| u8::try_from(places).ok());
        let places = places.filter(|places| *places <= Quantity::MAX_DECIMAL_PLACES);
        if places.is_none() {
            self.fault(column, Fault::Places);
        }
        places
    }

    /// A moment: RFC 3339, or a date or date and time by the clock of `zone`; of a time that the clock shows twice, the first.
    pub fn time(&mut self, column: &'static str, zone: &TimeZone) -> Option<Timestamp> {
        let text = self.some_text(column)?;
        let time = text.parse::<Timestamp>().ok().or_else(|| {
            let civil = text.parse::<DateTime>().ok()?;
            zone.to_timestamp(civil).ok()
        });
        match time {
            None if is_spreadsheet_day(&text) => {
                self.fault(column, Fault::SpreadsheetDay(text.into_owned()));
            }
            None => self.fault(column, Fault::Time(text.into_owned())),
            Some(time) if time > Timestamp::now() => self.fault(column, Fault::Future),
            Some(_) => {}
        }
        time
    }

    /// Yes or no.
    pub fn flag(&mut self, column: &'static str) -> Option<bool> {
        let text = self.some_text(column)?;
        let word = text.to_lowercase();
        if YES.contains(&word.as_str()) {
            return Some(true);
        }
        if NO.contains(&word.as_str()) {
            return Some(false);
        }
        self.fault(column, Fault::Flag(text.into_owned()));
        None
    }

    /// Ends the reading: gives the row back, where none of its cells is bad.
    ///
    /// # Errors
    /// The faults of the row. Of a row with cells missing or too many, which cell is which is not known.
    pub fn finish<T>(self, row: T) -> Result<T, Vec<BadCell>> {
        if let Some(fault) = self.columns.fault_of(self.row) {
            return Err(vec![BadCell { column: None, fault }]);
        }
        if self.bad.is_empty() { Ok(row) } else { Err(self.bad) }
    }
}

/// The code without the apostrophe, or the `="…"`, that keeps a spreadsheet from reading it as a number. An apostrophe of
/// our own guard has another one or the beginning of a formula behind it.
fn unmarked(cell: &str) -> Option<&str> {
    // In a file of rejected rows the beginning of a formula is guarded.
    let cell = cell.strip_prefix('\'').filter(|rest| rest.starts_with("=\"")).unwrap_or(cell);
    let marked = cell.strip_prefix('\'').or_else(|| cell.strip_prefix("=\"")?.strip_suffix('"'))?;
    let is_code = marked.starts_with(|first: char| first.is_alphanumeric()) && !marked.contains('"');
    is_code.then_some(marked)
}

/// `4.00638E+12`, as spreadsheets show numbers of many digits.
fn is_rounded(text: &str) -> bool {
    let Some((digits, exponent)) = text.split_once("E+").or_else(|| text.split_once("e+")) else {
        return false;
    };
    let (whole, fraction) = digits.split_once([',', '.']).unwrap_or((digits, "0"));
    whole.len() == 1
        && (2..=3).contains(&exponent.len())
        && [whole, fraction, exponent].into_iter().all(is_digits)
}

/// `4006381333931.0`, as programs write codes that they took for numbers.
fn is_made_decimal(text: &str) -> bool {
    text.split_once([',', '.']).is_some_and(|(whole, zeros)| {
        whole.len() >= 7
            && is_digits(whole)
            && (1..=3).contains(&zeros.len())
            && zeros.bytes().all(|byte| byte == b'0')
    })
}

/// `31/01/2025`, `30.11.26 14:30`, or a number of days such as `46355`.
fn is_spreadsheet_day(text: &str) -> bool {
    let day = text.split(' ').next().unwrap_or_default();
    let parts: Vec<&str> = day.split(['.', '/', '-']).collect();
    match parts.as_slice() {
        [first, second, third] => [first, second, third].iter().all(|part| is_digits(part)),
        [_] | [_, _] => day.parse::<f64>().is_ok() || day.replace(',', ".").parse::<f64>().is_ok(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_that_keep_digits_are_taken_away_and_those_of_formulas_are_not() {
        for (cell, code) in [
            ("'019954141271", Some("019954141271")),
            ("'AB-1", Some("AB-1")),
            ("=\"0042\"", Some("0042")),
            ("'=\"0042\"", Some("0042")),
            ("''0042", None),
            ("'=1", None),
            ("'", None),
            ("=\"a\"&\"b\"", None),
            ("0042", None),
        ] {
            assert_eq!(unmarked(cell), code, "{cell}");
        }
    }

    #[test]
    fn codes_that_a_spreadsheet_made_numbers_are_told_from_codes() {
        for text in ["4,00638E+12", "4.00638E+12", "4e+012", "9E+15"] {
            assert!(is_rounded(text), "{text}");
        }
        for text in ["12E5", "E+12", "4.00638E+1", "44E+12", "AE+12", "4006381333931"] {
            assert!(!is_rounded(text), "{text}");
        }
        assert!(is_made_decimal("4006381333931.0") && is_made_decimal("4006381333931,00"));
        assert!(!is_made_decimal("1.0") && !is_made_decimal("1234567.5") && !is_made_decimal("ABCDEFG.0"));
    }

    #[test]
    fn days_of_spreadsheets_are_told_from_other_text() {
        for text in ["31/01/2025", "30.11.2026", "11/29/2026 14:30", "46355", "46355,60417", "1.2.26"] {
            assert!(is_spreadsheet_day(text), "{text}");
        }
        for text in ["soon", "Monday 4", "yesterday 14:30"] {
            assert!(!is_spreadsheet_day(text), "{text}");
        }
    }
}

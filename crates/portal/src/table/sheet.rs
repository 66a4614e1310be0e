//! The two forms of such a file.

use jiff::tz::TimeZone;
use platform::cells::{BYTE_ORDER_MARK, guarded};
use platform::zones;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};
use thiserror::Error;

use super::Cell;

/// The most characters that a cell of a workbook holds.
const MOST_CHARACTERS: usize = 32_767;
/// Wide enough for a name, and for a time.
const WIDTH: f64 = 22.0;

/// A file could not be written: a defect.
#[derive(Debug, Error)]
pub(super) enum Unwritable {
    #[error("{0}")]
    Csv(#[from] csv::Error),
    #[error("{0}")]
    Xlsx(#[from] XlsxError),
}

/// A file while it is written.
pub(super) enum Sheet {
    Csv(Box<csv::Writer<Vec<u8>>>),
    Xlsx(Box<Xlsx>),
}

/// A workbook with one sheet.
pub(super) struct Xlsx {
    workbook: Workbook,
    zone: TimeZone,
    time: Format,
    row: u32,
}

impl Sheet {
    /// A file for any program: columns have names, numbers a point, and times their distance from UTC.
    pub(super) fn csv(names: impl Iterator<Item = &'static str>) -> Result<Sheet, Unwritable> {
        let mut writer = csv::Writer::from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
        writer.write_record(names)?;
        Ok(Sheet::Csv(Box::new(writer)))
    }

    /// A workbook: its numbers and times are shown as the reader's language has them.
    pub(super) fn xlsx(
        title: &str,
        zone: &str,
        headings: impl Iterator<Item = String>,
    ) -> Result<Sheet, Unwritable> {
        let mut workbook = Workbook::new();
        // Rows wait in a temporary file; where there is no place for one, in memory.
        if workbook.add_worksheet_with_constant_memory().is_err() {
            workbook.add_worksheet();
        }
        let sheet = workbook.worksheet_from_index(0)?;
        sheet.set_name(title)?;
        sheet.set_freeze_panes(1, 0)?;
        let heading = Format::new().set_bold();
        for (column, words) in (0..).zip(headings) {
            sheet.write_string_with_format(0, column, words, &heading)?;
            sheet.set_column_width(column, WIDTH)?;
        }
        let time = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
        Ok(Sheet::Xlsx(Box::new(Xlsx { workbook, zone: zones::or_utc(zone), time, row: 0 })))
    }

    pub(super) fn row(&mut self, cells: impl Iterator<Item = Cell>) -> Result<(), Unwritable> {
        match self {
            Sheet::Csv(writer) => Ok(writer.write_record(cells.map(plain))?),
            Sheet::Xlsx(workbook) => workbook.write(cells),
        }
    }

    /// The whole file.
    pub(super) fn bytes(self) -> Result<Vec<u8>, Unwritable> {
        match self {
            Sheet::Csv(writer) => {
                writer.into_inner().map_err(|error| Unwritable::Csv(error.into_error().into()))
            }
            Sheet::Xlsx(mut workbook) => Ok(workbook.workbook.save_to_buffer()?),
        }
    }
}

/// A cell as text, which no spreadsheet takes for a formula.
fn plain(cell: Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => guarded(&text).into_owned(),
        Cell::Quantity(quantity) => quantity.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Time(at, zone) => {
            let zone = zones::or_utc(&zone);
            at.display_with_offset(zone.to_offset(at)).to_string()
        }
    }
}

impl Xlsx {
    fn write(&mut self, cells: impl Iterator<Item = Cell>) -> Result<(), Unwritable> {
        self.row += 1;
        let (row, sheet) = (self.row, self.workbook.worksheet_from_index(0)?);
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                Cell::Empty => {}
                // A text is written as one, whatever it looks like: no formula, and no number of a code.
                Cell::Text(text) => {
                    sheet.write_string(row, column, cut(text))?;
                }
                // The nearest number of a workbook, which shows 15 digits: as many as a quantity has.
                Cell::Quantity(quantity) => match quantity.to_string().parse::<f64>() {
                    Ok(number) => drop(sheet.write_number(row, column, number)?),
                    Err(_) => drop(sheet.write_string(row, column, quantity.to_string())?),
                },
                #[expect(clippy::cast_precision_loss, reason = "numbers of rows are far below 2^53")]
                Cell::Number(number) => {
                    sheet.write_number(row, column, number as f64)?;
                }
                Cell::Time(at, _) => {
                    let there = at.to_zoned(self.zone.clone()).datetime();
                    let (hour, minute, second) = (
                        there.hour().unsigned_abs().into(),
                        there.minute().unsigned_abs(),
                        there.second().unsigned_abs(),
                    );
                    let day = ExcelDateTime::from_ymd(
                        there.year().unsigned_abs(),
                        there.month().unsigned_abs(),
                        there.day().unsigned_abs(),
                    );
                    match day.and_then(|day| day.and_hms(hour, minute, f64::from(second))) {
                        Ok(time) => drop(sheet.write_datetime_with_format(row, column, &time, &self.time)?),
                        // Workbooks know no days before 1900.
                        Err(_) => drop(sheet.write_string(row, column, at.to_string())?),
                    }
                }
            }
        }
        Ok(())
    }
}

/// As much of a text as a cell holds.
fn cut(text: String) -> String {
    if text.chars().nth(MOST_CHARACTERS).is_none() {
        return text;
    }
    text.chars().take(MOST_CHARACTERS - 1).chain(['…']).collect()
}

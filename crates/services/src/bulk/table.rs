//! A file as a table: its columns by name, its rows one after the other.

use std::collections::HashSet;
use std::io::{BufRead, Read};
use std::path::Path;

use csv::{Reader, ReaderBuilder, StringRecord, Writer, WriterBuilder};
use platform::cells::{guarded, unguarded};

use super::decode::{self, Encoding};
use super::faults::Faults;
use super::{BadRow, BulkError, File, Import};

/// A column that a file may have.
#[derive(Debug)]
pub(super) struct Column {
    pub name: &'static str,
    pub required: bool,
}

/// Stands in the rejects file behind each row; read over when that file is imported again.
const REASON: Column = Column { name: "reject_reason", required: false };

/// The reason of a row that is left out because of another one.
const OTHER_LINE: &str = "another line of the same order is bad";

/// A file, and how it is to be read: as often as is wanted.
pub(super) struct TableFile<'a> {
    file: File<'a>,
    encoding: Encoding,
    separator: u8,
    known: &'static [Column],
}

/// The rows of a file, of which one is held at a time.
pub(super) struct Table<'a> {
    pub columns: Columns,
    reader: Reader<Box<dyn Read + Send + 'a>>,
    /// The line of the last row.
    line: u64,
}

/// The name of each cell of a row, in order.
#[derive(Debug)]
pub(super) struct Columns(Vec<&'static str>);

/// One row.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// The line of the file that it begins in.
    pub line: u64,
    pub cells: StringRecord,
}

impl<'a> TableFile<'a> {
    /// Finds out what the import does not say of its file.
    pub(super) fn of(import: &Import<'a>) -> Result<TableFile<'a>, BulkError> {
        let (file, known) = (import.file, import.kind.columns());
        let encoding = match import.format.encoding {
            Some(encoding) => encoding,
            None => Encoding::detect(file.open()?).map_err(unreadable)?,
        };
        let separator = match import.format.separator {
            Some(separator) => separator,
            None => {
                let mut text = decode::text(file.open()?, encoding);
                decode::separator(&String::from_utf8_lossy(text.fill_buf().map_err(unreadable)?))
            }
        };
        Ok(TableFile { file, encoding, separator, known })
    }

    /// Begins to read it, at the first row after the header.
    pub(super) fn read(&self) -> Result<Table<'a>, BulkError> {
        let text: Box<dyn Read + Send + 'a> = Box::new(decode::text(self.file.open()?, self.encoding));
        let mut reader = ReaderBuilder::new()
            .delimiter(self.separator)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(decode::BUFFER)
            .from_reader(text);
        let mut header = StringRecord::new();
        if !reader.read_record(&mut header).map_err(unreadable)? {
            return Err(BulkError::File("the file is empty; its first line names the columns".to_owned()));
        }
        let columns = columns_of(&header, self.known).map_err(BulkError::File)?;
        Ok(Table { columns: Columns(columns), reader, line: 1 })
    }

    /// Writes the rows that were left out to a file of the same form, with the reason behind each. It is moved into
    /// place when complete: it may take the place of the file itself.
    pub(super) async fn write_rejects(&self, faults: &mut Faults<'_>, path: &Path) -> Result<(), BulkError> {
        let mut table = self.read()?;
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let mut writer = WriterBuilder::new().flexible(true).from_path(&part)?;
        let Columns(columns) = &table.columns;
        let own: Vec<bool> = columns.iter().map(|name| *name != REASON.name).collect();
        writer.write_record(chosen(columns.iter().copied(), &own).chain([REASON.name]))?;
        let mut reasons = faults.by_line(i64::MAX).await?;
        let mut next = reasons.next().await?;
        let mut row = Row::default();
        while table.next(&mut row)? {
            if !faults.leaves_out(row.line) {
                continue;
            }
            let mut told = String::new();
            while let Some(bad) = next.take_if(|bad| bad.line <= row.line) {
                if !told.is_empty() {
                    told.push_str("; ");
                }
                told.push_str(&bad.in_row());
                next = reasons.next().await?;
            }
            let told = if told.is_empty() { OTHER_LINE } else { &told };
            reject(&mut writer, &row, &own, told)?;
        }
        writer.flush().map_err(csv::Error::from)?;
        std::fs::rename(&part, path).map_err(csv::Error::from)?;
        Ok(())
    }
}

fn reject<W: std::io::Write>(
    writer: &mut Writer<W>,
    row: &Row,
    own: &[bool],
    reason: &str,
) -> Result<(), csv::Error> {
    // Of others' files no cell is guarded, and ours are already: each comes back as it was read.
    let cells = chosen(row.cells.iter(), own).chain([reason]);
    writer.write_record(cells.map(|cell| guarded(&unguarded(cell)).into_owned()))
}

/// The cells of the file's own columns. Cells beyond the header are its own too.
fn chosen<'c>(cells: impl Iterator<Item = &'c str>, own: &[bool]) -> impl Iterator<Item = &'c str> {
    let own = own.iter().copied().chain(std::iter::repeat(true));
    cells.zip(own).filter(|(_, own)| *own).map(|(cell, _)| cell)
}

impl Table<'_> {
    /// Reads the next row that has anything in it; says whether there was one.
    pub(super) fn next(&mut self, row: &mut Row) -> Result<bool, BulkError> {
        while self.reader.read_record(&mut row.cells).map_err(unreadable)? {
            // Lines that end in a carriage return alone are not counted, and no two rows may have the same number: what is
            // wrong with one would be told of the other.
            let counted = row.cells.position().map_or(0, csv::Position::line);
            self.line = counted.max(self.line + 1);
            row.line = self.line;
            if row.cells.iter().any(|cell| !cell.trim().is_empty()) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Columns {
    /// Where a column is in each row, if the file has it.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|column| *column == name)
    }

    /// What is wrong with the number of a row's cells.
    pub(super) fn fault_of(&self, row: &Row) -> Option<BadRow> {
        let (cells, columns) = (row.cells.len(), self.0.len());
        let reason = || format!("has {cells} cells where the header has {columns}");
        (cells != columns).then(|| BadRow { line: row.line, column: None, reason: reason() })
    }
}

/// A file that cannot be read, or not as the text it is taken for.
fn unreadable(error: impl std::fmt::Display) -> BulkError {
    BulkError::File(error.to_string())
}

/// The known column of each header cell. Names may be written in any case, with spaces or dashes.
fn columns_of(header: &StringRecord, known: &'static [Column]) -> Result<Vec<&'static str>, String> {
    let all = || known.iter().chain([&REASON]);
    let names = || known.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
    let mut seen = HashSet::new();
    let mut columns = Vec::with_capacity(header.len());
    for cell in header {
        let name = cell.trim().to_lowercase().replace([' ', '-'], "_");
        let Some(column) = all().find(|column| column.name == name) else {
            return Err(format!("there is no column {:?}; the columns are {}", cell.trim(), names()));
        };
        if !seen.insert(column.name) {
            return Err(format!("the column {name} stands in the header twice"));
        }
        columns.push(column.name);
    }
    let missing: Vec<&str> = known
        .iter()
        .filter(|column| column.required && !seen.contains(column.name))
        .map(|column| column.name)
        .collect();
    if missing.is_empty() {
        return Ok(columns);
    }
    Err(format!("the header lacks the column {}; the columns are {}", missing.join(", "), names()))
}

//! A file as a table: its columns by name, its rows by line.

use std::collections::{BTreeSet, HashMap, HashSet};

use csv::{ReaderBuilder, StringRecord, WriterBuilder};

use super::{BadRow, BulkError, Format, decode};

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

/// A file's rows.
#[derive(Debug)]
pub(super) struct Table {
    /// The name of each cell of a row, in order.
    pub columns: Vec<&'static str>,
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Debug)]
pub(super) struct Row {
    /// The line of the file that it begins in.
    pub line: u64,
    pub cells: StringRecord,
    /// Whether it has as many cells as the header.
    pub whole: bool,
}

impl Table {
    /// Reads a file with these columns. Rows that have too many or too few cells are told.
    pub(super) fn read(
        bytes: &[u8],
        format: Format,
        known: &'static [Column],
    ) -> Result<(Table, Vec<BadRow>), BulkError> {
        let text = decode::text(bytes, format.encoding).map_err(BulkError::File)?;
        let separator = format.separator.unwrap_or_else(|| decode::separator(&text));
        let mut reader = ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut records = reader.records();
        let header = match records.next() {
            None => {
                return Err(BulkError::File(
                    "the file is empty; its first line names the columns".to_owned(),
                ));
            }
            Some(header) => header.map_err(|error| BulkError::File(error.to_string()))?,
        };
        let columns = columns_of(&header, known).map_err(BulkError::File)?;
        let (mut rows, mut bad) = (Vec::new(), Vec::new());
        for record in records {
            let cells = record.map_err(|error| BulkError::File(error.to_string()))?;
            let line = cells.position().map_or(0, csv::Position::line);
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let whole = cells.len() == columns.len();
            if !whole {
                let reason = format!("has {} cells where the header has {}", cells.len(), columns.len());
                bad.push(BadRow { line, column: None, reason });
            }
            rows.push(Row { line, cells, whole });
        }
        Ok((Table { columns, rows }, bad))
    }

    /// Where a column is in each row, if the file has it.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| *column == name)
    }

    /// The lines that say the same in `columns` as one of `lines`, those themselves with them.
    pub(super) fn lines_with(&self, lines: &BTreeSet<u64>, columns: &[&str]) -> BTreeSet<u64> {
        let positions: Vec<usize> = columns.iter().filter_map(|name| self.position(name)).collect();
        let key = |row: &Row| -> Vec<String> {
            positions.iter().map(|at| row.cells.get(*at).unwrap_or_default().trim().to_lowercase()).collect()
        };
        let chosen = self.rows.iter().filter(|row| lines.contains(&row.line));
        let keys: HashSet<Vec<String>> = chosen.map(key).collect();
        let same =
            |row: &&Row| lines.contains(&row.line) || !positions.is_empty() && keys.contains(&key(row));
        self.rows.iter().filter(same).map(|row| row.line).collect()
    }

    /// The rows of the lines, as a file with the reason behind each.
    pub(super) fn rejects(&self, lines: &BTreeSet<u64>, bad: &[BadRow]) -> Result<Vec<u8>, csv::Error> {
        let mut writer = WriterBuilder::new().flexible(true).from_writer(Vec::new());
        let own = |name: &&&str| **name != REASON.name;
        writer.write_record(self.columns.iter().filter(own).chain([&REASON.name]))?;
        let mut reasons: HashMap<u64, Vec<String>> = HashMap::new();
        for BadRow { line, column, reason } in bad {
            let reason = column.map_or_else(|| reason.clone(), |column| format!("{column}: {reason}"));
            reasons.entry(*line).or_default().push(reason);
        }
        for row in self.rows.iter().filter(|row| lines.contains(&row.line)) {
            let reason =
                reasons.get(&row.line).map_or_else(|| OTHER_LINE.to_owned(), |reasons| reasons.join("; "));
            let own = self.columns.iter().map(|name| *name != REASON.name).chain(std::iter::repeat(true));
            let cells = row.cells.iter().zip(own).filter(|(_, own)| *own);
            writer.write_record(cells.map(|(cell, _)| cell).chain([reason.as_str()]))?;
        }
        writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    }
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

//! The tables of files, and the files of rows that were left out of them.

use std::path::Path;

use csv::{Writer, WriterBuilder};
use platform::cells::{guarded, unguarded};

use super::BulkError;
use super::faults::Faults;

use tabular::REASON;
pub(super) use tabular::{Column, Columns, Row, Table, TableFile};

/// The reason of a row that is left out because of another one.
const OTHER_LINE: &str = "another line of the same order is bad";

/// The columns of codes, which others put an apostrophe before.
const CODES: &[&str] = &["sku", "barcode", "code", "reference"];

/// Writes the rows that were left out to a file of the same form, with the reason behind each. It is moved into place
/// when complete: it may take the place of the file itself.
pub(super) async fn write_rejects(
    file: &TableFile<'_>,
    faults: &mut Faults<'_>,
    path: &Path,
) -> Result<(), BulkError> {
    let mut table = file.read()?;
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let mut writer = WriterBuilder::new().flexible(true).from_path(&part)?;
    let names = table.columns.names().to_vec();
    let own = names.iter().filter(|name| **name != Some(REASON)).map(|name| name.unwrap_or_default());
    writer.write_record(own.chain([REASON]))?;
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
        reject(&mut writer, &row, &names, told)?;
    }
    writer.flush().map_err(csv::Error::from)?;
    std::fs::rename(&part, path).map_err(csv::Error::from)?;
    Ok(())
}

fn reject<W: std::io::Write>(
    writer: &mut Writer<W>,
    row: &Row,
    names: &[Option<&str>],
    reason: &str,
) -> Result<(), csv::Error> {
    let names = names.iter().copied().chain(std::iter::repeat(None));
    let own = row.cells.iter().zip(names).filter(|(_, name)| *name != Some(REASON));
    let cells = own.map(|(cell, name)| returned(cell, name.is_some_and(|name| CODES.contains(&name))));
    writer.write_record(cells.chain([guarded(reason).into_owned()]))
}

/// A cell as it was read: of others' files no cell is guarded, and ours are already. The apostrophe that others put before
/// a code stays single, so that it is taken for that again.
fn returned(cell: &str, is_code: bool) -> String {
    let text = guarded(&unguarded(cell)).into_owned();
    match text.strip_prefix('\'') {
        Some(rest) if is_code && cell.starts_with('\'') && text != cell => rest.to_owned(),
        _ => text,
    }
}

//! The rows of a catalogue as a file has them: which item each is about, and what is wrong with it.

use std::collections::HashSet;

use contract::ItemIn;
use domain::Quantity;
use platform::cells::unguarded;

/// As many rows as a page takes; larger files are for `quartermaster import`.
pub(crate) const MOST: usize = 500;

/// What a file may say of an item; `sku` and `name` it must.
pub(crate) const COLUMNS: [&str; 8] =
    ["sku", "name", "description", "unit", "decimal_places", "barcode", "min_stock_level", "active"];

/// Why a file cannot be read at all: the message, and what it is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// A column that is not known.
    Column(String),
    /// A column that is missing.
    Missing(&'static str),
    /// There are no rows.
    Empty,
    /// There are more rows than a page takes.
    TooMany,
    /// A row has more or fewer cells than the first, or its quotes do not match; with the line.
    Broken(u64),
}

/// What is wrong with a row: the column, and the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub column: &'static str,
    pub message: &'static str,
}

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its line in the file; the first is 1.
    pub line: u64,
    pub sku: String,
    /// What it makes of the item, or what is wrong with it.
    pub item: Result<ItemIn, Vec<Fault>>,
}

/// Reads a file: a line of column names, then a row a line. Cells are apart by comma, semicolon, tab or `|`, whichever
/// the first line has most of.
pub(crate) fn read(text: &str) -> Result<Vec<Row>, Unreadable> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    let count = |separator: u8| first.bytes().filter(|byte| *byte == separator).count();
    let separator = *b",;\t|".iter().max_by_key(|separator| count(**separator)).unwrap_or(&b',');
    let mut file =
        csv::ReaderBuilder::new().delimiter(separator).trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns = file.headers().map_err(|_| Unreadable::Broken(1))?.clone();
    let columns: Vec<&'static str> = columns.iter().map(known).collect::<Result<_, _>>()?;
    for needed in ["sku", "name"] {
        if !columns.contains(&needed) {
            return Err(Unreadable::Missing(needed));
        }
    }
    let (mut rows, mut skus, mut barcodes) = (Vec::new(), HashSet::new(), HashSet::new());
    let mut line = 1;
    for record in file.records() {
        let record =
            record.map_err(|error| Unreadable::Broken(error.position().map_or(0, csv::Position::line)))?;
        if rows.len() == MOST {
            return Err(Unreadable::TooMany);
        }
        let cells: Vec<(&'static str, &str)> = columns.iter().copied().zip(record.iter()).collect();
        // Lines that end in a carriage return alone are not counted, and rows are told apart by their numbers.
        line = record.position().map_or(0, csv::Position::line).max(line + 1);
        let mut row = row(line, &cells);
        let mut faults = row.item.as_ref().err().cloned().unwrap_or_default();
        if !row.sku.is_empty() && !skus.insert(row.sku.to_lowercase()) {
            faults.push(Fault { column: "sku", message: "row-twice" });
        }
        let barcode = cells.iter().find(|(column, cell)| *column == "barcode" && !cell.is_empty());
        if barcode.is_some_and(|(_, barcode)| !barcodes.insert(unguarded(barcode).into_owned())) {
            faults.push(Fault { column: "barcode", message: "row-twice" });
        }
        if !faults.is_empty() {
            row.item = Err(faults);
        }
        rows.push(row);
    }
    if rows.is_empty() { Err(Unreadable::Empty) } else { Ok(rows) }
}

/// The column of that name, whatever its case.
fn known(name: &str) -> Result<&'static str, Unreadable> {
    let found = COLUMNS.into_iter().find(|column| name.trim().eq_ignore_ascii_case(column));
    found.ok_or_else(|| Unreadable::Column(name.trim().to_owned()))
}

fn row(line: u64, cells: &[(&'static str, &str)]) -> Row {
    let mut item = ItemIn::default();
    let mut faults = Vec::new();
    for (column, cell) in cells {
        let cell = unguarded(cell);
        let cell = cell.as_ref();
        let mut fault = |message| faults.push(Fault { column, message });
        match *column {
            "sku" if cell.is_empty() => fault("row-missing"),
            "sku" => item.sku = cell.to_owned(),
            "name" if cell.is_empty() => fault("row-missing"),
            "name" => item.name = cell.to_owned(),
            "description" => item.description = Some(cell.to_owned()),
            // What is left empty stays as it is.
            _ if cell.is_empty() => {}
            "unit" => item.unit = Some(cell.to_owned()),
            "barcode" => item.barcode = Some(Some(cell.to_owned())),
            "decimal_places" => match cell.parse() {
                Ok(places @ 0..=3) => item.decimal_places = Some(places),
                _ => fault("row-places"),
            },
            "min_stock_level" => match cell.parse::<Quantity>() {
                Ok(minimum) if !minimum.is_negative() => item.min_stock_level = Some(minimum),
                _ => fault("not-a-quantity"),
            },
            _ => match cell.to_lowercase().as_str() {
                "true" | "yes" | "1" => item.active = Some(true),
                "false" | "no" | "0" => item.active = Some(false),
                _ => fault("row-yes-or-no"),
            },
        }
    }
    let sku = item.sku.clone();
    Row { line, sku, item: if faults.is_empty() { Ok(item) } else { Err(faults) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalogue_is_read_whatever_separates_its_cells() {
        for text in [
            "SKU,Name,unit\nA-1,Bolt,pcs\n",
            "sku;name;unit\r\nA-1;Bolt;pcs",
            "\u{feff}sku\tname\tunit\nA-1\tBolt\tpcs",
        ] {
            let rows = read(text).unwrap();
            let item = rows[0].item.as_ref().unwrap();
            assert_eq!((rows.len(), item.name.as_str(), item.unit.as_deref()), (1, "Bolt", Some("pcs")));
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_line_and_column() {
        let text = "sku,name,min_stock_level,decimal_places,active,barcode\n\
                    A,Bolt,many,0,yes,1\n,Nut,1,7,maybe,2\na,Bolt,1,0,yes,1\n";
        let rows = read(text).unwrap();
        let faults = |n: usize| {
            let faults = rows[n].item.as_ref().unwrap_err();
            faults.iter().map(|fault| (fault.column, fault.message)).collect::<Vec<_>>()
        };
        assert_eq!(faults(0), [("min_stock_level", "not-a-quantity")]);
        assert_eq!(
            faults(1),
            [("sku", "row-missing"), ("decimal_places", "row-places"), ("active", "row-yes-or-no")]
        );
        assert_eq!(faults(2), [("sku", "row-twice"), ("barcode", "row-twice")]);
        assert_eq!(rows[1].line, 3);
    }

    #[test]
    fn a_file_that_is_no_catalogue_says_why() {
        assert_eq!(read("").unwrap_err(), Unreadable::Missing("sku"));
        assert_eq!(read("sku,colour\nA,red").unwrap_err(), Unreadable::Column("colour".to_owned()));
        assert_eq!(read("sku,unit\nA,pcs").unwrap_err(), Unreadable::Missing("name"));
        assert_eq!(read("sku,name\n").unwrap_err(), Unreadable::Empty);
        assert_eq!(read("sku,name\nA,B,C\n").unwrap_err(), Unreadable::Broken(2));
        let long = format!("sku,name\n{}", "A,B\n".repeat(MOST + 1));
        assert_eq!(read(&long).unwrap_err(), Unreadable::TooMany);
    }
}

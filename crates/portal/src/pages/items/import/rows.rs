//! The rows of a catalogue as a file has them: which item each is about, and what is wrong with it.

use std::collections::HashSet;

use contract::ItemIn;
use domain::gtin::same_code;
use platform::text::fold;
use tabular::{BadCell, Columns, File, FileFault, Format, Row, TableFile, items};

/// As many rows as a page takes; larger files are for `quartermaster import`.
pub(crate) const MOST: usize = 500;

/// Why a file cannot be read at all.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is no file of rows.
    File(FileFault),
    /// There are no rows.
    Empty,
    /// There are more rows than a page takes.
    TooMany,
}

impl From<FileFault> for Unreadable {
    fn from(fault: FileFault) -> Unreadable {
        Unreadable::File(fault)
    }
}

/// What is wrong with a row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The row by itself is wrong.
    Bad(BadCell),
    /// Another row says the same in this column.
    Twice(&'static str),
}

/// One row.
#[derive(Debug)]
pub(crate) struct ItemRow {
    /// Its line in the file; the first is 1.
    pub line: u64,
    pub sku: String,
    /// What it makes of the item, or what is wrong with it.
    pub item: Result<ItemIn, Vec<Fault>>,
}

/// The text of a file.
pub(crate) fn text_of(file: &[u8], format: Format) -> Result<String, FileFault> {
    TableFile::new(File::Bytes(file), format, items::COLUMNS)?.text()
}

/// Reads a text, as `quartermaster import items` reads a file.
pub(crate) fn read(text: &str, format: Format) -> Result<Vec<ItemRow>, Unreadable> {
    let format = Format { encoding: Some(tabular::Encoding::UTF_8), ..format };
    let mut table = TableFile::new(File::Bytes(text.as_bytes()), format, items::COLUMNS)?.read()?;
    let (mut rows, mut skus, mut barcodes) = (Vec::new(), HashSet::new(), HashSet::new());
    let mut row = Row::default();
    while table.next(&mut row)? {
        if rows.len() == MOST {
            return Err(Unreadable::TooMany);
        }
        let mut item = items::parse(&table.columns, &row)
            .map_err(|bad| bad.into_iter().map(Fault::Bad).collect::<Vec<_>>());
        if let Ok(input) = &item {
            let mut twice = Vec::new();
            if !skus.insert(same_code(&input.sku, fold)) {
                twice.push(Fault::Twice("sku"));
            }
            if input.barcode.iter().flatten().any(|barcode| !barcodes.insert(same_code(barcode, fold))) {
                twice.push(Fault::Twice("barcode"));
            }
            if !twice.is_empty() {
                item = Err(twice);
            }
        }
        let sku = item.as_ref().map_or_else(|_| raw_sku(&table.columns, &row), |item| item.sku.clone());
        rows.push(ItemRow { line: row.line, sku, item });
    }
    if rows.is_empty() { Err(Unreadable::Empty) } else { Ok(rows) }
}

/// The text in the SKU column of a bad row.
fn raw_sku(columns: &Columns, row: &Row) -> String {
    let cell = columns.position("sku").and_then(|place| row.cells.get(place));
    cell.unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use tabular::{Decimal, Encoding};

    use super::*;
    use crate::words::{Language, Words};

    fn read(text: &str) -> Result<Vec<ItemRow>, Unreadable> {
        super::read(text, Format::default())
    }

    fn faults(row: &ItemRow) -> Vec<(Option<&'static str>, String)> {
        let told = |fault: &Fault| match fault {
            Fault::Bad(bad) => (bad.column, bad.fault.to_string()),
            Fault::Twice(column) => (Some(*column), "twice".to_owned()),
        };
        row.item.as_ref().err().into_iter().flatten().map(told).collect()
    }

    #[test]
    fn a_catalogue_is_read_whatever_separates_its_cells() {
        for text in [
            "SKU,Name,unit\nA-1,Bolt,pcs\n",
            "sep=;\r\nsku;name;unit;;\r\n;;;;\r\nA-1;Bolt;pcs;;",
            "\u{feff}Artikelnummer\tName\tEinheit\nA-1\tBolt\tpcs",
        ] {
            let rows = read(text).unwrap();
            let item = rows[0].item.as_ref().unwrap();
            assert_eq!((rows.len(), item.name.as_str(), item.unit.as_deref()), (1, "Bolt", Some("pcs")));
        }
    }

    #[test]
    fn the_words_of_the_pages_name_the_columns_in_every_language() {
        for words in Language::ALL.map(Words) {
            let labels =
                ["sku", "name", "description", "unit", "decimal-places", "barcode", "minimum", "item-active"];
            let header = labels.map(|label| words.say(label)).join(";");
            let rows = read(&format!("{header}\nA;Bolt;x;kg;2;1;2,5;1\n")).unwrap();
            let item = rows[0].item.as_ref().unwrap();
            assert_eq!((item.decimal_places, item.active), (Some(2), Some(true)), "{header}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_line_and_column() {
        let text = "sku,name,min_stock_level,decimal_places,active,barcode\n\
                    A,Bolt,many,0,yes,1\n,Nut,1,7,maybe,2\nB,Bolt,1,0,ja,1\nb,Bolt,1,0,WAHR,1\n";
        let rows = read(text).unwrap();
        let columns = |n: usize| faults(&rows[n]).into_iter().map(|(column, _)| column).collect::<Vec<_>>();
        assert_eq!(columns(0), [Some("min_stock_level")]);
        assert_eq!(columns(1), [Some("sku"), Some("decimal_places"), Some("active")]);
        assert_eq!(columns(2), []);
        assert_eq!(columns(3), [Some("sku"), Some("barcode")]);
        assert_eq!(rows[1].line, 3);
    }

    #[test]
    fn what_is_empty_stays_as_it_is() {
        let rows = read("sku,name,description,barcode,unit\nA,Bolt,,,\n").unwrap();
        let item = rows[0].item.as_ref().unwrap();
        assert_eq!((&item.description, &item.barcode, &item.unit), (&None, &None, &None));
    }

    #[test]
    fn a_number_is_asked_about_where_it_could_be_two() {
        let text = "sku;name;min_stock_level\nA;Sand;2,5\nB;Kies;1.000\n";
        let rows = read(text).unwrap();
        assert_eq!(rows[0].item.as_ref().unwrap().min_stock_level.unwrap().to_string(), "2.5");
        assert!(faults(&rows[1])[0].1.contains("may be thousands"));
        let told = Format { decimal: Some(Decimal::Comma), ..Format::default() };
        let rows = super::read(text, told).unwrap();
        assert_eq!(rows[1].item.as_ref().unwrap().min_stock_level.unwrap().to_string(), "1000");
    }

    #[test]
    fn a_file_that_is_no_catalogue_says_why() {
        assert_eq!(read("").unwrap_err(), Unreadable::File(FileFault::Empty));
        assert!(matches!(read("sku,colour\n").unwrap_err(), Unreadable::File(FileFault::Column { .. })));
        assert!(matches!(read("sku\nA").unwrap_err(), Unreadable::File(FileFault::Missing { .. })));
        assert_eq!(read("sku,name\n").unwrap_err(), Unreadable::Empty);
        let many: String = (0..=MOST).map(|n| format!("A-{n},Bolt\n")).collect();
        assert_eq!(read(&format!("sku,name\n{many}")).unwrap_err(), Unreadable::TooMany);
    }

    #[test]
    fn the_bytes_of_a_file_are_text_or_asked_about() {
        let of = |bytes: &[u8], encoding| text_of(bytes, Format { encoding, ..Format::default() });
        assert_eq!(
            of(b"sku;name\r\nA;T\xFCrklinke wei\xDF\r\n", None).unwrap(),
            "sku;name\r\nA;Türklinke weiß\r\n"
        );
        let dos = b"sku;name\r\nA;T\x81r\r\n";
        assert!(matches!(of(dos, None), Err(FileFault::Encoding { line: 2, .. })));
        let garbled = of(b"sku,name\nA,K\xC3\xA4se\nB,\xF6l\n", None).unwrap();
        let rows = read(&garbled).unwrap();
        assert!(rows[0].item.is_ok() && rows[1].item.is_err());
        assert!(of(dos, Encoding::named("macintosh")).is_ok());
    }
}

//! Whatever a file may hold that somebody imports.

use bolero::check;
use csv::WriterBuilder;
use tabular::{Column, Decimal, Encoding, File, Format, Marks, Row, TableFile, items, number};

static PAIR: [Column; 2] =
    [Column { name: "name", required: true }, Column { name: "location", required: false }];

/// Reads a file of items to its end; gives how many rows it has.
fn read_all(bytes: &[u8], format: Format) -> Option<usize> {
    let mut table = TableFile::new(File::Bytes(bytes), format, items::COLUMNS).ok()?.read().ok()?;
    let (mut row, mut last, mut rows) = (Row::default(), 0, 0);
    while table.next(&mut row).ok()? {
        assert!(row.line > last, "each row has a line of its own");
        (last, rows) = (row.line, rows + 1);
        match items::parse(&table.columns, &row) {
            Ok(item) => {
                let texts =
                    [Some(item.sku), Some(item.name), item.description, item.unit, item.barcode.flatten()];
                assert!(
                    !texts.into_iter().flatten().any(|text| text.contains('\u{fffd}')),
                    "no garbled text is taken"
                );
            }
            Err(faults) => {
                assert!(faults.iter().all(|bad| !bad.fault.to_string().is_empty()) && !faults.is_empty())
            }
        }
    }
    Some(rows)
}

#[test]
fn a_file_is_read_to_its_end_and_every_row_is_taken_or_told() {
    check!().for_each(|bytes: &[u8]| {
        read_all(bytes, Format::default());
        // Most of what is made has no header of ours.
        for header in
            ["sku,name,unit,barcode\n", "sku;name;min_stock_level;active\r\n", "sep=\t\nSKU\tName\t\t\n"]
        {
            read_all(&[header.as_bytes(), bytes].concat(), Format::default());
        }
    });
}

#[test]
fn no_row_is_lost_in_the_cell_of_another() {
    check!().for_each(|bytes: &[u8]| {
        // However an earlier cell opens quotes, the rows of ours behind it come out again.
        let garbled = bytes.iter().filter(|byte| **byte != 0).copied();
        let rows = b"\nA,B,C\nD,E,F\nG,H,I\n";
        let file: Vec<u8> =
            b"sku,name,unit\n".iter().copied().chain(garbled).chain(rows.iter().copied()).collect();
        let format =
            Format { encoding: Some(Encoding::WINDOWS_1252), separator: Some(b','), ..Format::default() };
        if let Some(read) = read_all(&file, format) {
            assert!(read >= 3, "{:?}", String::from_utf8_lossy(&file));
        }
    });
}

#[test]
fn the_cells_of_a_file_are_read_as_they_were_written() {
    check!().with_type::<Vec<(String, String)>>().for_each(|cells| {
        let mut writer = WriterBuilder::new().from_writer(Vec::new());
        writer.write_record(["name", "location"]).unwrap();
        for (name, location) in cells {
            writer.write_record([name, location]).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let format = Format { encoding: Some(Encoding::UTF_8), separator: Some(b','), ..Format::default() };
        let mut table = TableFile::new(File::Bytes(&bytes), format, &PAIR).unwrap().read().unwrap();
        let mut row = Row::default();
        let blank = |cell: &String| cell.trim().is_empty();
        for (name, location) in cells.iter().filter(|(name, location)| !blank(name) || !blank(location)) {
            assert!(table.next(&mut row).unwrap());
            assert_eq!(row.cells.iter().collect::<Vec<_>>(), [name, location]);
        }
        assert!(!table.next(&mut row).unwrap());
    });
}

#[test]
fn a_number_is_the_same_one_whatever_is_known_of_its_marks_or_none() {
    check!().for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let told = [Decimal::Point, Decimal::Comma].map(|decimal| number(text, Marks::Told(decimal)));
        // What is read without being told is what one of both says, and never what the other one says differently.
        if let Ok(read) = number(text, Marks::Unknown) {
            assert!(told.contains(&Ok(read)) || text.contains(['e', 'E']), "{text:?}");
            assert!(told.iter().flatten().all(|other| *other == read), "{text:?}");
        }
    });
}

//! Whatever a file may hold that somebody imports.

use std::io::Read;

use bolero::check;
use csv::WriterBuilder;

use super::decode::{self, Encoding};
use super::names::Branches;
use super::orders::read::{self, Head};
use super::table::{Row, TableFile};
use super::{File, Format, Import, Kind, branches, items, stock};

const ENCODINGS: [Encoding; 4] =
    [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Windows1252];

fn import(kind: Kind, bytes: &[u8], format: Format) -> Import<'_> {
    Import { kind, file: File::Bytes(bytes), format, dry_run: false, skip_bad: None, actor: "" }
}

#[test]
fn text_is_the_same_however_much_of_it_is_read_at_once() {
    check!().for_each(|bytes: &[u8]| {
        let found = Encoding::detect(bytes).unwrap();
        for encoding in ENCODINGS {
            let mut whole = String::new();
            let read = decode::text(bytes, encoding).read_to_string(&mut whole);
            // All of it was looked at, where no byte order mark decided.
            let looked_at =
                encoding == found && encoding == Encoding::Utf8 && !bytes.starts_with(b"\xEF\xBB\xBF");
            assert!(read.is_ok() || !looked_at, "what was found is what it is written in");
            let mut piecewise = Vec::new();
            let mut text = decode::text(bytes, encoding);
            let mut piece = [0; 3];
            let end = loop {
                match text.read(&mut piece) {
                    Ok(0) => break Ok(()),
                    Ok(count) => piecewise.extend_from_slice(&piece[..count]),
                    Err(error) => break Err(error),
                }
            };
            assert_eq!(end.is_ok(), read.is_ok());
            if read.is_ok() {
                assert_eq!(piecewise, whole.as_bytes());
            }
        }
    });
}

/// Reads a file to its end, and each row as what it is to be.
fn read_all(kind: Kind, bytes: &[u8]) {
    let Ok(file) = TableFile::of(&import(kind, bytes, Format::default())) else { return };
    let Ok(mut table) = file.read() else { return };
    let (mut row, mut last) = (Row::default(), 1);
    while let Ok(true) = table.next(&mut row) {
        assert!(row.line > last, "each row has a number of its own");
        last = row.line;
        let faults = match kind {
            Kind::Branches => branches::parse(&table.columns, &row).err(),
            Kind::Items => items::parse(&table.columns, &row).err(),
            Kind::Stock => stock::parse(&table.columns, &row, &Branches::default()).err(),
            Kind::Orders => read::parse(&table.columns, &row, &Branches::default()).err(),
        };
        for fault in faults.into_iter().flatten() {
            assert_eq!(fault.line, row.line);
            assert!(!fault.reason.is_empty());
        }
    }
}

#[test]
fn a_file_is_read_to_its_end_and_every_row_is_taken_or_told() {
    check!().for_each(|bytes: &[u8]| {
        for kind in [Kind::Branches, Kind::Items, Kind::Stock, Kind::Orders] {
            read_all(kind, bytes);
            // Most of what is made has no header of ours.
            let header: Vec<&str> = kind.columns().iter().map(|column| column.name).collect();
            read_all(kind, &[header.join(",").as_bytes(), b"\n", bytes].concat());
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
        let format = Format { encoding: Some(Encoding::Utf8), separator: Some(b',') };
        let mut table = TableFile::of(&import(Kind::Branches, &bytes, format)).unwrap().read().unwrap();
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
fn the_head_of_an_order_comes_back_from_its_text() {
    check!().for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let Some(head) = Head::parse(text) else { return };
        let written = head.text();
        assert_eq!(Head::parse(&written).map(|head| head.text()), Some(written));
        assert!(head.steps().len() <= 2);
    });
}

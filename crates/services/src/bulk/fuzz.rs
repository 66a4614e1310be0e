//! Whatever a file may hold that somebody imports.

use bolero::check;

use super::names::Branches;
use super::orders::read::{self, Head};
use super::table::{Row, TableFile};
use super::{File, Format, Kind, branches, items, stock};

/// Reads a file to its end, and each row as what it is to be.
fn read_all(kind: Kind, bytes: &[u8]) {
    let Ok(file) = TableFile::new(File::Bytes(bytes), Format::default(), kind.columns()) else { return };
    let Ok(mut table) = file.read() else { return };
    let (mut row, mut last) = (Row::default(), 0);
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
fn the_head_of_an_order_comes_back_from_its_text() {
    check!().for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let Some(head) = Head::parse(text) else { return };
        let written = head.text();
        assert_eq!(Head::parse(&written).map(|head| head.text()), Some(written));
        assert!(head.steps().len() <= 2);
    });
}

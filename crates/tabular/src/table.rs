//! A file as a table: its columns by name, its rows one after the other.

use std::io::Read;

use crate::headers::columns;
use crate::records::Records;
use crate::text::{REPLACEMENT, Text};
use crate::{Column, Decimal, Encoding, Fault, File, FileFault, Format, Marks, Row};

/// A file, and how it is to be read: as often as is wanted.
#[derive(Debug)]
pub struct TableFile<'a> {
    file: File<'a>,
    encoding: Encoding,
    separator: Option<u8>,
    decimal: Option<Decimal>,
    clear_empty: bool,
    known: &'static [Column],
}

/// The rows of a file, of which one is held at a time.
pub struct Table<'a> {
    /// Its columns.
    pub columns: Columns,
    records: Records<Box<dyn Read + Send + 'a>>,
}

/// The columns of a file, and what holds for all of its cells.
#[derive(Debug)]
pub struct Columns {
    /// The name of each cell of a row, in order, where the header gives one.
    names: Vec<Option<&'static str>>,
    /// How many cells a row has at least: up to the last that has a name.
    named: usize,
    encoding: Encoding,
    pub(crate) marks: Marks,
    pub(crate) clear_empty: bool,
}

impl<'a> TableFile<'a> {
    /// A file of such columns. Its encoding is found out where it is not given.
    ///
    /// # Errors
    /// [`FileFault`] where it cannot be read, or its encoding is not certain.
    pub fn new(file: File<'a>, format: Format, known: &'static [Column]) -> Result<TableFile<'a>, FileFault> {
        let Format { encoding, separator, decimal, clear_empty } = format;
        let encoding = match encoding {
            Some(encoding) => encoding,
            None => Encoding::detect(file.open()?).map_err(|error| FileFault::Io(error.to_string()))??,
        };
        Ok(TableFile { file, encoding, separator, decimal, clear_empty, known })
    }

    /// The encoding it is read in.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// All of its text, without a byte order mark.
    ///
    /// # Errors
    /// [`FileFault`] where it cannot be read.
    pub fn text(&self) -> Result<String, FileFault> {
        let (mut text, mut all) = (Text::new(self.file.open()?, self.encoding), String::new());
        while text.more(&mut all).map_err(|error| FileFault::Io(error.to_string()))? {}
        Ok(all)
    }

    /// Begins to read it, at the first row after the header.
    ///
    /// # Errors
    /// [`FileFault`] where it cannot be read, or its header is not one of such a file.
    pub fn read(&self) -> Result<Table<'a>, FileFault> {
        let mut records = Records::new(Text::new(self.file.open()?, self.encoding), b',');
        let named = separator_line(records.ahead()?);
        if named.is_some() {
            records.skip_line()?;
        }
        records.separator = match self.separator.or(named) {
            Some(separator) => separator,
            None => separator(records.ahead()?),
        };
        let mut header = Row::default();
        if !records.next(&mut header)? {
            return Err(FileFault::Empty);
        }
        if header.cells.contain(REPLACEMENT) {
            return Err(FileFault::Header(self.encoding.name()));
        }
        if header.fault.is_some() {
            return Err(FileFault::HeaderQuote(header.line));
        }
        let names = columns(&header.cells, self.known)?;
        records.columns = names.len();
        // This program separates by commas and writes points. Others' files may have either mark.
        let marks = match self.decimal {
            Some(decimal) => Marks::Told(decimal),
            None if records.separator == b',' => Marks::Plain,
            None => Marks::Unknown,
        };
        let named = names.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let (encoding, clear_empty) = (self.encoding, self.clear_empty);
        Ok(Table { columns: Columns { names, named, encoding, marks, clear_empty }, records })
    }
}

impl Table<'_> {
    /// Reads the next row that has anything in it; says whether there was one.
    ///
    /// # Errors
    /// [`FileFault`] where the file cannot be read.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, FileFault> {
        self.records.next(row)
    }
}

impl Columns {
    /// Where a column is in each row, if the file has it.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|column| *column == Some(name))
    }

    /// The name of each cell of a row, in order; none where the header has an empty cell.
    pub fn names(&self) -> &[Option<&'static str>] {
        &self.names
    }

    /// The fault of a row as a whole.
    pub fn fault_of(&self, row: &Row) -> Option<Fault> {
        if let Some(fault) = &row.fault {
            return Some(fault.clone());
        }
        if row.cells.len() == self.names.len()
            && self.named == self.names.len()
            && !self.names.contains(&None)
        {
            return None;
        }
        let said = row.cells.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty()).last();
        let said = said.map_or(0, |(last, _)| last + 1);
        if row.cells.len() < self.named || said > self.names.len() {
            return Some(Fault::Cells { cells: row.cells.len(), columns: self.names.len() });
        }
        let unnamed =
            row.cells.iter().zip(&self.names).find(|(cell, name)| name.is_none() && !cell.trim().is_empty());
        unnamed.map(|(cell, _)| Fault::Unnamed(cell.trim().to_owned()))
    }

    /// The fault of a cell's characters.
    pub(crate) fn undecodable(&self, cell: &str) -> Option<Fault> {
        cell.contains(REPLACEMENT).then(|| Fault::Undecodable(self.encoding.name()))
    }

    /// The columns of a row that hold characters which are not of the encoding.
    pub(crate) fn garbled<'r>(
        &'r self,
        row: &'r Row,
    ) -> impl Iterator<Item = (Option<&'static str>, Fault)> + 'r {
        let any = row.cells.contain(REPLACEMENT);
        let cells = row.cells.iter().take(if any { usize::MAX } else { 0 });
        let names = self.names.iter().copied().chain(std::iter::repeat(None));
        cells.zip(names).filter_map(|(cell, name)| Some((name, self.undecodable(cell)?)))
    }
}

/// The separator that a first line `sep=;` names, as spreadsheets write and read it.
fn separator_line(text: &str) -> Option<u8> {
    let line = text.split(['\n', '\r']).next().unwrap_or_default();
    // A program that separates by another character has put it, or quotes, around.
    let (start, rest) = line.trim_start_matches('"').split_at_checked(4)?;
    let separator = rest.bytes().next().filter(|byte| b",;\t|".contains(byte))?;
    let ends = rest.get(1..)?.trim_matches(['"', ' ', ',', ';', '\t', '|']);
    (start.eq_ignore_ascii_case("sep=") && ends.is_empty()).then_some(separator)
}

/// The separator of cells: the one that the header has most of, outside quotes.
fn separator(text: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let (mut quoted, mut said) = (false, false);
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted && said => break,
            // Lines of separators alone may stand above the header.
            b'\r' | b'\n' if !quoted => counts.iter_mut().for_each(|(_, count)| *count = 0),
            _ if quoted => said = true,
            _ => match counts.iter_mut().find(|(separator, _)| *separator == byte) {
                Some((_, count)) => *count += 1,
                None => said |= byte != b' ',
            },
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(separator, _)| separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    static KNOWN: [Column; 3] = [
        Column { name: "sku", required: true },
        Column { name: "name", required: true },
        Column { name: "min_stock_level", required: false },
    ];

    fn file(text: &str) -> TableFile<'_> {
        TableFile::new(File::Bytes(text.as_bytes()), Format::default(), &KNOWN).unwrap()
    }

    /// The lines of a file's rows, and what is wrong with each as a whole.
    fn faults(text: &str) -> Vec<(u64, Option<Fault>)> {
        let mut table = file(text).read().unwrap();
        let (mut row, mut rows) = (Row::default(), Vec::new());
        while table.next(&mut row).unwrap() {
            rows.push((row.line, table.columns.fault_of(&row)));
        }
        rows
    }

    #[test]
    fn the_separator_is_what_the_header_has_most_of_outside_quotes() {
        for (header, found) in [
            ("a,b,c\n1;2;3;4;5", b','),
            ("a;b\n1,5;2", b';'),
            ("a\tb\tc", b'\t'),
            ("a|b", b'|'),
            ("\"a,b,c\";d", b';'),
            ("name", b','),
            ("\n,,,\na;b\n", b';'),
        ] {
            assert_eq!(separator(header), found, "{header}");
        }
    }

    #[test]
    fn a_first_line_may_name_the_separator() {
        for first in ["sep=;", "SEP=;", "\"sep=;\"", "sep=;;"] {
            let text = format!("{first}\r\nsku;name\r\nA;1,2,3\r\n");
            assert_eq!(faults(&text), [(3, None)], "{first}");
        }
        assert_eq!(separator_line("sep\nA\n"), None);
    }

    #[test]
    fn columns_and_cells_that_say_nothing_are_let_go() {
        for text in ["sku;name;;\nA;B;;\n", "sku;;name\nA;;B\n", "sku;name\nA;B;;\n", "sku;name;;\nA;B\n"] {
            assert_eq!(faults(text), [(2, None)], "{text}");
        }
        assert_eq!(faults(";;\nsku;name;\n;;\nA;B;\n ; ;\nC;D;\n"), [(4, None), (6, None)]);
        let of = |text: &str| faults(text)[0].1.clone();
        assert_eq!(of("sku;name;;\nA;B;;x\n"), Some(Fault::Unnamed("x".to_owned())));
        assert_eq!(of("sku;name\nA;B;;x\n"), Some(Fault::Cells { cells: 4, columns: 2 }));
        assert_eq!(of("sku;name\nA\n"), Some(Fault::Cells { cells: 1, columns: 2 }));
    }

    #[test]
    fn columns_are_known_by_the_words_of_people() {
        for header in [
            "Artikelnummer;Bezeichnung;Mindestbestand",
            " SKU ;NAME;Min-Stock Level",
            "Art.-Nr.;Name;minimum",
        ] {
            let table = file(header).read().unwrap();
            assert_eq!(table.columns.names(), [Some("sku"), Some("name"), Some("min_stock_level")]);
        }
        let why = |header| file(header).read().err().unwrap().to_string();
        assert!(why("sku;name;colour").contains("there is no column \"colour\""));
        assert!(why("sku;name;SKU").contains("twice"));
        assert!(why("sku;artikelnummer;name").contains("twice"));
        assert!(why("sku").contains("lacks the column name"));
        assert!(why("sku;\"name\nA;B\n").contains("line 1"));
    }
}

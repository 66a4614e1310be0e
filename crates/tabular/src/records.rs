//! Rows of cells (RFC 4180, with the separators and line ends of spreadsheets).
//!
//! A quote that is opened and not closed would make one cell of all rows behind it. So a quoted cell must end at a
//! separator or a line end; where it does not, or where its further lines are rows, the row is bad up to the end of its
//! first line, and reading goes on behind it: no row is lost in a cell.

use std::io::Read;

use memchr::{memchr, memchr2, memchr3};

use crate::text::Text;
use crate::{Fault, FileFault};

/// How long a row may be, in bytes. No row that an import takes is half as long.
pub const MOST_ROW: usize = 256 * 1024;

/// The cells of a row.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Cells {
    text: String,
    /// Where each cell ends in it.
    ends: Vec<usize>,
}

impl Cells {
    /// How many they are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// One of them.
    pub fn get(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)?;
        let start =
            place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        self.text.get(start..end)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|place| self.get(place))
    }

    /// Whether no cell says anything.
    pub(crate) fn are_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    pub(crate) fn contain(&self, character: char) -> bool {
        self.text.contains(character)
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    fn end(&mut self) {
        self.ends.push(self.text.len());
    }
}

/// One row.
#[derive(Debug, Default)]
pub struct Row {
    /// The line of the file that it begins in; the first is 1.
    pub line: u64,
    /// The cells.
    pub cells: Cells,
    /// Why what it says is not certain.
    pub(crate) fault: Option<Fault>,
}

/// The rows of a file, one after the other.
pub(crate) struct Records<R> {
    text: Text<R>,
    /// The text that is decoded, and where in it the next row begins.
    ahead: String,
    at: usize,
    /// The line of that row.
    line: u64,
    is_end: bool,
    pub separator: u8,
    /// How many cells the header has; 0 while it is being read.
    pub columns: usize,
}

/// The content of the text ahead.
enum Scan {
    /// A row of so many bytes and line ends.
    Row { bytes: usize, lines: u64 },
    /// The beginning of a row.
    Part { in_quotes: bool },
    /// A row whose quote is not closed.
    Unclosed,
}

impl<R: Read> Records<R> {
    pub(crate) fn new(text: Text<R>, separator: u8) -> Records<R> {
        Records { text, ahead: String::new(), at: 0, line: 1, is_end: false, separator, columns: 0 }
    }

    /// The text that is not read yet, some of which is decoded now.
    pub(crate) fn ahead(&mut self) -> Result<&str, FileFault> {
        if self.rest().is_empty() {
            self.more()?;
        }
        Ok(self.rest())
    }

    fn rest(&self) -> &str {
        self.ahead.get(self.at..).unwrap_or_default()
    }

    fn more(&mut self) -> Result<(), FileFault> {
        self.ahead.drain(..self.at);
        self.at = 0;
        let more = self.text.more(&mut self.ahead).map_err(|error| FileFault::Io(error.to_string()))?;
        self.is_end = !more;
        Ok(())
    }

    /// Reads over the line that begins here.
    pub(crate) fn skip_line(&mut self) -> Result<(), FileFault> {
        let mut skipped = Row::default();
        self.first_line(&mut skipped)
    }

    /// Reads the next row that says anything; says whether there was one.
    pub(crate) fn next(&mut self, row: &mut Row) -> Result<bool, FileFault> {
        while self.read(row)? {
            if row.fault.is_some() || !row.cells.are_blank() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn read(&mut self, row: &mut Row) -> Result<bool, FileFault> {
        (row.line, row.fault) = (self.line, None);
        loop {
            let rest = self.ahead.get(self.at..).unwrap_or_default();
            if rest.is_empty() && self.is_end {
                return Ok(false);
            }
            match scan(rest, self.separator, self.is_end, &mut row.cells) {
                Scan::Row { bytes, lines } => {
                    let raw = rest.get(..bytes).unwrap_or_default();
                    if lines > 1 && swallows_rows(raw, self.separator, self.columns) {
                        break;
                    }
                    self.at += bytes;
                    self.line += lines;
                    return Ok(true);
                }
                Scan::Unclosed => break,
                Scan::Part { in_quotes } if rest.len() > MOST_ROW => {
                    if in_quotes {
                        break;
                    }
                    return Err(FileFault::TooLong(self.line));
                }
                Scan::Part { .. } => self.more()?,
            }
        }
        row.fault = Some(Fault::Quote);
        self.first_line(row)?;
        Ok(true)
    }

    /// Reads the line that begins here, whatever its quotes.
    fn first_line(&mut self, row: &mut Row) -> Result<(), FileFault> {
        loop {
            let rest = self.ahead.get(self.at..).unwrap_or_default();
            let bytes = rest.as_bytes();
            let place = memchr2(b'\n', b'\r', bytes);
            let end = place.unwrap_or(bytes.len());
            let behind = end + line_end(bytes.get(end..).unwrap_or_default());
            // A carriage return may have a line feed behind it that is not decoded yet.
            if !self.is_end && behind >= bytes.len() {
                if bytes.len() > MOST_ROW {
                    return Err(FileFault::TooLong(self.line));
                }
                self.more()?;
                continue;
            }
            row.cells.clear();
            for cell in rest.get(..end).unwrap_or_default().split(char::from(self.separator)) {
                row.cells.text.push_str(cell);
                row.cells.end();
            }
            self.at += behind;
            self.line += u64::from(place.is_some());
            return Ok(());
        }
    }
}

/// How long the line end is that stands here.
fn line_end(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// Reads one row into `cells`.
fn scan(text: &str, separator: u8, is_end: bool, cells: &mut Cells) -> Scan {
    cells.clear();
    let bytes = text.as_bytes();
    let behind = |place: usize| bytes.get(place..).unwrap_or_default();
    let (mut at, mut lines) = (0, 0);
    loop {
        if bytes.get(at) == Some(&b'"') {
            let start = at + 1;
            match quoted(text, start, is_end, cells) {
                Ok(end) => at = end,
                Err(scan) => return scan,
            }
            lines += line_ends(bytes.get(start..at).unwrap_or_default());
            // Blanks behind the quote say nothing.
            at += behind(at).iter().take_while(|byte| **byte == b' ').count();
            match bytes.get(at) {
                Some(byte) if *byte == separator || matches!(byte, b'\r' | b'\n') => {}
                Some(_) => return Scan::Unclosed,
                None if is_end => {}
                None => return Scan::Part { in_quotes: false },
            }
        } else {
            let length = match memchr3(separator, b'\n', b'\r', behind(at)) {
                Some(length) => length,
                None if is_end => behind(at).len(),
                None => return Scan::Part { in_quotes: false },
            };
            cells.text.push_str(text.get(at..at + length).unwrap_or_default());
            at += length;
        }
        cells.end();
        match behind(at) {
            [byte, ..] if *byte == separator => at += 1,
            [b'\r'] if !is_end => return Scan::Part { in_quotes: false },
            rest => {
                let end = line_end(rest);
                return Scan::Row { bytes: at + end, lines: lines + u64::from(end > 0) };
            }
        }
    }
}

/// Reads the rest of a quoted cell; gives where it ends, behind the closing quote.
fn quoted(text: &str, start: usize, is_end: bool, cells: &mut Cells) -> Result<usize, Scan> {
    let bytes = text.as_bytes();
    let (mut from, mut at) = (start, start);
    loop {
        let Some(length) = memchr(b'"', bytes.get(at..).unwrap_or_default()) else {
            return Err(if is_end { Scan::Unclosed } else { Scan::Part { in_quotes: true } });
        };
        let quote = at + length;
        match bytes.get(quote + 1) {
            Some(b'"') => {
                cells.text.push_str(text.get(from..=quote).unwrap_or_default());
                (from, at) = (quote + 2, quote + 2);
            }
            None if !is_end => return Err(Scan::Part { in_quotes: true }),
            _ => {
                cells.text.push_str(text.get(from..quote).unwrap_or_default());
                return Ok(quote + 1);
            }
        }
    }
}

fn line_ends(bytes: &[u8]) -> u64 {
    let (mut rest, mut lines) = (bytes, 0);
    while let Some(place) = memchr2(b'\n', b'\r', rest) {
        let end = rest.get(place..).unwrap_or_default();
        rest = end.get(line_end(end)..).unwrap_or_default();
        lines += 1;
    }
    lines
}

/// Whether a row of several lines is several rows: each of its lines has the cells of a row. Text of several lines has
/// blanks behind its commas, numbers around them, or another number of them.
fn swallows_rows(raw: &str, separator: u8, columns: usize) -> bool {
    if columns < 3 {
        return false;
    }
    let mut lines = raw.split(['\n', '\r']).filter(|line| !line.is_empty());
    let cells = |line: &str| line.bytes().filter(|byte| *byte == separator).count() + 1;
    let is_row = |line: &str| cells(line) == columns && !is_prose(line, separator);
    lines.next().is_some_and(|first| cells(first) >= columns) && lines.all(is_row)
}

/// Whether a separator in it is punctuation.
fn is_prose(line: &str, separator: u8) -> bool {
    line.as_bytes().windows(3).any(|bytes| match bytes {
        [before, middle, after] if *middle == separator => {
            *after == b' ' || separator == b',' && before.is_ascii_digit() && after.is_ascii_digit()
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Encoding;

    /// The rows of a file of three columns: line, cells, whether its quotes are right.
    fn rows(file: &str) -> Vec<(u64, Vec<String>, bool)> {
        let mut records = Records::new(Text::new(file.as_bytes(), Encoding::UTF_8), b',');
        records.columns = 3;
        let (mut row, mut rows) = (Row::default(), Vec::new());
        while records.next(&mut row).unwrap() {
            rows.push((row.line, row.cells.iter().map(str::to_owned).collect(), row.fault.is_none()));
        }
        rows
    }

    fn lines(file: &str) -> Vec<(u64, bool)> {
        rows(file).into_iter().map(|(line, _, is_right)| (line, is_right)).collect()
    }

    #[test]
    fn cells_are_read_with_their_quotes_line_ends_and_separators() {
        let read = rows("a,\"b, \"\"c\"\"\r\nd\" ,5\" pipe\r\n , ,\n\n\"\",x,\"y\"");
        let texts: Vec<Vec<&str>> =
            read.iter().map(|(_, cells, _)| cells.iter().map(String::as_str).collect()).collect();
        assert_eq!(texts, [vec!["a", "b, \"c\"\r\nd", "5\" pipe"], vec!["", "x", "y"]]);
        assert_eq!((read[0].0, read[1].0), (1, 5));
    }

    #[test]
    fn a_row_has_the_line_that_it_begins_in_whatever_ends_lines() {
        for end in ["\n", "\r\n", "\r"] {
            let file = format!("h,h,h{end}a,b,\"one{end}two{end}{end}four\"{end}{end}c,d,e{end}f,g,h");
            assert_eq!(lines(&file), [(1, true), (2, true), (7, true), (8, true)], "{end:?}");
        }
        assert_eq!(lines("h,h,h\r\na,b,\"one\ntwo\"\r\nc,d,e\r\n"), [(1, true), (2, true), (4, true)]);
    }

    #[test]
    fn a_quote_that_is_not_closed_costs_its_own_line_alone() {
        for file in [
            "a,b,\"24 inch, wide\nc,d,e\nf,g,h\n",
            "a,b,\"24 inch, wide\nc,d,\"e\"\nf,g,h\n",
            "a,b,\"24 inch\nc,d,27\"\nf,g,h\n",
            "a,\"b,c\nc,d,27\"\nf,g,h\n",
            "a,b,\"24\" monitor\nc,d,e\nf,g,h\n",
        ] {
            assert_eq!(lines(file), [(1, false), (2, true), (3, true)], "{file}");
        }
    }

    #[test]
    fn text_of_several_lines_is_one_cell_whatever_its_commas() {
        for text in
            ["one\ntwo", "one, two\nthree, four, five", "Maße\n10,5x20,3 cm", "a,b\nc", "one,two\n\nx"]
        {
            assert_eq!(lines(&format!("a,b,\"{text}\"\n")), [(1, true)], "{text}");
        }
    }

    #[test]
    fn a_quote_that_is_not_closed_holds_no_more_than_a_row_in_memory() {
        let file = format!("a,b,\"c\n{}", "d,e,f\n".repeat(MOST_ROW / 3));
        let read = lines(&file);
        assert_eq!((read[0], read[1], read.len()), ((1, false), (2, true), MOST_ROW / 3 + 1));
        let endless = vec![b'x'; 2 * MOST_ROW];
        let mut records = Records::new(Text::new(&*endless, Encoding::UTF_8), b',');
        assert_eq!(records.next(&mut Row::default()), Err(FileFault::TooLong(1)));
    }
}

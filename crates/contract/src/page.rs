//! Keyset pages: a limit and an opaque cursor.

use std::fmt;

use jiff::Timestamp;

/// How many rows a page has when the client does not say.
pub const DEFAULT_LIMIT: u16 = 50;
/// The most rows a page may have.
pub const MAX_LIMIT: u16 = 500;

/// Where the last page ended: the sort key of its last row, of one or two integers. Opaque to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The first part of the sort key.
    pub first: i64,
    /// The second part; 0 where the key has one part.
    pub second: i64,
}

impl Cursor {
    /// A cursor of a one-part key.
    pub const fn of(first: i64) -> Cursor {
        Cursor { first, second: 0 }
    }

    /// A cursor of a list by time.
    pub fn at(time: Timestamp, id: i64) -> Cursor {
        Cursor { first: time.as_microsecond(), second: id }
    }

    /// The time of a cursor of a list by time; none where it cannot be one.
    pub fn time(self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.first).ok()
    }

    /// Reads what [`Display`](fmt::Display) wrote.
    pub fn parse(text: &str) -> Option<Cursor> {
        let (first, second) = text.strip_prefix('c')?.split_once('-')?;
        let part = |digits: &str| {
            let hex = (1..=16).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
            hex.then(|| u64::from_str_radix(digits, 16).ok()).flatten().map(u64::cast_signed)
        };
        Some(Cursor { first: part(first)?, second: part(second)? })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{:x}-{:x}", self.first.cast_unsigned(), self.second.cast_unsigned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was_written() {
        for cursor in [Cursor::of(0), Cursor::of(i64::MAX), Cursor { first: -1, second: 77 }] {
            assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in ["", "c", "c1", "1-2", "cx-y", "c1-2-3", "c11111111111111111-0", "c+1-0", "c1-é"] {
            assert_eq!(Cursor::parse(text), None, "{text}");
        }
    }
}

//! Cells of files for spreadsheets, which no spreadsheet takes for a formula.
//!
//! A program that separates cells by another character than ours begins cells where we have none: `a;=1+1` is one cell
//! of ours, and two where `;` separates. So each piece of a text between two separators of any program counts as a cell.

use std::borrow::Cow;

use crate::text::shows_nothing;

/// What makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection"), also as East Asian keyboards write it.
const STARTS_FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// What some program begins a new cell or row after, besides the comma, for which the whole text is in quotes.
const SEPARATORS: [char; 5] = [';', '\t', '|', '\r', '\n'];
/// Goes before what would start a formula.
const GUARD: char = '\'';

/// Stands first in a file of text for spreadsheets, which without it take UTF-8 for an older encoding.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Text that a spreadsheet shows as it is: an apostrophe goes before what would start a formula.
pub fn guarded(text: &str) -> Cow<'_, str> {
    let needs_guard = |rest: &str| rest.starts_with(STARTS_FORMULA) || rest.starts_with(GUARD);
    let places: Vec<usize> =
        starts(text).filter(|place| text.get(*place..).is_some_and(needs_guard)).collect();
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() + places.len());
    let mut from = 0;
    for place in places {
        written.push_str(text.get(from..place).unwrap_or_default());
        written.push(GUARD);
        from = place;
    }
    written.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(written)
}

/// The text that [`guarded`] was given. Other apostrophes stay.
pub fn unguarded(text: &str) -> Cow<'_, str> {
    let is_guard = |rest: &str| {
        let guards = rest.strip_prefix(GUARD);
        guards.is_some_and(|rest| rest.starts_with(STARTS_FORMULA) || rest.starts_with(GUARD))
    };
    let places: Vec<usize> = starts(text).filter(|place| text.get(*place..).is_some_and(is_guard)).collect();
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut read = String::with_capacity(text.len());
    let mut from = 0;
    for place in places {
        read.push_str(text.get(from..place).unwrap_or_default());
        from = place + GUARD.len_utf8();
    }
    read.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(read)
}

/// Where each piece begins, behind what programs pass over there: blanks, quotes, and characters that show nothing.
fn starts(text: &str) -> impl Iterator<Item = usize> {
    let mut beginning = true;
    text.char_indices().filter_map(move |(place, character)| {
        if SEPARATORS.contains(&character) {
            beginning = true;
            return None;
        }
        let passed_over =
            character.is_whitespace() || matches!(character, '"' | '\0') || shows_nothing(character);
        (beginning && !passed_over).then(|| {
            beginning = false;
            place
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_start_a_formula_gets_an_apostrophe_whatever_separates_cells() {
        for (text, written) in [
            ("", ""),
            ("plain", "plain"),
            ("a=b", "a=b"),
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-5", "'-5"),
            ("@sum", "'@sum"),
            ("＝1+1", "'＝1+1"),
            ("a;=1+1;b", "a;'=1+1;b"),
            ("a\t=1", "a\t'=1"),
            ("a|@b|-c", "a|'@b|'-c"),
            ("one\n=1\r\n+2\r-3", "one\n'=1\r\n'+2\r'-3"),
            ("a; \"=1\"", "a; \"'=1\""),
            ("\u{feff}=1", "\u{feff}'=1"),
            ("\u{a0}=1", "\u{a0}'=1"),
            ("'quoted", "''quoted"),
            ("'=x", "''=x"),
            ("it's; 'so'", "it's; ''so'"),
            ("a, -b", "a, -b"),
        ] {
            assert_eq!(guarded(text), written);
            assert_eq!(unguarded(written), text);
        }
    }

    #[test]
    fn apostrophes_that_guard_nothing_stay() {
        for text in ["'t Hooft", "a;'b", "'", "=1", "a;=1"] {
            assert_eq!(unguarded(text), text);
        }
    }
}

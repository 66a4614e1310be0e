//! Numbers as people and spreadsheets write them.

use std::borrow::Cow;

use domain::{Quantity, QuantityError};

use crate::NumberFault;

/// The mark before the decimal places of numbers. The other mark stands before thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decimal {
    /// 1,234.5
    Point,
    /// 1.234,5
    Comma,
}

impl Decimal {
    fn mark(self) -> char {
        match self {
            Decimal::Point => '.',
            Decimal::Comma => ',',
        }
    }

    fn other(self) -> Decimal {
        match self {
            Decimal::Point => Decimal::Comma,
            Decimal::Comma => Decimal::Point,
        }
    }
}

/// Knowledge of the marks in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// A point before decimal places and nothing before thousands, as this program writes.
    Plain,
    /// This mark before decimal places, the other one before thousands: somebody said so.
    Told(Decimal),
    /// Somebody types on a page whose numbers have this mark. The other mark is read where it can be nothing else.
    Typed(Decimal),
    /// Nothing: a number is read where it can be one number alone.
    Unknown,
}

/// The quantity that a text says.
///
/// # Errors
/// [`NumberFault`] where it says none, or could say two.
pub fn number(text: &str, marks: Marks) -> Result<Quantity, NumberFault> {
    let text = text.trim();
    let written: Cow<'_, str> = match text.strip_prefix('\u{2212}') {
        Some(digits) => format!("-{digits}").into(),
        None => text.into(),
    };
    let text = written.as_ref();
    if marks == Marks::Plain {
        return if text.contains(',') { Err(NumberFault::Mark) } else { Ok(text.parse()?) };
    }
    let shape = Shape::of(text);
    let decimal = match (marks, shape) {
        (_, Shape::Plain) => Decimal::Point,
        (Marks::Told(decimal), _) | (_, Shape::Certain(decimal)) => decimal,
        (Marks::Typed(own), Shape::Either(mark)) if own == mark => own,
        (Marks::Plain | Marks::Typed(_) | Marks::Unknown, Shape::Either(_)) => {
            return Err(NumberFault::Ambiguous);
        }
        (_, Shape::Neither) => return Err(QuantityError::NotANumber.into()),
    };
    let plain = without_groups(text, decimal).ok_or(QuantityError::NotANumber)?;
    Ok(plain.parse()?)
}

/// The possible meanings of the marks in a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// It has none.
    Plain,
    /// This one stands before decimal places.
    Certain(Decimal),
    /// This one, its only mark, may stand before decimal places or before thousands.
    Either(Decimal),
    /// No reading makes sense.
    Neither,
}

impl Shape {
    fn of(text: &str) -> Shape {
        let count = |decimal: Decimal| text.matches(decimal.mark()).count();
        match (count(Decimal::Point), count(Decimal::Comma)) {
            (0, 0) => Shape::Plain,
            (1, 0) => Shape::of_one(text, Decimal::Point),
            (0, 1) => Shape::of_one(text, Decimal::Comma),
            // More than one of a kind: they stand before thousands.
            (_, 0) => Shape::Certain(Decimal::Comma),
            (0, _) => Shape::Certain(Decimal::Point),
            // Of both kinds: the last one stands before decimal places.
            (points, commas) => {
                let last = text.rfind(['.', ',']).and_then(|place| text.get(place..));
                match last.is_some_and(|rest| rest.starts_with('.')) {
                    true if points == 1 => Shape::Certain(Decimal::Point),
                    false if commas == 1 => Shape::Certain(Decimal::Comma),
                    _ => Shape::Neither,
                }
            }
        }
    }

    /// One mark: thousands have one to three digits before it, the first not zero, and three behind it.
    fn of_one(text: &str, mark: Decimal) -> Shape {
        let (whole, rest) = text.split_once(mark.mark()).unwrap_or((text, ""));
        let whole = whole.trim_start_matches('-');
        let thousands = is_digits(rest) && rest.len() == 3 && is_digits(whole) && whole.len() <= 3;
        // Blanks or apostrophes before thousands leave one meaning to the mark.
        if thousands && !whole.starts_with('0') { Shape::Either(mark) } else { Shape::Certain(mark) }
    }
}

/// Whether a text is of ASCII digits alone, at least one.
pub(crate) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a character may stand before thousands besides the other mark.
fn is_gap(character: char) -> bool {
    matches!(character, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\'' | '’')
}

/// The number with a point and without marks before thousands; `None` where those do not stand before three digits each.
fn without_groups(text: &str, decimal: Decimal) -> Option<String> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) = match digits.split_once(decimal.mark()) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let is_mark = |character| character == decimal.other().mark() || is_gap(character);
    if let Some(mark) = whole.chars().find(|character| is_mark(*character)) {
        let mut groups = whole.split(mark);
        let first = groups.next().unwrap_or_default();
        let grouped =
            is_digits(first) && first.len() <= 3 && groups.all(|group| is_digits(group) && group.len() == 3);
        if !grouped {
            return None;
        }
    }
    let whole: String = whole.chars().filter(|character| !is_mark(*character)).collect();
    Some(match fraction {
        Some(fraction) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{whole}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, marks: Marks) -> Result<String, NumberFault> {
        number(text, marks).map(|quantity| quantity.to_string())
    }

    #[test]
    fn a_number_is_read_where_it_can_be_one_number_alone() {
        for (text, says) in [
            ("12", "12"),
            ("2,5", "2.5"),
            ("2.5", "2.5"),
            ("0,125", "0.125"),
            ("0.125", "0.125"),
            ("-2,50", "-2.5"),
            ("\u{2212}7", "-7"),
            ("1234.567", "1234.567"),
            ("1.800,5", "1800.5"),
            ("1,800.5", "1800.5"),
            ("1.800.000", "1800000"),
            ("1,800,000", "1800000"),
            ("1 800", "1800"),
            ("1\u{202f}800,5", "1800.5"),
            ("1'800.25", "1800.25"),
        ] {
            assert_eq!(read(text, Marks::Unknown).as_deref(), Ok(says), "{text}");
        }
    }

    #[test]
    fn a_number_that_could_be_two_is_asked_about() {
        for text in ["1.800", "1,800", "-12.345", "999,999"] {
            assert_eq!(read(text, Marks::Unknown), Err(NumberFault::Ambiguous), "{text}");
        }
        assert_eq!(read("1.800", Marks::Told(Decimal::Comma)).as_deref(), Ok("1800"));
        assert_eq!(read("1.800", Marks::Told(Decimal::Point)).as_deref(), Ok("1.8"));
        assert_eq!(read("1,800", Marks::Told(Decimal::Comma)).as_deref(), Ok("1.8"));
        assert_eq!(read("1,800", Marks::Told(Decimal::Point)).as_deref(), Ok("1800"));
    }

    #[test]
    fn what_is_typed_on_a_page_is_read_by_the_pages_mark_and_never_as_another_number() {
        for own in [Decimal::Point, Decimal::Comma] {
            let other = own.other();
            let with = |decimal: Decimal, text: &str| {
                read(&text.replace('#', &decimal.mark().to_string()), Marks::Typed(own))
            };
            assert_eq!(with(own, "1#125").as_deref(), Ok("1.125"));
            assert_eq!(with(own, "2#5").as_deref(), Ok("2.5"));
            assert_eq!(with(other, "2#5").as_deref(), Ok("2.5"));
            assert_eq!(with(other, "1#000"), Err(NumberFault::Ambiguous));
        }
    }

    #[test]
    fn marks_that_stand_nowhere_sensible_make_no_number() {
        for text in ["1.80,0.5", "1,2,3", "1.2.3,4", "12 34", "1 800 5", ",", ".", "1'8", "1.800,", "x", ""] {
            for marks in [Marks::Unknown, Marks::Told(Decimal::Point), Marks::Told(Decimal::Comma)] {
                assert!(read(text, marks).is_err(), "{text} {marks:?}");
            }
        }
        assert_eq!(read("2,5", Marks::Plain), Err(NumberFault::Mark));
        assert_eq!(read("1.800", Marks::Plain).as_deref(), Ok("1.8"));
    }
}

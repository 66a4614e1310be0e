//! Exact decimal quantities with at most three decimal places.

use std::fmt;
use std::ops::Neg;
use std::str::FromStr;

use thiserror::Error;

/// How many thousandths make one unit.
const SCALE: i64 = 1_000;

/// A quantity of an item, in the item's unit, held as whole thousandths. Never a binary float.
///
/// Its range is that of `numeric(15,3)`: ±999 999 999 999.999.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i64);

/// Why a text or a sum is not a [`Quantity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum QuantityError {
    /// Not a decimal number at all.
    #[error("is not a decimal number")]
    NotANumber,
    /// More decimal places than a quantity can hold.
    #[error("has more than 3 decimal places")]
    TooPrecise,
    /// Outside ±999 999 999 999.999.
    #[error("is outside the range of ±999999999999.999")]
    OutOfRange,
}

impl Quantity {
    /// Nothing.
    pub const ZERO: Quantity = Quantity(0);
    /// The largest quantity.
    pub const MAX: Quantity = Quantity(999_999_999_999_999);
    /// The smallest (most negative) quantity.
    pub const MIN: Quantity = Quantity(-999_999_999_999_999);
    /// The most decimal places an item may allow.
    pub const MAX_DECIMAL_PLACES: u8 = 3;

    /// A quantity of `thousandths` of a unit; `None` outside the range.
    pub const fn from_thousandths(thousandths: i64) -> Option<Quantity> {
        if thousandths > Quantity::MAX.0 || thousandths < Quantity::MIN.0 {
            None
        } else {
            Some(Quantity(thousandths))
        }
    }

    /// A whole number of units.
    pub const fn units(units: i32) -> Quantity {
        // Cannot leave the range: an i32 times 1 000 stays below 10^13.
        Quantity(units as i64 * SCALE)
    }

    /// The quantity in thousandths of a unit.
    pub const fn thousandths(self) -> i64 {
        self.0
    }

    /// The quantity in units; `None` where it has decimal places.
    pub const fn whole(self) -> Option<i64> {
        if self.0 % SCALE == 0 { Some(self.0 / SCALE) } else { None }
    }

    /// The sum; `None` outside the range.
    #[must_use]
    pub const fn checked_add(self, other: Quantity) -> Option<Quantity> {
        // Both are below 10^15, so the i64 sum cannot overflow.
        Quantity::from_thousandths(self.0 + other.0)
    }

    /// The difference; `None` outside the range.
    #[must_use]
    pub const fn checked_sub(self, other: Quantity) -> Option<Quantity> {
        Quantity::from_thousandths(self.0 - other.0)
    }

    /// The difference; outside the range, the end of the range that it would pass.
    #[must_use]
    pub const fn saturating_sub(self, other: Quantity) -> Quantity {
        match self.checked_sub(other) {
            Some(difference) => difference,
            None if self.0 < other.0 => Quantity::MIN,
            None => Quantity::MAX,
        }
    }

    /// Less than zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// More than zero.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Exactly zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// How many decimal places the value needs: 0 for 2, 1 for 2.5, 3 for 0.125.
    pub const fn decimal_places(self) -> u8 {
        if self.0 % SCALE == 0 {
            0
        } else if self.0 % 100 == 0 {
            1
        } else if self.0 % 10 == 0 {
            2
        } else {
            3
        }
    }
}

impl Neg for Quantity {
    type Output = Quantity;
    fn neg(self) -> Quantity {
        Quantity(-self.0)
    }
}

impl fmt::Display for Quantity {
    /// The shortest exact form: `12`, `-0.5`, `3.125`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) = (self.0.abs() / SCALE, self.0.abs() % SCALE);
        match self.decimal_places() {
            0 => write!(f, "{sign}{whole}"),
            1 => write!(f, "{sign}{whole}.{}", fraction / 100),
            2 => write!(f, "{sign}{whole}.{:02}", fraction / 10),
            _ => write!(f, "{sign}{whole}.{fraction:03}"),
        }
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    /// Reads a decimal number as JSON writes one: an optional sign, digits, an optional fraction, an optional
    /// exponent. Zeros that say nothing (`1.5000`) are allowed; a fourth decimal place that says something is not.
    fn from_str(text: &str) -> Result<Quantity, QuantityError> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let only_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !only_digits(whole) || !only_digits(fraction) || digits.ends_with('.') {
            return Err(QuantityError::NotANumber);
        }
        let thousandths = scale_digits(whole, fraction, exponent)?;
        Quantity::from_thousandths(if negative { -thousandths } else { thousandths })
            .ok_or(QuantityError::OutOfRange)
    }
}

/// Exponents of more than three digits can only mean zero or something out of range; they are cut to ±999.
fn parse_exponent(text: &str) -> Result<i32, QuantityError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(QuantityError::NotANumber);
    }
    let magnitude = match digits.trim_start_matches('0') {
        "" => 0,
        digits => digits.parse::<i32>().map_or(999, |magnitude| magnitude.min(999)),
    };
    Ok(if text.starts_with('-') { -magnitude } else { magnitude })
}

/// `whole.fraction × 10^exponent`, in thousandths.
fn scale_digits(whole: &str, fraction: &str, exponent: i32) -> Result<i64, QuantityError> {
    let digits = || whole.bytes().chain(fraction.bytes());
    let significant = digits().filter(|b| *b != b'0').count();
    if significant == 0 {
        return Ok(0);
    }
    // The digit at index i stands for 10^(point - 1 - i) units, so 10^(point + 2 - i) thousandths.
    let point = i64::try_from(whole.len()).map_err(|_| QuantityError::OutOfRange)? + i64::from(exponent);
    let mut value: i64 = 0;
    for (index, digit) in digits().enumerate() {
        let digit = i64::from(digit - b'0');
        if digit == 0 {
            continue;
        }
        let index = i64::try_from(index).map_err(|_| QuantityError::OutOfRange)?;
        let power = point + 2 - index;
        if power < 0 {
            return Err(QuantityError::TooPrecise);
        }
        let power = u32::try_from(power).map_err(|_| QuantityError::OutOfRange)?;
        let part = 10_i64.checked_pow(power).and_then(|p| p.checked_mul(digit));
        value = part.and_then(|p| value.checked_add(p)).ok_or(QuantityError::OutOfRange)?;
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, QuantityError> {
        text.parse::<Quantity>().map(|q| q.to_string())
    }

    #[test]
    fn a_number_is_read_and_written_exactly() {
        for (text, written) in [
            ("0", "0"),
            ("-0", "0"),
            ("12", "12"),
            ("+3", "3"),
            ("0.1", "0.1"),
            ("-0.5", "-0.5"),
            ("1.25", "1.25"),
            ("3.125", "3.125"),
            ("0.001", "0.001"),
            ("1.5000", "1.5"),
            ("1e2", "100"),
            ("1.5E+1", "15"),
            ("25e-1", "2.5"),
            ("0e99999", "0"),
            ("999999999999.999", "999999999999.999"),
            ("-999999999999.999", "-999999999999.999"),
        ] {
            assert_eq!(parse(text), Ok(written.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_quantity_is_refused_with_its_reason() {
        for text in
            ["", "-", ".", ".5", "1.", "1,5", "abc", "0x10", "1e", "1e+", "NaN", "--1", " 1", "1 ", "١"]
        {
            assert_eq!(parse(text), Err(QuantityError::NotANumber), "{text:?}");
        }
        for text in ["0.0001", "1.0005", "1e-4", "0.1234", "1.0000000000000001"] {
            assert_eq!(parse(text), Err(QuantityError::TooPrecise), "{text:?}");
        }
        for text in ["1000000000000", "-1000000000000", "1e12", "1e999999999999", "99999999999999999999999"] {
            assert_eq!(parse(text), Err(QuantityError::OutOfRange), "{text:?}");
        }
    }

    #[test]
    fn decimal_places_are_those_the_value_needs() {
        for (text, places) in [("7", 0), ("7.5", 1), ("7.25", 2), ("7.125", 3), ("-0.01", 2)] {
            assert_eq!(text.parse::<Quantity>().unwrap().decimal_places(), places, "{text}");
        }
    }

    #[test]
    fn sums_beyond_the_range_are_none() {
        assert_eq!(Quantity::MAX.checked_add(Quantity::units(1)), None);
        assert_eq!(Quantity::MIN.checked_sub(Quantity::units(1)), None);
        assert_eq!(Quantity::units(2).checked_sub(Quantity::units(5)), Some(Quantity::units(-3)));
    }

    #[test]
    fn a_saturated_difference_stops_at_the_ends_of_the_range() {
        assert_eq!(Quantity::MAX.saturating_sub(Quantity::MIN), Quantity::MAX);
        assert_eq!(Quantity::MIN.saturating_sub(Quantity::units(1)), Quantity::MIN);
        assert_eq!(Quantity::units(2).saturating_sub(Quantity::units(5)), Quantity::units(-3));
    }
}

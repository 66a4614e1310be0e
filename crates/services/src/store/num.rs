//! Quantities as PostgreSQL's `numeric`, read and written in its binary form.
//!
//! That form is a header of four 16-bit integers (how many digits follow, the power of 10,000 of the first digit, the
//! sign, the decimal places to show) and then digits to the base 10,000, as `numeric_send` in PostgreSQL's `numeric.c`
//! writes them. A page of 500 levels holds 1,500 quantities, so they are not taken through a general decimal type.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use domain::Quantity;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

/// The base of the digits.
const BASE: i64 = 10_000;
const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
/// The most whole digits that a quantity needs: its whole part stays below 10¹².
const WHOLE_DIGITS: usize = 3;

/// A quantity on its way to or from a `numeric(15,3)` column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Num(pub Quantity);

impl ToSql for Num {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let thousandths = self.0.thousandths();
        let (mut whole, fraction) = (thousandths.abs() / 1_000, thousandths.abs() % 1_000);
        // One digit after the point holds four decimal places, of which quantities have three.
        let mut digits = [0; WHOLE_DIGITS + 1];
        digits[WHOLE_DIGITS] = fraction * 10;
        for digit in digits.iter_mut().take(WHOLE_DIGITS).rev() {
            *digit = whole % BASE;
            whole /= BASE;
        }
        out.put_u16(4);
        out.put_i16(2);
        out.put_u16(if thousandths < 0 { NEGATIVE } else { POSITIVE });
        out.put_u16(3);
        for digit in digits {
            out.put_i16(i16::try_from(digit)?);
        }
        Ok(IsNull::No)
    }

    accepts!(NUMERIC);
    to_sql_checked!();
}

impl FromSql<'_> for Num {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Num, Box<dyn Error + Sync + Send>> {
        read(raw).map(Num).ok_or_else(|| "a stored quantity is out of range".into())
    }

    accepts!(NUMERIC);
}

/// The quantity that `raw` holds; `None` when it is no number, or one that a quantity cannot be.
fn read(raw: &[u8]) -> Option<Quantity> {
    let mut integers = raw.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let (count, weight, sign, _) =
        (integers.next()?, integers.next()?.cast_signed(), integers.next()?, integers.next()?);
    let mut thousandths: i64 = 0;
    let mut power = i32::from(weight);
    for digit in integers.by_ref().take(usize::from(count)) {
        let digit = i64::from(digit);
        let part = match power {
            0.. => digit.checked_mul(BASE.checked_pow(power.unsigned_abs())?)?.checked_mul(1_000)?,
            -1 if digit % 10 == 0 => digit / 10,
            _ if digit == 0 => 0,
            _ => return None,
        };
        thousandths = thousandths.checked_add(part)?;
        power -= 1;
    }
    match sign {
        POSITIVE => Quantity::from_thousandths(thousandths),
        NEGATIVE => Quantity::from_thousandths(-thousandths),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(quantity: Quantity) -> Vec<u8> {
        let mut out = BytesMut::new();
        let _ = Num(quantity).to_sql(&Type::NUMERIC, &mut out).unwrap();
        out.to_vec()
    }

    #[test]
    fn what_is_written_is_read_again() {
        for thousandths in [0, 1, -1, 10, 999, 1_000, -12_340, 99_999_999, 123_456_789_012_345] {
            let quantity = Quantity::from_thousandths(thousandths).unwrap();
            assert_eq!(read(&written(quantity)), Some(quantity), "{thousandths}");
        }
        for quantity in [Quantity::MIN, Quantity::MAX] {
            assert_eq!(read(&written(quantity)), Some(quantity));
        }
    }

    #[test]
    fn what_postgresql_sends_is_read() {
        let raw = |numbers: &[u16]| numbers.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
        let quantity = |text: &str| Some(text.parse::<Quantity>().unwrap());
        // Digits that are zero are not sent: 0, 20000, 0.05, -1.5.
        assert_eq!(read(&raw(&[0, 0, 0, 3])), quantity("0"));
        assert_eq!(read(&raw(&[1, 1, 0, 3, 2])), quantity("20000"));
        assert_eq!(read(&raw(&[1, u16::MAX, 0, 3, 500])), quantity("0.05"));
        assert_eq!(read(&raw(&[2, 0, NEGATIVE, 3, 1, 5_000])), quantity("-1.5"));
    }

    #[test]
    fn what_no_quantity_can_be_is_refused() {
        let raw = |numbers: &[u16]| numbers.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
        let nan = raw(&[0, 0, 0xC000, 0]);
        let ten_thousandth = raw(&[1, u16::MAX, 0, 4, 1]);
        let too_large = raw(&[1, 3, 0, 0, 1]);
        let cut_off = [0, 1, 0];
        for raw in [&nan[..], &ten_thousandth, &too_large, &cut_off] {
            assert_eq!(read(raw), None, "{raw:?}");
        }
    }
}

//! Codes for scanners, as dark and light modules.

use barcoders::sym::code128::Code128;
use barcoders::sym::ean8::EAN8;
use barcoders::sym::ean13::EAN13;
use domain::gtin;
use qrcodegen::{QrCode, QrCodeEcc};

/// A code of bars.
#[derive(Debug)]
pub(crate) struct Bars {
    /// Dark or light, from the first bar to the last.
    pub modules: Vec<bool>,
    /// How many light modules a reader wants before it and behind it.
    pub quiet: (usize, usize),
}

/// The bars for a code: EAN-13, UPC-A or EAN-8 for digits that are one, else Code 128. None for a code that bars cannot
/// say.
pub(crate) fn bars(code: &str) -> Option<Bars> {
    let is_one = gtin::is_right(code);
    // ISO/IEC 15420. UPC-A is EAN-13 with a leading zero.
    let (modules, quiet) = match code.len() {
        13 if is_one => (EAN13::new(code).ok()?.encode(), (11, 7)),
        12 if is_one => (EAN13::new(format!("0{code}")).ok()?.encode(), (11, 9)),
        8 if is_one => (EAN8::new(code).ok()?.encode(), (7, 7)),
        // ISO/IEC 15417. The encoder takes some letters beyond ASCII for commands.
        _ if !code.is_empty() && code.bytes().all(|byte| matches!(byte, b' '..=b'~')) => {
            (Code128::new(in_sets(code)).ok()?.encode(), (10, 10))
        }
        _ => return None,
    };
    Some(Bars { modules: modules.into_iter().map(|module| module == 1).collect(), quiet })
}

impl Bars {
    /// How many modules it is wide with its quiet zones.
    pub(crate) fn width(&self) -> usize {
        self.quiet.0 + self.modules.len() + self.quiet.1
    }
}

/// A code with the encoder's commands for character sets: pairs of digits in set C, which takes one symbol for both, where
/// changing the set costs less than it gains; all else in set B, which has ASCII's letters of both cases.
fn in_sets(code: &str) -> String {
    const SET_B: char = '\u{181}';
    const SET_C: char = '\u{106}';
    let mut in_sets = String::new();
    let mut set = None;
    let mut rest = code;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (is_first, is_last) = (set.is_none(), digits == rest.len());
        let least = match (is_first, is_last) {
            (true, true) => 2,
            (true, false) | (false, true) => 4,
            (false, false) => 6,
        };
        let in_pairs = digits >= least && digits.is_multiple_of(2);
        let length = match digits {
            0 => rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len()),
            // The odd digit goes before the pairs.
            digits if digits >= least && !in_pairs => 1,
            digits => digits,
        };
        let wanted = if in_pairs { SET_C } else { SET_B };
        if set != Some(wanted) {
            in_sets.push(wanted);
            set = Some(wanted);
        }
        in_sets.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    in_sets
}

/// A QR code (ISO/IEC 18004), for what bars cannot say or not in the space there is.
pub(crate) struct Square(QrCode);

impl Square {
    /// How many light modules a reader wants around it.
    pub(crate) const QUIET: usize = 4;

    pub(crate) fn of(code: &str) -> Option<Square> {
        QrCode::encode_text(code, QrCodeEcc::Medium).ok().map(Square)
    }

    /// How many modules it is wide and high with its quiet zone.
    pub(crate) fn width(&self) -> usize {
        usize::try_from(self.0.size()).unwrap_or(0) + 2 * Square::QUIET
    }

    /// Its modules, dark or light, without the quiet zone.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Vec<bool>> {
        let size = self.0.size();
        (0..size).map(move |y| (0..size).map(|x| self.0.get_module(x, y)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_with_their_check_digit_are_an_ean_and_others_are_code_128() {
        let width = |code: &str| bars(code).map(|bars| bars.modules.len());
        // 95 modules are an EAN-13, 67 an EAN-8; Code 128 takes 11 a symbol, and 35 around them.
        assert_eq!(width("4006381333931"), Some(95));
        assert_eq!(width("036000291452"), Some(95));
        assert_eq!(width("96385074"), Some(67));
        assert_eq!(width("4006381333932"), Some(8 * 11 + 35));
        assert_eq!(width("14006381333938"), Some(7 * 11 + 35));
        assert_eq!(width("HMR-001"), Some(7 * 11 + 35));
        assert_eq!(width("ключ"), None);
        assert_eq!(width("Ź"), None);
    }

    #[test]
    fn pairs_of_digits_take_one_symbol() {
        let readable = |code| in_sets(code).replace('\u{181}', "<B>").replace('\u{106}', "<C>");
        assert_eq!(readable("WMW-0001234567"), "<B>WMW-<C>0001234567");
        assert_eq!(readable("12345"), "<B>1<C>2345");
        assert_eq!(readable("123456X"), "<C>123456<B>X");
        assert_eq!(readable("A12B1234567C"), "<B>A12B1<C>234567<B>C");
        assert_eq!(readable("42"), "<C>42");
        assert_eq!(readable("7"), "<B>7");
    }
}

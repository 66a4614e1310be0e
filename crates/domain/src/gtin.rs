//! Article numbers of GS1: 8 digits (EAN-8), 12 (UPC-A), 13 (EAN-13) or 14 (GTIN-14), the last of which checks the others.

/// How many digits an article number has.
const LENGTHS: [usize; 4] = [8, 12, 13, 14];

/// Whether a code has the form of an article number, whatever its check digit.
fn has_form(code: &str) -> bool {
    LENGTHS.contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// The 14 digits that mean the same article: with zeros before those that are there. None for a code of another form.
pub fn fourteen(code: &str) -> Option<String> {
    has_form(code).then(|| format!("{code:0>14}"))
}

/// A SKU or barcode as codes are compared: article numbers whatever their length, others as `fold` makes them, which takes
/// away what their case and composition differ in. The services' database has the same rule as `services_code`.
pub fn same_code(code: &str, fold: impl FnOnce(&str) -> String) -> String {
    fourteen(code).unwrap_or_else(|| fold(code))
}

/// The last digit of an article number as the other digits want it; whether it is that is another question. None for a
/// code of another form.
pub fn check_digit(code: &str) -> Option<char> {
    if !has_form(code) {
        return None;
    }
    let digits = code.bytes().rev().skip(1).map(|byte| u32::from(byte - b'0'));
    let weighted: u32 = digits.zip([3, 1].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    char::from_digit((10 - weighted % 10) % 10, 10)
}

/// Whether a code is an article number whose check digit is right.
pub fn is_right(code: &str) -> bool {
    check_digit(code).is_some_and(|digit| code.ends_with(digit))
}

/// The check digit that an article number should end in and does not.
pub fn digit_instead(code: &str) -> Option<char> {
    check_digit(code).filter(|digit| !code.ends_with(*digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_one_article_are_the_same_fourteen_digits() {
        for code in ["036000291452", "0036000291452", "00036000291452"] {
            assert_eq!(fourteen(code).as_deref(), Some("00036000291452"));
        }
        assert_eq!(fourteen("96385074").as_deref(), Some("00000096385074"));
        for other in ["", "123456789", "36000291452", "03600029145x", "٠٣٦٠٠٠٢٩"] {
            assert_eq!(fourteen(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_wrong_check_digit_is_known_by_the_right_one() {
        for right in ["96385074", "036000291452", "4006381333931", "10614141000415"] {
            assert!(is_right(right), "{right}");
            assert_eq!(digit_instead(right), None, "{right}");
        }
        assert_eq!(digit_instead("4006381333932"), Some('1'));
        assert_eq!(digit_instead("400638133393"), Some('0'));
        assert_eq!(digit_instead("40063813339"), None);
    }
}

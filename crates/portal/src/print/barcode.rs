//! Barcodes, as widths of bars.

use barcoders::sym::code128::Code128;
use barcoders::sym::ean13::EAN13;

/// The modules of a barcode, dark or light: EAN-13 for a code that is one, else Code 128. None for what no barcode can
/// say.
pub(crate) fn modules(code: &str) -> Option<Vec<bool>> {
    let modules = match ean13(code) {
        Some(modules) => modules,
        // The first letter tells the encoder to take character set B: ASCII, letters of both cases.
        None => Code128::new(format!("\u{181}{code}")).ok()?.encode(),
    };
    Some(modules.into_iter().map(|module| module == 1).collect())
}

/// The modules of 13 digits whose last is the right check digit (ISO/IEC 15420).
fn ean13(code: &str) -> Option<Vec<u8>> {
    if code.len() != 13 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = code.bytes().map(|byte| u32::from(byte - b'0'));
    let weighted: u32 = digits.zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    if !weighted.is_multiple_of(10) {
        return None;
    }
    Some(EAN13::new(code).ok()?.encode())
}

#[cfg(test)]
mod tests {
    use super::modules;

    #[test]
    fn thirteen_digits_with_their_check_digit_are_an_ean_and_others_are_code_128() {
        // 95 modules are an EAN-13; Code 128 takes 11 a character, and 35 around them.
        assert_eq!(modules("4006381333931").map(|modules| modules.len()), Some(95));
        assert_eq!(modules("4006381333932").map(|modules| modules.len()), Some(13 * 11 + 35));
        assert_eq!(modules("HMR-001").map(|modules| modules.len()), Some(7 * 11 + 35));
        assert_eq!(modules("ключ"), None);
    }
}

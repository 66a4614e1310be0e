//! From bytes to text: which encoding, which separator.

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How a file's characters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16 with the lower byte first.
    Utf16Le,
    /// UTF-16 with the higher byte first.
    Utf16Be,
    /// Windows code page 1252, as old spreadsheets write.
    Windows1252,
}

impl Encoding {
    fn codec(self) -> &'static encoding_rs::Encoding {
        match self {
            Encoding::Utf8 => UTF_8,
            Encoding::Utf16Le => UTF_16LE,
            Encoding::Utf16Be => UTF_16BE,
            Encoding::Windows1252 => WINDOWS_1252,
        }
    }

    /// A byte order mark decides; else zero bytes, which text has in UTF-16 alone; else whether it is UTF-8.
    fn detect(bytes: &[u8]) -> Encoding {
        match bytes {
            [0xEF, 0xBB, 0xBF, ..] => return Encoding::Utf8,
            [0xFF, 0xFE, ..] => return Encoding::Utf16Le,
            [0xFE, 0xFF, ..] => return Encoding::Utf16Be,
            _ => {}
        }
        // ASCII letters, of which every header has some, are 0 in their higher byte.
        let start = bytes.get(..64.min(bytes.len() & !1)).unwrap_or_default();
        let zeros = |first: usize| start.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
        let most = start.len() / 4;
        if zeros(1) > most {
            Encoding::Utf16Le
        } else if zeros(0) > most {
            Encoding::Utf16Be
        } else if std::str::from_utf8(bytes).is_ok() {
            Encoding::Utf8
        } else {
            Encoding::Windows1252
        }
    }
}

/// The file's text, without a byte order mark.
///
/// # Errors
/// Says that the bytes are not of the encoding, and what to try.
pub(super) fn text(bytes: &[u8], encoding: Option<Encoding>) -> Result<String, String> {
    let encoding = encoding.unwrap_or_else(|| Encoding::detect(bytes));
    let (text, broken) = encoding.codec().decode_with_bom_removal(bytes);
    if broken {
        let name = encoding.codec().name();
        return Err(format!("the file is not written in {name}; give its encoding by --encoding"));
    }
    Ok(text.into_owned())
}

/// What stands between the cells: what the first line has most of, outside quotes.
pub(super) fn separator(text: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for byte in text.trim_start_matches(['\r', '\n']).bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            _ if quoted => {}
            _ => counts
                .iter_mut()
                .filter(|(separator, _)| *separator == byte)
                .for_each(|(_, count)| *count += 1),
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(separator, _)| separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bom: bool, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let bom = bom.then_some(0xFEFF);
        bom.into_iter().chain(text.encode_utf16()).flat_map(bytes).collect()
    }

    #[test]
    fn text_is_read_in_whatever_encoding_it_was_written() {
        let wanted = "sku,name\nA,Käse für 5 €\n";
        let with_bom = [&[0xEF, 0xBB, 0xBF], wanted.as_bytes()].concat();
        let (western, _, _) = WINDOWS_1252.encode(wanted);
        let files = [
            wanted.as_bytes().to_vec(),
            with_bom,
            western.into_owned(),
            utf16(wanted, true, u16::to_le_bytes),
            utf16(wanted, false, u16::to_le_bytes),
            utf16(wanted, true, u16::to_be_bytes),
            utf16(wanted, false, u16::to_be_bytes),
        ];
        for file in files {
            assert_eq!(text(&file, None).as_deref(), Ok(wanted), "{file:?}");
        }
    }

    #[test]
    fn bytes_that_are_not_of_the_given_encoding_are_refused() {
        let error = text(b"name\nK\xE4se\n", Some(Encoding::Utf8)).unwrap_err();
        assert!(error.contains("UTF-8") && error.contains("--encoding"), "{error}");
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
        ] {
            assert_eq!(separator(header), found, "{header}");
        }
    }
}

//! From bytes to text: which encoding, which separator.

use std::io::{self, BufRead, ErrorKind, Read};
use std::ops::Range;

use encoding_rs::{Decoder, DecoderResult, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

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

    /// A byte order mark decides; else zero bytes, which text has in UTF-16 alone; else whether all of it is UTF-8.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn detect(mut file: impl Read) -> io::Result<Encoding> {
        let mut start = Vec::new();
        file.by_ref().take(64).read_to_end(&mut start)?;
        match start.as_slice() {
            [0xEF, 0xBB, 0xBF, ..] => return Ok(Encoding::Utf8),
            [0xFF, 0xFE, ..] => return Ok(Encoding::Utf16Le),
            [0xFE, 0xFF, ..] => return Ok(Encoding::Utf16Be),
            _ => {}
        }
        // ASCII letters, of which every header has some, are 0 in their higher byte.
        let even = start.get(..start.len() & !1).unwrap_or_default();
        let zeros = |first: usize| even.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
        let most = even.len() / 4;
        if zeros(1) > most {
            return Ok(Encoding::Utf16Le);
        }
        if zeros(0) > most {
            return Ok(Encoding::Utf16Be);
        }
        let mut text = text(start.chain(file), Encoding::Utf8);
        match io::copy(&mut text, &mut io::sink()) {
            Ok(_) => Ok(Encoding::Utf8),
            Err(error) if error.kind() == ErrorKind::InvalidData => Ok(Encoding::Windows1252),
            Err(error) => Err(error),
        }
    }
}

/// How much is decoded at once.
pub(super) const BUFFER: usize = 64 * 1024;

/// The text of a file, as UTF-8 without a byte order mark. Reading it fails with [`ErrorKind::InvalidData`] where the
/// bytes are not of the encoding, and says what to try.
pub(super) fn text<R: Read>(file: R, encoding: Encoding) -> Text<R> {
    Text {
        file,
        encoding,
        decoder: encoding.codec().new_decoder_with_bom_removal(),
        bytes: vec![0; BUFFER],
        unread: 0..0,
        end: End::Ahead,
        decoded: vec![0; BUFFER],
        ready: 0..0,
    }
}

/// Decodes what it reads.
pub(super) struct Text<R> {
    file: R,
    encoding: Encoding,
    decoder: Decoder,
    bytes: Vec<u8>,
    /// Which of them are still to be decoded.
    unread: Range<usize>,
    end: End,
    decoded: Vec<u8>,
    /// Which of it is still to be given.
    ready: Range<usize>,
}

/// How near the end of the file is.
#[derive(PartialEq)]
enum End {
    Ahead,
    /// All bytes are read.
    Read,
    /// All bytes are decoded.
    Decoded,
}

impl<R: Read> BufRead for Text<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.ready.is_empty() && self.end != End::Decoded {
            let bytes = self.bytes.get(self.unread.clone()).unwrap_or_default();
            let last = self.end == End::Read;
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(bytes, &mut self.decoded, last);
            self.unread.start += read;
            self.ready = 0..written;
            match result {
                DecoderResult::Malformed(..) => return Err(self.malformed()),
                DecoderResult::InputEmpty if last => self.end = End::Decoded,
                DecoderResult::InputEmpty => {
                    let read = self.file.read(&mut self.bytes)?;
                    self.unread = 0..read;
                    if read == 0 {
                        self.end = End::Read;
                    }
                }
                DecoderResult::OutputFull => {}
            }
        }
        Ok(self.decoded.get(self.ready.clone()).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.ready.start = self.ready.end.min(self.ready.start + amount);
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R> Text<R> {
    fn malformed(&self) -> io::Error {
        let name = self.encoding.codec().name();
        let reason = format!("the file is not written in {name}; give its encoding by --encoding");
        io::Error::new(ErrorKind::InvalidData, reason)
    }
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

    fn read(file: &[u8], encoding: Encoding) -> io::Result<String> {
        let mut read = String::new();
        text(file, encoding).read_to_string(&mut read)?;
        Ok(read)
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
            let encoding = Encoding::detect(&*file).unwrap();
            assert_eq!(read(&file, encoding).unwrap(), wanted, "{file:?}");
        }
    }

    #[test]
    fn bytes_that_are_not_of_the_given_encoding_are_refused() {
        let error = read(b"name\nK\xE4se\n", Encoding::Utf8).unwrap_err().to_string();
        assert!(error.contains("UTF-8") && error.contains("--encoding"), "{error}");
    }

    #[test]
    fn what_is_not_ascii_is_found_and_read_however_far_into_the_file_it_stands() {
        let wanted = format!("{}Käse €", "€ für Käse, ".repeat(BUFFER / 7));
        let plain = "a".repeat(3 * BUFFER) + "ä€";
        let (western, _, _) = WINDOWS_1252.encode(&plain);
        for (file, wanted) in [(wanted.as_bytes(), &wanted), (&western, &plain)] {
            let encoding = Encoding::detect(file).unwrap();
            assert!(read(file, encoding).unwrap() == *wanted);
        }
        let wide = utf16(&wanted, false, u16::to_le_bytes);
        assert!(read(&wide, Encoding::detect(&*wide).unwrap()).unwrap() == wanted);
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

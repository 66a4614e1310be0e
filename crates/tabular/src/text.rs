//! From bytes to text, a piece at a time.

use std::io::{self, Read};
use std::ops::Range;

use encoding_rs::{CoderResult, Decoder};

use crate::Encoding;

/// How much is decoded at once.
pub(crate) const BUFFER: usize = 64 * 1024;

/// The character that stands in the text for bytes that are not of the encoding.
pub(crate) const REPLACEMENT: char = '\u{fffd}';

/// Decodes a file. A byte order mark is left out.
pub(crate) struct Text<R> {
    file: R,
    decoder: Decoder,
    bytes: Vec<u8>,
    /// Which of them are still to be decoded.
    unread: Range<usize>,
    /// All bytes are read.
    is_read: bool,
    /// All bytes are decoded.
    is_done: bool,
}

impl<R: Read> Text<R> {
    pub(crate) fn new(file: R, encoding: Encoding) -> Text<R> {
        let decoder = encoding.codec().new_decoder_with_bom_removal();
        Text { file, decoder, bytes: vec![0; BUFFER], unread: 0..0, is_read: false, is_done: false }
    }

    /// Adds a piece of text; says whether there was one.
    pub(crate) fn more(&mut self, text: &mut String) -> io::Result<bool> {
        let before = text.len();
        while text.len() == before && !self.is_done {
            if self.unread.is_empty() && !self.is_read {
                let read = self.file.read(&mut self.bytes)?;
                self.unread = 0..read;
                self.is_read = read == 0;
            }
            let bytes = self.bytes.get(self.unread.clone()).unwrap_or_default();
            text.reserve(BUFFER);
            let (result, read, _) = self.decoder.decode_to_string(bytes, text, self.is_read);
            self.unread.start += read;
            self.is_done = self.is_read && result == CoderResult::InputEmpty;
        }
        Ok(text.len() > before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that is read in pieces of so many bytes.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let most = out.len().min(self.1);
            self.0.read(out.get_mut(..most).unwrap_or_default())
        }
    }

    fn utf16(text: &str, bom: bool, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let bom = bom.then_some(0xFEFF);
        bom.into_iter().chain(text.encode_utf16()).flat_map(bytes).collect()
    }

    fn read(file: &[u8], encoding: Encoding, piece: usize) -> String {
        let (mut text, mut read) = (Text::new(Pieces(file, piece), encoding), String::new());
        while text.more(&mut read).unwrap() {}
        read
    }

    #[test]
    fn text_is_read_in_whatever_encoding_it_was_written_however_far_into_the_file() {
        let short = "sku,name\nA,Käse für 5 €\n".to_owned();
        let long = format!("sku,name\n{}Käse €", "x".repeat(BUFFER - 12));
        for wanted in [short, long] {
            let (western, _, _) = encoding_rs::WINDOWS_1252.encode(&wanted);
            let files = [
                wanted.as_bytes().to_vec(),
                [&[0xEF, 0xBB, 0xBF], wanted.as_bytes()].concat(),
                western.into_owned(),
                utf16(&wanted, true, u16::to_le_bytes),
                utf16(&wanted, false, u16::to_le_bytes),
                utf16(&wanted, true, u16::to_be_bytes),
                utf16(&wanted, false, u16::to_be_bytes),
            ];
            for file in files {
                let encoding = Encoding::detect(&*file).unwrap().unwrap();
                assert!(read(&file, encoding, BUFFER) == wanted, "{encoding:?}");
                assert!(read(&file, encoding, 7) == wanted, "{encoding:?}");
            }
        }
    }
}

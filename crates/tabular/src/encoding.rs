//! Which encoding a file is in: told apart by evidence, or not at all.

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use memchr::{memchr_iter, memrchr};

use crate::FileFault;
use crate::text::BUFFER;

/// How a file's characters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// UTF-8.
    pub const UTF_8: Encoding = Encoding(UTF_8);
    /// UTF-16 with the lower byte first.
    pub const UTF_16LE: Encoding = Encoding(UTF_16LE);
    /// UTF-16 with the higher byte first.
    pub const UTF_16BE: Encoding = Encoding(UTF_16BE);
    /// Windows code page 1252, as old spreadsheets write.
    pub const WINDOWS_1252: Encoding = Encoding(WINDOWS_1252);

    /// The encoding of that name (WHATWG Encoding Standard), also without dashes as in `utf16le` and `windows1252`.
    pub fn named(name: &str) -> Option<Encoding> {
        let lower = name.trim().to_lowercase();
        let dashed = lower.replacen("utf16", "utf-16", 1).replacen("windows1", "windows-1", 1);
        let found = encoding_rs::Encoding::for_label_no_replacement(dashed.as_bytes())?;
        (found != encoding_rs::X_USER_DEFINED).then_some(Encoding(found))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    pub(crate) fn codec(self) -> &'static encoding_rs::Encoding {
        self.0
    }

    /// A byte order mark decides; else zero bytes, which text has in UTF-16 alone; else what all of it tells.
    ///
    /// # Errors
    /// When the file cannot be read; within, [`FileFault::Encoding`] when its bytes do not tell for certain.
    pub(crate) fn detect(mut file: impl Read) -> io::Result<Result<Encoding, FileFault>> {
        let mut start = Vec::new();
        file.by_ref().take(64).read_to_end(&mut start)?;
        match start.as_slice() {
            [0xEF, 0xBB, 0xBF, ..] => return Ok(Ok(Encoding::UTF_8)),
            [0xFF, 0xFE, ..] => return Ok(Ok(Encoding::UTF_16LE)),
            [0xFE, 0xFF, ..] => return Ok(Ok(Encoding::UTF_16BE)),
            _ => {}
        }
        // ASCII letters, of which every header has some, are 0 in their higher byte.
        let even = start.get(..start.len() & !1).unwrap_or_default();
        let zeros = |first: usize| even.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
        let most = even.len() / 4;
        if zeros(1) > most {
            return Ok(Ok(Encoding::UTF_16LE));
        }
        if zeros(0) > most {
            return Ok(Ok(Encoding::UTF_16BE));
        }
        let mut evidence = Evidence::new();
        evidence.gather(start.chain(file))?;
        Ok(evidence.verdict())
    }
}

/// How much of what is not UTF-8 is looked at to tell what it is.
const LOOKED_AT: usize = 64 * 1024;

/// The evidence of a file's lines.
struct Evidence {
    /// The lines so far.
    lines: u64,
    /// Lines of UTF-8 that are not of ASCII alone.
    utf8: u64,
    /// Lines that are not UTF-8.
    strays: u64,
    /// The first of them.
    first_stray: u64,
    /// A line that is not UTF-8 has a character of UTF-8.
    is_mixed: bool,
    /// How many of them make no sense as Windows-1252.
    odd: u64,
    detector: EncodingDetector,
    looked_at: usize,
}

impl Evidence {
    fn new() -> Evidence {
        Evidence {
            lines: 0,
            utf8: 0,
            strays: 0,
            first_stray: 0,
            is_mixed: false,
            odd: 0,
            detector: EncodingDetector::new(Iso2022JpDetection::Deny),
            looked_at: 0,
        }
    }

    fn gather(&mut self, mut file: impl Read) -> io::Result<()> {
        let mut bytes = vec![0; BUFFER];
        let mut held = 0;
        loop {
            let read = file.read(bytes.get_mut(held..).unwrap_or_default())?;
            let filled = bytes.get(..held + read).unwrap_or_default();
            if read == 0 {
                self.look_at(filled);
                return Ok(());
            }
            // A line longer than what is read at once is looked at in pieces, each of whole characters of UTF-8.
            let whole = match memrchr(b'\n', filled) {
                Some(place) => place + 1,
                None if filled.len() < BUFFER => 0,
                None => filled.len() - unfinished(filled),
            };
            self.look_at(filled.get(..whole).unwrap_or_default());
            let filled = held + read;
            bytes.copy_within(whole..filled, 0);
            held = filled - whole;
        }
    }

    fn look_at(&mut self, lines: &[u8]) {
        if lines.is_ascii() {
            self.lines += memchr_iter(b'\n', lines).count() as u64;
            return;
        }
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            if !line.is_ascii() {
                self.look_at_line(line);
            }
            self.lines += u64::from(line.ends_with(b"\n"));
        }
    }

    fn look_at_line(&mut self, line: &[u8]) {
        if std::str::from_utf8(line).is_ok() {
            self.utf8 += 1;
            return;
        }
        if self.strays == 0 {
            self.first_stray = self.lines + 1;
        }
        self.strays += 1;
        self.is_mixed |= line.utf8_chunks().any(|chunk| !chunk.valid().is_ascii());
        self.odd += u64::from(!is_western(line));
        if self.looked_at < LOOKED_AT {
            self.looked_at += line.len();
            self.detector.feed(line, false);
        }
    }

    fn verdict(mut self) -> Result<Encoding, FileFault> {
        // Stray bytes in lines of UTF-8 make bad rows, not another encoding.
        if self.strays == 0 || self.utf8 > 0 && self.utf8 >= self.strays {
            return Ok(Encoding::UTF_8);
        }
        self.detector.feed(b"", true);
        let guess = self.detector.guess(None, Utf8Detection::Deny);
        // In a large file, an odd line or two are only odd.
        let is_western = guess == WINDOWS_1252 && self.odd * 100 < self.strays;
        if self.utf8 == 0 && !self.is_mixed && is_western {
            return Ok(Encoding::WINDOWS_1252);
        }
        let guess = (guess != WINDOWS_1252 && !self.is_mixed).then(|| guess.name());
        Err(FileFault::Encoding { line: self.first_stray, guess })
    }
}

/// How many bytes at the end may be the beginning of a character of UTF-8.
fn unfinished(bytes: &[u8]) -> usize {
    let last = bytes.iter().rev().take(3);
    let behind = last.clone().take_while(|byte| (0x80..0xC0).contains(*byte)).count();
    last.clone().nth(behind).map_or(0, |byte| if *byte >= 0xC0 { behind + 1 } else { 0 })
}

/// The meaning of a byte in Windows-1252.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Lower,
    Upper,
    /// A sign that may stand within a word.
    Joiner,
    /// A sign that stands beside words.
    Sign,
    /// Windows-1252 has none there.
    Undefined,
    /// ASCII that is no letter.
    Other,
}

fn sort(byte: u8) -> Sort {
    match byte {
        b'a'..=b'z' | 0x83 | 0x9A | 0x9C | 0x9E | 0xAA | 0xBA | 0xDF..=0xF6 | 0xF8..=0xFF => Sort::Lower,
        b'A'..=b'Z' | 0x8A | 0x8C | 0x8E | 0x9F | 0xC0..=0xD6 | 0xD8..=0xDE => Sort::Upper,
        0x81 | 0x8D | 0x8F | 0x90 | 0x9D => Sort::Undefined,
        // Apostrophe, dashes, trade marks, no-break space, section, soft hyphen, degree, exponents, middle dot, times.
        0x92 | 0x96 | 0x97 | 0x99 | 0xA0 | 0xA9 | 0xAD | 0xAE | 0xB0 | 0xB2..=0xB4 | 0xB7 | 0xB9 | 0xD7 => {
            Sort::Joiner
        }
        0x80.. => Sort::Sign,
        _ => Sort::Other,
    }
}

/// Whether a line makes sense as Windows-1252. In what was written in another encoding, signs stand in the middle of
/// words, capitals behind small letters, or whole words have no letter of ASCII.
fn is_western(line: &[u8]) -> bool {
    let is_letter = |sort: Option<Sort>| matches!(sort, Some(Sort::Lower | Sort::Upper));
    let (mut before, mut run) = (None, 0);
    for (place, byte) in line.iter().enumerate() {
        let own = sort(*byte);
        if !byte.is_ascii() {
            let after = line.get(place + 1).copied().map(sort);
            let wrong = match own {
                Sort::Undefined => true,
                Sort::Sign => is_letter(before) && is_letter(after),
                Sort::Upper => before == Some(Sort::Lower) || is_letter(before) && after == Some(Sort::Lower),
                Sort::Lower | Sort::Joiner | Sort::Other => false,
            };
            if wrong {
                return false;
            }
        }
        run = if byte.is_ascii() { 0 } else { run + 1 };
        if run > 3 {
            return false;
        }
        before = Some(own);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(file: &[u8]) -> Result<Encoding, FileFault> {
        Encoding::detect(file).unwrap()
    }

    /// A file of names in an encoding of ours.
    fn file(names: &[&str], encoding: &'static encoding_rs::Encoding) -> Vec<u8> {
        let rows: String =
            names.iter().enumerate().map(|(n, name)| format!("A-{n};{name};pcs\r\n")).collect();
        let text = format!("sku;name;unit\r\n{rows}");
        let (bytes, _, lossy) = encoding.encode(&text);
        assert!(!lossy);
        bytes.into_owned()
    }

    #[test]
    fn western_names_in_windows_1252_are_told_by_their_letters() {
        for names in [
            &["Türklinke weiß"][..],
            &["Käse"],
            &["Öl"],
            &["Müller & Söhne", "Straße"],
            &["Größe 5 €", "„Bügel“ – groß", "½ Zoll", "5 m²", "10 °C", "Maß 3×4"],
            &["Café crème", "Pâté à l’ancienne", "Bœuf"],
            &["Piñón", "Jamón ibérico", "¿Qué?"],
            &["Blåbær", "Smörgås", "Rødgrød"],
            &["Pão de açúcar", "Maçã"],
            &["Caffè", "Tiramisù", "perché"],
            &["ÜBERGRÖSSE", "MENÜ"],
        ] {
            assert_eq!(detect(&file(names, WINDOWS_1252)), Ok(Encoding::WINDOWS_1252), "{names:?}");
        }
    }

    #[test]
    fn what_is_in_another_encoding_is_asked_about_and_never_read_as_windows_1252() {
        use encoding_rs::{
            BIG5, GBK, KOI8_R, MACINTOSH, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251, WINDOWS_1253,
        };
        for (names, encoding) in [
            (&["Łopata", "Żarówka żółta", "Śruba"][..], WINDOWS_1250),
            (&["Гайка", "Молоток большой"], WINDOWS_1251),
            (&["Гайка", "Молоток большой"], KOI8_R),
            (&["Σφυρί μεγάλο"], WINDOWS_1253),
            (&["Türklinke weiß", "Käse"], MACINTOSH),
            (&["金槌と釘"], SHIFT_JIS),
            (&["锤子和钉子"], GBK),
            (&["錘子和釘子"], BIG5),
        ] {
            let found = detect(&file(names, encoding));
            assert!(matches!(found, Err(FileFault::Encoding { line: 2, .. })), "{names:?}: {found:?}");
        }
        // Code page 850, of old German programs.
        let found = detect(b"sku;name\r\nA;T\x81rklinke wei\xE1\r\nB;K\x84se\r\n");
        assert!(matches!(found, Err(FileFault::Encoding { line: 2, .. })), "{found:?}");
    }

    #[test]
    fn stray_bytes_do_not_make_utf_8_another_encoding() {
        let file = b"sku,name\nA,K\xC3\xA4se\nB,T\xC3\xBCr\nC,\xF6l\n";
        assert_eq!(detect(file), Ok(Encoding::UTF_8));
        // More lines of another encoding than of UTF-8: it may be either.
        let file = b"sku,name\nA,K\xC3\xA4se\nB,T\xFCr\nC,\xF6l\n";
        assert_eq!(detect(file), Err(FileFault::Encoding { line: 3, guess: None }));
    }

    #[test]
    fn names_of_encodings_are_those_of_the_standard_and_ours() {
        for (name, found) in [
            ("utf8", "UTF-8"),
            ("utf16le", "UTF-16LE"),
            ("windows1252", "windows-1252"),
            ("CP1251", "windows-1251"),
        ] {
            assert_eq!(Encoding::named(name).map(Encoding::name), Some(found));
        }
        assert_eq!(Encoding::named("klingon"), None);
    }
}

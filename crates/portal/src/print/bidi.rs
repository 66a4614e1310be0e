//! In which order a text is read: paragraphs of clean text with their direction (UAX #9).

use std::ops::Range;

use platform::text::shows_nothing;
use unicode_bidi::{BidiClass, Direction, Level, bidi_class, get_base_direction};
use unicode_normalization::UnicodeNormalization;

const ISOLATE: char = '\u{2066}';
const END_OF_ISOLATE: char = '\u{2069}';

/// A paragraph, ready to be broken into lines.
#[derive(Debug)]
pub(super) struct Paragraph {
    pub text: String,
    /// Its direction: that of its first letter that has one (UAX #9, P2 and P3).
    pub level: Level,
}

/// The paragraphs of a text. What shows nothing is left out, and several empty lines are one.
pub(super) fn paragraphs(text: &str) -> Vec<Paragraph> {
    let text = text.replace("\r\n", "\n");
    let is_end = |c: char| matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    for part in text.trim().split(is_end) {
        let part = part.replace('\t', " ");
        let clean: String =
            part.trim_end().chars().filter(|c| !c.is_control() && !shows_nothing(*c)).nfc().collect();
        let follows_empty = paragraphs.last().is_none_or(|last| last.text.is_empty());
        if !(clean.is_empty() && follows_empty) {
            paragraphs.push(Paragraph::of(&clean));
        }
    }
    paragraphs
}

/// The text as one paragraph.
pub(super) fn paragraph(text: &str) -> Paragraph {
    let parts: Vec<String> = paragraphs(text).into_iter().map(|paragraph| paragraph.text).collect();
    // Their codes have been marked.
    let text = parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ");
    Paragraph { level: level(&text), text }
}

impl Paragraph {
    fn of(text: &str) -> Paragraph {
        Paragraph { level: level(text), text: with_codes_apart(text) }
    }
}

fn level(text: &str) -> Level {
    // Codes that have been isolated tell the direction of a text as its other letters do.
    let text: String = text.chars().filter(|c| !matches!(c, '\u{2066}'..='\u{2069}')).collect();
    if get_base_direction(text.as_str()) == Direction::Rtl { Level::rtl() } else { Level::ltr() }
}

/// Isolates codes in texts that run from right to left (UAX #9, HL3): without, `18V` and `42-A` would be torn apart or
/// read from the wrong end, since their letters take one direction and their digits the other.
fn with_codes_apart(text: &str) -> String {
    if !text.chars().any(|c| is_right_to_left(bidi_class(c))) {
        return text.to_owned();
    }
    let mut apart = String::with_capacity(text.len());
    for word in text.split_inclusive(' ') {
        let code = code(word);
        if code.is_empty() {
            apart.push_str(word);
        } else {
            apart.push_str(&word[..code.start]);
            apart.push(ISOLATE);
            apart.push_str(&word[code.clone()]);
            apart.push(END_OF_ISOLATE);
            apart.push_str(&word[code.end..]);
        }
    }
    apart
}

/// Where the code in a word is: from a digit, sign or letter to a letter, digit or mark of a measure, with a digit and
/// with something that is no number. An empty range where the word has none.
fn code(word: &str) -> Range<usize> {
    let is_part = |c: char| {
        c.is_alphanumeric() || matches!(c, '+' | '-' | '\u{2212}' | '#' | '°' | '%' | '‰' | '€' | '$' | '£')
    };
    let start = word.find(is_part).unwrap_or(0);
    let end = word.rfind(is_part).map_or(0, |at| at + word[at..].chars().next().map_or(0, char::len_utf8));
    let Some(code) = word.get(start..end) else { return 0..0 };
    let has_digit = code.chars().any(|c| bidi_class(c) == BidiClass::EN);
    let is_number = code.starts_with(|c: char| c.is_ascii_digit())
        && code.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | ':' | '/' | '-' | '+'));
    let is_mixed =
        code.chars().map(bidi_class).any(|class| is_right_to_left(class) || class == BidiClass::AN);
    if has_digit && !is_number && !is_mixed { start..end } else { 0..0 }
}

/// Letters of scripts that run from right to left. Marks of direction have been left out.
fn is_right_to_left(class: BidiClass) -> bool {
    matches!(class, BidiClass::R | BidiClass::AL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_in_texts_from_right_to_left_are_isolated_and_numbers_are_not() {
        assert_eq!(with_codes_apart("מברגה 18V"), "מברגה \u{2066}18V\u{2069}");
        assert_eq!(with_codes_apart("(42-A), 18:30 ב-5"), "(\u{2066}42-A\u{2069}), 18:30 ב-5");
        assert_eq!(with_codes_apart("Drill 18V"), "Drill 18V");
    }

    #[test]
    fn the_first_letter_tells_the_direction_of_a_paragraph() {
        let levels = |text| paragraphs(text).iter().map(|one| one.level.is_rtl()).collect::<Vec<_>>();
        assert_eq!(levels("12 מברגה\nDrill מברגה\r\n\n\n\n18"), [true, false, false, false]);
    }
}

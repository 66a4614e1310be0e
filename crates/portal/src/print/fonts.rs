//! The fonts of what is printed. A letter is set in the first font that has it.

use std::sync::LazyLock;

use krilla::text::Font;

/// A font, for shaping and for the document.
pub(super) struct Face {
    pub shaping: rustybuzz::Face<'static>,
    pub font: Font,
    /// Drawn for texts in bold alone.
    bold: bool,
    /// How far its letters reach above and below the baseline, for a size of 1.
    pub ascent: f32,
    pub descent: f32,
}

macro_rules! fonts {
    ($($bold:literal $file:literal),+ $(,)?) => {
        const FILES: &[(bool, &[u8])] = &[$(($bold, include_bytes!(concat!("../../data/fonts/", $file, ".ttf")))),+];
    };
}

// In the order in which they are asked for a letter. What the large ones at the end draw too, the others draw better.
fonts![
    true "DejaVuSans-Bold",
    false "DejaVuSans",
    false "NotoSansThai-Regular",
    false "NotoSansLao-Regular",
    false "NotoSansDevanagari-Regular",
    false "NotoSansBengali-Regular",
    false "NotoSansGujarati-Regular",
    false "NotoSansGurmukhi-Regular",
    false "NotoSansKannada-Regular",
    false "NotoSansMalayalam-Regular",
    false "NotoSansOriya-Regular",
    false "NotoSansTamil-Regular",
    false "NotoSansTelugu-Regular",
    false "NotoSansSinhala-Regular",
    false "NotoSansKhmer-Regular",
    false "NotoSansMyanmar-Regular",
    false "NotoSansEthiopic-Regular",
    false "NotoSansThaana-Regular",
    false "DroidSansFallbackFull",
    false "NanumSquareR",
    false "NotoEmoji-Regular",
];

static FACES: LazyLock<Vec<Face>> =
    LazyLock::new(|| FILES.iter().filter_map(|(bold, data)| Face::read(data, *bold)).collect());

impl Face {
    fn read(data: &'static [u8], bold: bool) -> Option<Face> {
        let shaping = rustybuzz::Face::from_slice(data, 0)?;
        let em = f32::from(u16::try_from(shaping.units_per_em()).ok()?);
        let (ascent, descent) = (f32::from(shaping.ascender()) / em, -f32::from(shaping.descender()) / em);
        Some(Face { font: Font::new(data.into(), 0)?, shaping, bold, ascent, descent })
    }

    fn has(&self, c: char) -> bool {
        self.shaping.glyph_index(c).is_some()
    }
}

/// A font by its number.
pub(super) fn face(number: usize) -> Option<&'static Face> {
    FACES.get(number)
}

/// The number of the first font that has all of a letter: its base and the marks on it.
pub(super) fn face_of(letter: &str, bold: bool) -> Option<usize> {
    let drawn = || letter.chars().filter(|c| !is_unseen(*c));
    FACES.iter().position(|face| (bold || !face.bold) && drawn().all(|c| face.has(c)))
}

/// What no font has to draw: it joins, separates or varies its neighbours.
pub(super) fn is_unseen(c: char) -> bool {
    is_direction(c)
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}'
            | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
}

/// Marks of direction (UAX #9, 2).
pub(super) fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_font_can_be_read() {
        assert_eq!(FACES.len(), FILES.len());
    }
}

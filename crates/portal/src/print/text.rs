//! Setting text: letters in the order in which they are read (UAX #9), in the fonts that have them, measured by the
//! fonts' own widths, broken into lines (UAX #14) or cut.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::rc::Rc;

use krilla::text::{GlyphId, KrillaGlyph};
use rustybuzz::{BufferFlags, Direction, ShapePlan, UnicodeBuffer};
use unicode_bidi::{Level, ParagraphBidiInfo};
use unicode_linebreak::linebreaks;
use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;

use super::bidi::{Paragraph, paragraph, paragraphs};
use super::fonts::{Face, face, face_of, is_direction, is_unseen};

const ELLIPSIS: &str = "…";
/// How wide the box is that stands for a letter that no font has, for a size of 1.
pub(super) const MISSING: f32 = 0.6;
/// Marks on a letter may reach so far above and below the baseline, for a size of 1; what is beyond is not drawn.
const HIGHEST: f32 = 1.4;
const LOWEST: f32 = 0.7;

/// How a text is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub size: f32,
    pub bold: bool,
}

/// A text in that size.
pub(super) const fn plain(size: f32) -> Style {
    Style { size, bold: false }
}

/// The same, bold.
pub(super) const fn bold(size: f32) -> Style {
    Style { size, bold: true }
}

/// A line of text, its runs from left to right.
pub(super) struct Line {
    pub runs: Vec<Run>,
    pub size: f32,
    pub width: f32,
    /// How far it reaches above and below its baseline.
    pub ascent: f32,
    pub descent: f32,
    /// Whether it begins at the right.
    pub from_right: bool,
    /// The letters that no font has.
    pub missing: BTreeSet<char>,
}

impl Line {
    pub(super) fn height(&self) -> f32 {
        self.ascent + self.descent
    }
}

/// Letters of one font and direction. Those that no font has stand as boxes.
pub(super) struct Run {
    pub face: Option<&'static Face>,
    pub text: String,
    pub glyphs: Vec<KrillaGlyph>,
    pub width: f32,
}

/// How high lines are together.
pub(super) fn height(lines: &[Line]) -> f32 {
    lines.iter().map(Line::height).sum()
}

/// Sets the texts of a document.
#[derive(Default)]
pub(super) struct Setter {
    plans: RefCell<HashMap<(usize, Script, bool), Rc<ShapePlan>>>,
}

impl Setter {
    /// One line, cut to that width.
    pub(super) fn line(&self, text: &str, style: Style, width: f32) -> Line {
        let paragraph = paragraph(text);
        let line = self.set(&paragraph.text, paragraph.level, style);
        if line.width <= width { line } else { self.cut(&paragraph.text, paragraph.level, style, width) }
    }

    /// One line, as small as that width needs; from the `least` size on it is cut.
    pub(super) fn shrunk(&self, text: &str, style: Style, least: f32, width: f32) -> Line {
        let line = self.line(text, style, f32::INFINITY);
        if line.width <= width {
            return line;
        }
        let size = (style.size * width / line.width * 0.99).max(least);
        self.line(text, Style { size, ..style }, width)
    }

    /// As many lines of that width as there may be, the last of them cut.
    pub(super) fn lines(&self, text: &str, style: Style, width: f32, most: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        let paragraphs = paragraphs(text);
        for (n, paragraph) in paragraphs.iter().enumerate() {
            let is_last = n + 1 == paragraphs.len();
            let Paragraph { text, level } = paragraph;
            let bidi = ParagraphBidiInfo::new(text, Some(*level));
            let mut start = 0;
            loop {
                let rest = &text[start..];
                let is_full = lines.len() + 1 >= most;
                let end = self.end_of_line(&bidi, start, style, width);
                if is_full && !(is_last && end == text.len()) {
                    lines.push(self.cut(rest, *level, style, width));
                    return lines;
                }
                lines.push(self.set_part(&bidi, start..end, style));
                start = end;
                if start >= text.len() {
                    break;
                }
            }
        }
        lines
    }

    /// Where a line that starts there ends.
    fn end_of_line(&self, bidi: &ParagraphBidiInfo<'_>, start: usize, style: Style, width: f32) -> usize {
        let text = bidi.text;
        let fits = |end: usize| self.set_part(bidi, start..end, style).width <= width;
        // Most texts fit as a whole. A long one does not, and measuring all of it for each line would be slow.
        let is_short = text.len() - start < 200;
        if is_short && fits(text.len()) {
            return text.len();
        }
        let ends: Vec<usize> = linebreaks(text).map(|(end, _)| end).filter(|end| *end > start).collect();
        let mut sum = 0.0;
        let mut from = start;
        let mut most = 0;
        for end in &ends {
            sum += self.set_part(bidi, from..*end, style).width;
            if sum > width * 1.2 {
                break;
            }
            (from, most) = (*end, most + 1);
        }
        if let Some(end) = ends[..most].iter().rev().find(|end| fits(**end)) {
            return *end;
        }
        // A word that is longer than the line is broken between its letters.
        let word = &text[start..ends.first().copied().unwrap_or(text.len())];
        let letters: Vec<usize> =
            word.grapheme_indices(true).map(|(at, letter)| start + at + letter.len()).collect();
        let mut most = letters.partition_point(|end| fits(*end)).max(1);
        // Letters that join may be wider with fewer of them.
        while most > 1 && letters.get(most - 1).is_some_and(|end| !fits(*end)) {
            most -= 1;
        }
        letters.get(most - 1).copied().unwrap_or(text.len())
    }

    /// As much of a text as fits, with an ellipsis.
    fn cut(&self, text: &str, level: Level, style: Style, width: f32) -> Line {
        let letters: Vec<usize> = text.grapheme_indices(true).map(|(at, letter)| at + letter.len()).collect();
        let cut = |end: usize| self.set(&format!("{}{ELLIPSIS}", text[..end].trim_end()), level, style);
        let mut most = letters.partition_point(|end| cut(*end).width <= width);
        loop {
            let line = cut(most.checked_sub(1).and_then(|last| letters.get(last)).copied().unwrap_or(0));
            if line.width <= width || most == 0 {
                return line;
            }
            most -= 1;
        }
    }

    fn set(&self, text: &str, level: Level, style: Style) -> Line {
        self.set_part(&ParagraphBidiInfo::new(text, Some(level)), 0..text.len(), style)
    }

    /// A part of a paragraph as a line.
    fn set_part(&self, bidi: &ParagraphBidiInfo<'_>, part: Range<usize>, style: Style) -> Line {
        let end = part.start + bidi.text[part.clone()].trim_end().len();
        let mut line = Line {
            runs: Vec::new(),
            size: style.size,
            width: 0.0,
            ascent: 0.93 * style.size,
            descent: 0.24 * style.size,
            from_right: bidi.paragraph_level.is_rtl(),
            missing: BTreeSet::new(),
        };
        if part.start == end {
            return line;
        }
        let (levels, runs) = bidi.visual_runs(part.start..end);
        for run in runs {
            let from_right = levels.get(run.start).is_some_and(Level::is_rtl);
            let mut pieces = pieces(&bidi.text[run], style.bold);
            if from_right {
                pieces.reverse();
            }
            for piece in pieces {
                self.shape(&mut line, piece, from_right);
            }
        }
        line
    }

    /// Adds a piece to the right end of a line.
    fn shape(&self, line: &mut Line, piece: Piece, from_right: bool) {
        let size = line.size;
        let Some((number, face)) = piece.face.and_then(|number| Some((number, face(number)?))) else {
            line.missing.extend(piece.text.chars().filter(|c| !is_unseen(*c)));
            let letters = f32::from(u16::try_from(piece.text.graphemes(true).count()).unwrap_or(u16::MAX));
            let width = letters * MISSING * size;
            line.width += width;
            line.runs.push(Run { face: None, text: piece.text, glyphs: Vec::new(), width });
            return;
        };
        let direction = if from_right { Direction::RightToLeft } else { Direction::LeftToRight };
        let mut buffer = UnicodeBuffer::new();
        buffer.set_flags(BufferFlags::REMOVE_DEFAULT_IGNORABLES);
        buffer.push_str(&piece.text);
        buffer.guess_segment_properties();
        buffer.set_direction(direction);
        let script = buffer.script();
        let plan =
            Rc::clone(self.plans.borrow_mut().entry((number, piece.script, from_right)).or_insert_with(
                || Rc::new(ShapePlan::new(&face.shaping, direction, Some(script), None, &[])),
            ));
        let shaped = rustybuzz::shape_with_plan(&face.shaping, &plan, buffer);
        #[expect(clippy::cast_precision_loss, reason = "units of a font are far below 2^23")]
        let units = |units: i32| units as f32 / face.font.units_per_em();
        let mut starts: Vec<usize> = shaped.glyph_infos().iter().map(|info| info.cluster as usize).collect();
        starts.sort_unstable();
        starts.dedup();
        let mut glyphs = Vec::with_capacity(shaped.len());
        let mut width = 0.0;
        for (info, at) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
            let start = info.cluster as usize;
            let next = starts.partition_point(|other| *other <= start);
            let letter = start..starts.get(next).copied().unwrap_or(piece.text.len());
            if info.glyph_id == 0 {
                line.missing.extend(piece.text[letter.clone()].chars().filter(|c| !is_unseen(*c)));
            }
            if let Some(drawn) = u16::try_from(info.glyph_id)
                .ok()
                .and_then(|id| face.shaping.glyph_bounding_box(rustybuzz::ttf_parser::GlyphId(id)))
            {
                let (top, bottom) =
                    (i32::from(drawn.y_max) + at.y_offset, i32::from(drawn.y_min) + at.y_offset);
                line.ascent = line.ascent.max(size * units(top).min(HIGHEST));
                line.descent = line.descent.max(size * (-units(bottom)).min(LOWEST));
            }
            glyphs.push(KrillaGlyph::new(
                GlyphId::new(info.glyph_id),
                units(at.x_advance),
                units(at.x_offset),
                units(at.y_offset),
                units(at.y_advance),
                letter,
                None,
            ));
            width += size * units(at.x_advance);
        }
        line.ascent = line.ascent.max(size * face.ascent.min(HIGHEST));
        line.descent = line.descent.max(size * face.descent.min(LOWEST));
        line.width += width;
        line.runs.push(Run { face: Some(face), text: piece.text, glyphs, width });
    }
}

/// Letters that follow each other, in one font and one script.
struct Piece {
    text: String,
    face: Option<usize>,
    script: Script,
}

fn pieces(text: &str, bold: bool) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for letter in text.graphemes(true) {
        // Marks of direction have done what they are there for.
        let letter: String = letter.chars().filter(|c| !is_direction(*c)).collect();
        match face_of(&letter, bold) {
            _ if letter.is_empty() => {}
            // No font has the letter with its marks: one may have it without.
            None => letter.chars().for_each(|c| {
                let part = c.to_string();
                let face = face_of(&part, bold);
                add(&mut pieces, part, face);
            }),
            face => add(&mut pieces, letter, face),
        }
    }
    pieces
}

fn add(pieces: &mut Vec<Piece>, letter: String, face: Option<usize>) {
    let is_common = |script: Script| matches!(script, Script::Common | Script::Inherited);
    let own = letter.chars().map(|c| c.script()).find(|script| !is_common(*script));
    match pieces.last_mut() {
        Some(last)
            if last.face == face && own.is_none_or(|own| own == last.script || is_common(last.script)) =>
        {
            last.text.push_str(&letter);
            last.script = own.unwrap_or(last.script);
        }
        _ => pieces.push(Piece { text: letter, face, script: own.unwrap_or(Script::Common) }),
    }
}

//! Drawing on pages of A4. Lengths are in points, from the page's upper left corner.

use std::sync::Arc;

use krilla::Document;
use krilla::color::luma;
use krilla::geom::{Path, PathBuilder, Point, Rect};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::text::{Font, TextDirection};
use platform::text::shows_nothing;

use super::NotPrinted;
use super::barcode;

/// A4, ISO 216.
pub(super) const WIDTH: f32 = 595.28;
pub(super) const HEIGHT: f32 = 841.89;

static REGULAR: &[u8] = include_bytes!("../../data/fonts/DejaVuSans.ttf");
static BOLD: &[u8] = include_bytes!("../../data/fonts/DejaVuSans-Bold.ttf");

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

/// What one page shows.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    texts: Vec<(f32, f32, Style, String)>,
    /// Each with how dark it is: 0 for black.
    areas: Vec<(Rect, u8)>,
}

impl Sheet {
    /// A text whose baseline begins there.
    pub(super) fn text(&mut self, x: f32, y: f32, style: Style, text: impl Into<String>) {
        // What is no character of a line has no place on one.
        let text: String = text.into().chars().filter(|c| !c.is_control() && !shows_nothing(*c)).collect();
        if !text.is_empty() {
            self.texts.push((x, y, style, text));
        }
    }

    /// A number whose baseline ends there.
    pub(super) fn number(&mut self, right: f32, y: f32, style: Style, text: &str) {
        self.text(right - width_of_number(text) * style.size, y, style, text);
    }

    /// A filled rectangle.
    pub(super) fn area(&mut self, (x, y): (f32, f32), (width, height): (f32, f32), lightness: u8) {
        self.areas.extend(Rect::from_xywh(x, y, width, height).map(|area| (area, lightness)));
    }

    /// The outline of a box to tick.
    pub(super) fn tick_box(&mut self, x: f32, y: f32, side: f32) {
        self.area((x, y), (side, side), 0);
        self.area((x + 0.75, y + 0.75), (side - 1.5, side - 1.5), 255);
    }

    /// A barcode in that space, as wide as whole modules allow; says whether there is one.
    pub(super) fn barcode(&mut self, (x, y): (f32, f32), (width, height): (f32, f32), code: &str) -> bool {
        let Some(modules) = barcode::modules(code) else { return false };
        let count = f32::from(u16::try_from(modules.len()).unwrap_or(u16::MAX));
        let module = width / count;
        let mut start = x;
        for modules in modules.chunk_by(|one, other| one == other) {
            let bar = module * f32::from(u16::try_from(modules.len()).unwrap_or(u16::MAX));
            if modules.first() == Some(&true) {
                self.area((start, y), (bar, height), 0);
            }
            start += bar;
        }
        true
    }
}

/// The width of a number in DejaVu Sans, for a size of 1: its digits are all as wide.
fn width_of_number(text: &str) -> f32 {
    let width = |c: char| match c {
        '0'..='9' => 0.636,
        '.' | ',' | ' ' => 0.3179,
        '\u{2212}' => 0.838,
        _ => 0.6,
    };
    text.chars().map(width).sum()
}

/// A text cut to about that width.
pub(super) fn cut(text: &str, style: Style, width: f32) -> String {
    // The mean of DejaVu Sans over words of many languages is a little more than half of its size.
    let most = (width / (style.size * 0.56)).max(1.0);
    let count = f32::from(u16::try_from(text.chars().count()).unwrap_or(u16::MAX));
    if count <= most {
        return text.to_owned();
    }
    let kept = text.chars().zip(1_u16..).take_while(|(_, n)| f32::from(*n) < most).map(|(c, _)| c);
    kept.chain(['…']).collect()
}

/// The pages as a document.
pub(super) fn document(sheets: &[Sheet]) -> Result<Vec<u8>, NotPrinted> {
    let font = |bytes: &'static [u8]| {
        let data: Arc<dyn AsRef<[u8]> + Send + Sync> = Arc::new(bytes);
        Font::new(data.into(), 0).ok_or(NotPrinted)
    };
    let (regular, heavy) = (font(REGULAR)?, font(BOLD)?);
    let mut document = Document::new();
    for sheet in sheets {
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or(NotPrinted)?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for (area, lightness) in &sheet.areas {
            let path = rectangle(*area).ok_or(NotPrinted)?;
            surface.set_fill(Some(Fill { paint: luma::Color::new(*lightness).into(), ..Fill::default() }));
            surface.draw_path(&path);
        }
        surface.set_fill(Some(Fill { paint: luma::Color::black().into(), ..Fill::default() }));
        for (x, y, style, text) in &sheet.texts {
            let font = if style.bold { heavy.clone() } else { regular.clone() };
            let start = Point::from_xy(*x, *y);
            surface.draw_text(start, font, style.size, text, false, TextDirection::Auto);
        }
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| {
        tracing::error!(?error, "a document could not be written");
        NotPrinted
    })
}

fn rectangle(area: Rect) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.push_rect(area);
    path.finish()
}

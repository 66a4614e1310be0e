//! Drawing on pages. Lengths are in points, from the page's upper left corner.

use std::collections::BTreeSet;
use std::rc::Rc;

use krilla::Document;
use krilla::color::luma;
use krilla::geom::{Path, PathBuilder, Point, Rect};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;

use super::NotPrinted;
use super::barcode::{Bars, Square};
use super::text::{Line, MISSING};

/// A millimetre in points.
pub(super) const MM: f32 = 72.0 / 25.4;
/// What stands out of a letter at the sides may be drawn so far out of the text's box.
const OVERHANG: f32 = 1.0;

/// On which side of its box a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Where its paragraph begins.
    Start,
    Left,
    Right,
}

#[derive(Clone)]
enum Mark {
    /// A filled rectangle and how dark it is: 0 for black.
    Area(Rect, u8),
    /// The outline of a rectangle, and how thick it is.
    Frame(Rect, f32),
    Text {
        left: f32,
        top: f32,
        line: Rc<Line>,
    },
}

/// What one page shows, or a part of one.
#[derive(Default, Clone)]
pub(super) struct Sheet(Vec<Mark>);

impl Sheet {
    /// A line of text in a box of that width; gives where the box ends below.
    pub(super) fn text(&mut self, (x, top): (f32, f32), width: f32, side: Side, line: Line) -> f32 {
        let from_right = match side {
            Side::Start => line.from_right,
            Side::Left => false,
            Side::Right => true,
        };
        let left = if from_right { x + width - line.width } else { x };
        let bottom = top + line.height();
        self.0.push(Mark::Text { left, top, line: Rc::new(line) });
        bottom
    }

    /// Lines of text below each other; gives where they end.
    pub(super) fn lines(&mut self, (x, top): (f32, f32), width: f32, lines: Vec<Line>) -> f32 {
        lines.into_iter().fold(top, |top, line| self.text((x, top), width, Side::Start, line))
    }

    /// A filled rectangle.
    pub(super) fn area(&mut self, (x, y): (f32, f32), (width, height): (f32, f32), lightness: u8) {
        self.0.extend(Rect::from_xywh(x, y, width, height).map(|area| Mark::Area(area, lightness)));
    }

    /// The outline of a box to tick.
    pub(super) fn tick_box(&mut self, x: f32, y: f32, side: f32) {
        self.0.extend(Rect::from_xywh(x, y, side, side).map(|area| Mark::Frame(area, 0.75)));
    }

    /// A barcode whose quiet zone begins there.
    pub(super) fn bars(&mut self, (x, y): (f32, f32), height: f32, module: f32, bars: &Bars) {
        let width = |modules: usize| module * f32::from(u16::try_from(modules).unwrap_or(u16::MAX));
        let mut start = x + width(bars.quiet.0);
        for modules in bars.modules.chunk_by(|one, other| one == other) {
            if modules.first() == Some(&true) {
                self.area((start, y), (width(modules.len()), height), 0);
            }
            start += width(modules.len());
        }
    }

    /// A QR code whose quiet zone begins there.
    pub(super) fn square(&mut self, (x, y): (f32, f32), module: f32, square: &Square) {
        let at = |n: usize| module * f32::from(u16::try_from(n).unwrap_or(u16::MAX));
        for (row, modules) in square.rows().enumerate() {
            let mut column = Square::QUIET;
            for dark in modules.chunk_by(|one, other| one == other) {
                if dark.first() == Some(&true) {
                    let corner = (x + at(column), y + at(row + Square::QUIET));
                    self.area(corner, (at(dark.len()), module), 0);
                }
                column += dark.len();
            }
        }
    }

    /// All of another sheet, so far to the right and down.
    pub(super) fn place(&mut self, other: &Sheet, (right, down): (f32, f32)) {
        let moved =
            |area: Rect| Rect::from_xywh(area.left() + right, area.top() + down, area.width(), area.height());
        self.0.extend(other.0.iter().cloned().filter_map(|mark| match mark {
            Mark::Area(area, lightness) => Some(Mark::Area(moved(area)?, lightness)),
            Mark::Frame(area, thick) => Some(Mark::Frame(moved(area)?, thick)),
            Mark::Text { left, top, line } => Some(Mark::Text { left: left + right, top: top + down, line }),
        }));
    }

    /// The letters on it that no font has.
    pub(super) fn missing(&self) -> BTreeSet<char> {
        let lines = self.0.iter().filter_map(|mark| match mark {
            Mark::Text { line, .. } => Some(line),
            Mark::Area(..) | Mark::Frame(..) => None,
        });
        lines.flat_map(|line| line.missing.iter().copied()).collect()
    }

    fn draw(&self, surface: &mut Surface<'_>) -> Option<()> {
        for mark in &self.0 {
            match mark {
                Mark::Area(area, lightness) => fill(surface, *area, *lightness)?,
                Mark::Frame(area, thick) => outline(surface, *area, *thick)?,
                Mark::Text { left, top, line } => draw_line(surface, *left, *top, line)?,
            }
        }
        Some(())
    }
}

/// Draws a line, and nothing out of its box: letters with many marks would reach into others.
fn draw_line(surface: &mut Surface<'_>, left: f32, top: f32, line: &Line) -> Option<()> {
    let area = Rect::from_xywh(left - OVERHANG, top, line.width + 2.0 * OVERHANG, line.height())?;
    surface.push_clip_path(&rectangle(area)?, &FillRule::NonZero);
    surface.set_fill(Some(gray(0)));
    let (mut x, baseline) = (left, top + line.ascent);
    for run in &line.runs {
        if let Some(face) = run.face {
            let start = Point::from_xy(x, baseline);
            surface.draw_glyphs(start, &run.glyphs, face.font.clone(), &run.text, line.size, false);
        } else {
            let step = MISSING * line.size;
            let (wide, high) = (0.8 * step, 0.7 * line.size);
            let mut at = x + 0.1 * step;
            while at + wide <= x + run.width {
                outline(surface, Rect::from_xywh(at, baseline - high, wide, high)?, 0.06 * line.size)?;
                at += step;
            }
        }
        x += run.width;
    }
    surface.pop();
    Some(())
}

fn fill(surface: &mut Surface<'_>, area: Rect, lightness: u8) -> Option<()> {
    surface.set_fill(Some(gray(lightness)));
    surface.draw_path(&rectangle(area)?);
    Some(())
}

/// Fills what is between a rectangle and a smaller one in it.
fn outline(surface: &mut Surface<'_>, area: Rect, thick: f32) -> Option<()> {
    let mut path = PathBuilder::new();
    path.push_rect(area);
    let inside = (area.width() - 2.0 * thick, area.height() - 2.0 * thick);
    path.push_rect(Rect::from_xywh(area.left() + thick, area.top() + thick, inside.0, inside.1)?);
    surface.set_fill(Some(Fill { rule: FillRule::EvenOdd, ..gray(0) }));
    surface.draw_path(&path.finish()?);
    surface.set_fill(Some(gray(0)));
    Some(())
}

fn gray(lightness: u8) -> Fill {
    Fill { paint: luma::Color::new(lightness).into(), ..Fill::default() }
}

fn rectangle(area: Rect) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.push_rect(area);
    path.finish()
}

/// The pages, all of one size, as a document.
pub(super) fn document((width, height): (f32, f32), sheets: &[Sheet]) -> Result<Vec<u8>, NotPrinted> {
    let mut document = Document::new();
    for sheet in sheets {
        let settings = PageSettings::from_wh(width, height).ok_or(NotPrinted)?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        let drawn = sheet.draw(&mut surface);
        surface.finish();
        page.finish();
        drawn.ok_or(NotPrinted)?;
    }
    document.finish().map_err(|error| {
        tracing::error!(?error, "a document could not be written");
        NotPrinted
    })
}

//! Reads a document of the portal as a reader sees it: where each letter stands, in which box, and what is filled.

use std::collections::BTreeMap;

use lopdf::content::Content;
use lopdf::{Dictionary, Document, Object};

/// A millimetre in points.
pub const MM: f32 = 72.0 / 25.4;

/// Left, top, right and bottom, from the page's upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl Area {
    pub fn overlaps(&self, other: &Area) -> bool {
        const SLACK: f32 = 0.01;
        self.left + SLACK < other.right
            && other.left + SLACK < self.right
            && self.top + SLACK < other.bottom
            && other.top + SLACK < self.bottom
    }

    pub fn is_within(&self, other: &Area) -> bool {
        const SLACK: f32 = 0.05;
        self.left + SLACK >= other.left
            && self.right <= other.right + SLACK
            && self.top + SLACK >= other.top
            && self.bottom <= other.bottom + SLACK
    }

    pub fn width(&self) -> f32 {
        self.right - self.left
    }
}

/// A line of text.
#[derive(Debug)]
pub struct Line {
    /// What it is clipped to, without what letters may stand out at the sides.
    pub area: Area,
    /// What stands where, from left to right.
    pub letters: Vec<(f32, f32, String)>,
}

impl Line {
    /// Its letters as they stand from left to right.
    pub fn text(&self) -> String {
        self.letters.iter().map(|(.., text)| text.as_str()).collect()
    }
}

#[derive(Debug)]
pub struct Page {
    pub area: Area,
    pub lines: Vec<Line>,
    /// What is filled in black.
    pub black: Vec<Area>,
}

impl Page {
    /// All lines, as they stand from left to right.
    pub fn text(&self) -> String {
        self.lines.iter().map(Line::text).collect::<Vec<_>>().join("\n")
    }

    /// The bars of all barcodes on the page: those of one barcode are of one height.
    pub fn barcodes(&self) -> Vec<Vec<Area>> {
        let mut codes: BTreeMap<(i32, i32), Vec<Area>> = BTreeMap::new();
        for bar in self.black.iter().filter(|bar| bar.bottom - bar.top > 4.9 * MM) {
            // Labels beside each other are at least as far apart as the quiet zones.
            let row = (bar.top * 10.0).round() as i32;
            let same = |(other, left): &&(i32, i32), bars: &Vec<Area>| {
                *other == row && *left <= bar.left as i32 && bar.left - bars.last().unwrap().right < 3.0 * MM
            };
            let code = codes.iter().find(|(key, bars)| same(key, bars)).map(|(key, _)| *key);
            codes.entry(code.unwrap_or((row, bar.left as i32))).or_default().push(*bar);
        }
        codes.into_values().collect()
    }
}

/// The pages of a document.
pub fn pages(bytes: &[u8]) -> Vec<Page> {
    let document = Document::load_mem(bytes).unwrap();
    document.get_pages().into_values().map(|id| page(&document, id)).collect()
}

struct Font {
    widths: BTreeMap<u16, f32>,
    letters: BTreeMap<u16, String>,
}

fn page(document: &Document, id: (u32, u16)) -> Page {
    let size = document.get_dictionary(id).unwrap().get(b"MediaBox").unwrap().as_array().unwrap();
    let (width, height) = (number(&size[2]), number(&size[3]));
    let fonts: BTreeMap<Vec<u8>, Font> = document
        .get_page_fonts(id)
        .unwrap()
        .into_iter()
        .map(|(name, dictionary)| (name, font(document, dictionary)))
        .collect();
    let content = Content::decode(&document.get_page_content(id)).unwrap();
    let mut page = Page {
        area: Area { left: 0.0, top: 0.0, right: width, bottom: height },
        lines: Vec::new(),
        black: Vec::new(),
    };
    // Clips and fills are given in points from the lower left, or from the upper left where a `cm` turns the page over.
    let (mut turned, mut saved) = (false, Vec::new());
    let (mut path, mut black, mut size, mut at) = (Vec::new(), true, 0.0, (0.0, 0.0));
    let mut name = Vec::new();
    for operation in &content.operations {
        let given = |n: usize| number(&operation.operands[n]);
        match operation.operator.as_str() {
            "q" => saved.push(turned),
            "Q" => turned = saved.pop().unwrap(),
            "cm" => turned = true,
            "g" => black = given(0) == 0.0,
            "m" | "l" => path.push((given(0), if turned { given(1) } else { height - given(1) })),
            "f" | "f*" if black => page.black.push(around(&std::mem::take(&mut path))),
            "f" | "f*" => path.clear(),
            "W" => {
                let clip = around(&std::mem::take(&mut path));
                let area = Area { left: clip.left + 1.0, right: clip.right - 1.0, ..clip };
                page.lines.push(Line { area, letters: Vec::new() });
            }
            "Tf" => (name, size) = (operation.operands[0].as_name().unwrap().to_vec(), given(1)),
            "Tm" => at = (given(4), given(5)),
            "TJ" | "Tj" => {
                let font = &fonts[&name];
                let parts = match &operation.operands[0] {
                    Object::Array(parts) => parts.clone(),
                    one => vec![one.clone()],
                };
                let line = page.lines.last_mut().unwrap();
                let mut drawn = 0.0;
                for part in parts {
                    let Object::String(glyphs, _) = part else {
                        at.0 -= number(&part) / 1000.0 * size;
                        continue;
                    };
                    for glyph in glyphs.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])) {
                        let wide = font.widths.get(&glyph).copied().unwrap_or(0.0) / 1000.0 * size;
                        let text = font.letters.get(&glyph).cloned().unwrap_or_default();
                        line.letters.push((at.0, at.0 + wide, text));
                        at.0 += wide;
                        drawn += wide;
                    }
                }
                // Marks on a letter may stand so high that they are cut off; letters never.
                let is_inside = line.area.top < at.1 && at.1 < line.area.bottom;
                assert!(is_inside || drawn == 0.0, "{line:?}");
            }
            _ => {}
        }
    }
    for line in &mut page.lines {
        line.letters.sort_by(|one, other| one.0.total_cmp(&other.0));
    }
    page
}

fn font(document: &Document, dictionary: &Dictionary) -> Font {
    let descendants = document.dereference(dictionary.get(b"DescendantFonts").unwrap()).unwrap().1;
    let descendant = document.dereference(&descendants.as_array().unwrap()[0]).unwrap().1.as_dict().unwrap();
    let all = document.dereference(descendant.get(b"W").unwrap()).unwrap().1.as_array().unwrap();
    let mut widths = BTreeMap::new();
    let mut at = 0;
    while at + 1 < all.len() {
        let first = number(&all[at]) as u16;
        if let Object::Array(each) = &all[at + 1] {
            widths.extend((first..).zip(each.iter().map(number)));
            at += 2;
        } else {
            widths.extend((first..=number(&all[at + 1]) as u16).map(|glyph| (glyph, number(&all[at + 2]))));
            at += 3;
        }
    }
    let map = document.dereference(dictionary.get(b"ToUnicode").unwrap()).unwrap().1.as_stream().unwrap();
    let map = String::from_utf8(map.decompressed_content().unwrap()).unwrap();
    let mut letters = BTreeMap::new();
    for line in map.lines().filter(|line| line.starts_with('<')) {
        let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_matches(['<', '>'])).collect();
        let [glyph, text] = words[..] else { panic!("{line}") };
        let units: Vec<u16> =
            (0..text.len() / 4).map(|n| u16::from_str_radix(&text[4 * n..4 * n + 4], 16).unwrap()).collect();
        if glyph != "0000" || text != "FFFF" {
            letters.insert(u16::from_str_radix(glyph, 16).unwrap(), String::from_utf16(&units).unwrap());
        }
    }
    Font { widths, letters }
}

fn around(path: &[(f32, f32)]) -> Area {
    let least = |all: fn(&(f32, f32)) -> f32| path.iter().map(all).fold(f32::INFINITY, f32::min);
    let most = |all: fn(&(f32, f32)) -> f32| path.iter().map(all).fold(f32::NEG_INFINITY, f32::max);
    Area { left: least(|at| at.0), top: least(|at| at.1), right: most(|at| at.0), bottom: most(|at| at.1) }
}

fn number(object: &Object) -> f32 {
    object.as_float().unwrap()
}

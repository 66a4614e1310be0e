//! Labels of items.

use contract::ItemOut;

use super::NotPrinted;
use super::barcode::{Bars, Square, bars};
use super::sheet::{MM, Sheet, document};
use super::stock::Stock;
use super::text::{Line, Setter, bold, height, plain};
use crate::words::Words;

/// As many labels as one document may have.
pub(crate) const MOST: usize = 480;
/// How wide a module is: no less than readers tell apart, and a multiple of the dots of label printers, of which there are
/// eight to the millimetre.
const DOT: f32 = 0.125 * MM;
const NARROWEST: f32 = 2.0 * DOT;
const WIDEST: f32 = 4.0 * DOT;
/// Those of QR codes, which are read from further away.
const NARROWEST_SQUARE: f32 = 3.0 * DOT;
const WIDEST_SQUARE: f32 = 6.0 * DOT;
/// No lower than a reader finds at a slight angle.
const LOWEST: f32 = 5.0 * MM;
const GAP: f32 = 1.0 * MM;

/// How labels are to be printed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub stock: Stock,
    /// So many labels of the first sheet are gone.
    pub gone: usize,
    /// How far all is moved to the right and down, in millimetres, for printers that do not take the sheet straight.
    pub moved: (f32, f32),
}

/// So many labels of each item; no more than [`MOST`] in all.
pub(crate) fn labels(
    items: &[ItemOut],
    copies: usize,
    layout: Layout,
    words: &Words,
) -> Result<Vec<u8>, NotPrinted> {
    let setter = Setter::default();
    let Layout { stock, gone, moved } = layout;
    let label = |item| Label { setter: &setter, stock, words }.set(item);
    let labels: Vec<Sheet> = items.iter().take(MOST).map(label).collect();
    let all = labels.iter().flat_map(|label| std::iter::repeat_n(label, copies)).take(MOST);
    let mut sheets = vec![Sheet::default()];
    for (n, label) in (gone..).zip(all) {
        if n > gone && n % stock.labels() == 0 {
            sheets.push(Sheet::default());
        }
        let (x, y) = stock.place(n);
        if let Some(sheet) = sheets.last_mut() {
            sheet.place(label, (x + moved.0 * MM, y + moved.1 * MM));
        }
    }
    document(stock.page(), &sheets)
}

struct Label<'a> {
    setter: &'a Setter,
    stock: Stock,
    words: &'a Words,
}

/// What a code is printed as.
enum Code {
    Bars(Bars, f32),
    Square(Square, f32),
    /// There is no room for it.
    None,
}

impl Label<'_> {
    /// A label, from its upper left corner.
    fn set(&self, item: &ItemOut) -> Sheet {
        let (margin, above) = self.stock.margins();
        let (width, high) = self.stock.label();
        let text = item.barcode.as_deref().unwrap_or(&item.sku);
        let code = self.code(text, (width - 2.0 * margin, high - 2.0 * above));
        // High letters may need a smaller size. At half of it, those of any font have room.
        let sizes = [1.0, 0.85, 0.7, 0.6, 0.5, 0.4];
        let label = sizes.into_iter().find_map(|size| self.at(size, item, &code));
        label.unwrap_or_default()
    }

    /// The label with texts of that part of their size; none where it has no room for them.
    fn at(&self, size: f32, item: &ItemOut, code: &Code) -> Option<Sheet> {
        let size = |points: f32| points * size * (self.stock.label().1 / (37.0 * MM)).clamp(0.75, 1.6);
        let (margin, above) = self.stock.margins();
        let (width, high) = self.stock.label();
        let bottom = high - above;
        // A QR code stands beside the texts, bars below them.
        let (beside, between) = match code {
            Code::Square(square, module) => (module * count(square.width()), 0.0),
            Code::Bars(..) => (0.0, LOWEST + 2.0 * GAP),
            Code::None => (0.0, 0.0),
        };
        let column = width - 2.0 * margin - beside;
        let below = self.below(code, item, (size(7.0), size(5.0)), column);
        let sku = self.setter.lines(&item.sku, plain(size(8.0)), column, if beside > 0.0 { 3 } else { 1 });
        let room = bottom - above - height(&sku) - between - height(&below);
        let name = |most| self.setter.lines(&item.name, bold(size(9.0)), column, most);
        let name = (1..=4).rev().map(name).find(|lines| height(lines) <= room)?;
        let mut sheet = Sheet::default();
        let y = sheet.lines((margin, above), column, name);
        let y = sheet.lines((margin, y), column, sku);
        let foot = match code {
            Code::Bars(bars, module) => {
                let most = bottom - height(&below) - y - 2.0 * GAP;
                let height = most.min(size(12.0 * MM)).max(LOWEST);
                // The first bar stands at the margin, as far as the quiet zones have room on the label.
                let left = margin.max(module * count(bars.quiet.0));
                let left = left.min(width - module * count(bars.modules.len() + bars.quiet.1));
                let left = on_a_dot(left - module * count(bars.quiet.0));
                sheet.bars((left, y + GAP), height, *module, bars);
                y + height + 2.0 * GAP
            }
            Code::Square(square, module) => {
                let top = (high - module * count(square.width())) / 2.0;
                sheet.square((on_a_dot(margin + column), on_a_dot(top)), *module, square);
                y
            }
            Code::None => y,
        };
        sheet.lines((margin, foot), column, below);
        Some(sheet)
    }

    /// What stands below the code: what it says, or why there is none, and which letters are boxes.
    fn below(&self, code: &Code, item: &ItemOut, (size, small): (f32, f32), width: f32) -> Vec<Line> {
        let text = item.barcode.as_deref().unwrap_or(&item.sku);
        let mut lines = match code {
            Code::None => self.setter.lines(&self.words.say("label-code-too-long"), plain(size), width, 2),
            // The SKU says it already.
            Code::Square(..) if item.barcode.is_none() => Vec::new(),
            Code::Square(..) => self.setter.lines(text, plain(size), width, 3),
            Code::Bars(..) => self.setter.lines(text, plain(size), width, 1),
        };
        let all = format!("{} {} {text}", item.name, item.sku);
        let missing = self.setter.line(&all, plain(1.0), f32::INFINITY).missing;
        if !missing.is_empty() {
            let note = super::missing_letters(&missing, self.words);
            lines.extend(self.setter.lines(&note, plain(small), width, 2));
        }
        lines
    }

    /// How a code is printed in that space: as wide as it can be, and never narrower than a reader reads.
    fn code(&self, text: &str, (width, height): (f32, f32)) -> Code {
        let module = |modules: usize, room: f32| (room / count(modules) / DOT).floor() * DOT;
        if let Some(bars) = bars(text) {
            // The bars keep to the margins; their quiet zones may reach into them.
            let whole = module(bars.width(), self.stock.label().0);
            let module = module(bars.modules.len(), width).min(whole).min(WIDEST);
            if module >= NARROWEST {
                return Code::Bars(bars, module);
            }
        }
        if let Some(square) = Square::of(text) {
            // Its quiet zone may reach into the margins.
            let module = module(square.width(), (width * 0.45).min(height)).min(WIDEST_SQUARE);
            if module >= NARROWEST_SQUARE {
                return Code::Square(square, module);
            }
        }
        Code::None
    }
}

fn count(modules: usize) -> f32 {
    f32::from(u16::try_from(modules).unwrap_or(u16::MAX))
}

fn on_a_dot(length: f32) -> f32 {
    (length / DOT).round() * DOT
}

//! What goes with an order: the list to pick it by, and the slip to pack with it.

use std::collections::BTreeSet;

use contract::{BranchOut, LineOut, OrderOut};

use super::NotPrinted;
use super::barcode::bars;
use super::sheet::{MM, Sheet, Side, document};
use super::text::{Line, Setter, bold, height, plain};
use crate::pages::frame::Frame;
use crate::pages::orders::Items;

/// A4, ISO 216.
const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
const LEFT: f32 = 50.0;
const RIGHT: f32 = WIDTH - 50.0;
const TOP: f32 = 48.0;
/// Where a page ends. Below is its number, and on the last one the line to sign on.
const END: f32 = HEIGHT - 92.0;
/// Between the columns, and around a row.
const GAP: f32 = 8.0;
const PADDING: f32 = 4.0;
/// The columns of the table: where each begins and how wide it is.
const SKU: (f32, f32) = (LEFT + 22.0, 112.0);
const ITEM: (f32, f32) = (SKU.0 + SKU.1 + GAP, 178.0);
const QUANTITY: (f32, f32) = (ITEM.0 + ITEM.1 + GAP, 104.0);
const UNIT: (f32, f32) = (QUANTITY.0 + QUANTITY.1 + GAP, RIGHT - QUANTITY.0 - QUANTITY.1 - GAP);
/// As many lines as a cell may have.
const MOST: usize = 4;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paper {
    /// With boxes to tick, in the order of the SKUs, as shelves are.
    PickList,
    /// With what left the branch, in the order's own order.
    PackingSlip,
}

impl Paper {
    pub(crate) fn parse(word: &str) -> Option<Paper> {
        match word {
            "pick-list" => Some(Paper::PickList),
            "packing-slip" => Some(Paper::PackingSlip),
            _ => None,
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Paper::PickList => "pick-list",
            Paper::PackingSlip => "packing-slip",
        }
    }
}

/// Prints one of an order's papers.
pub(crate) fn paper(
    paper: Paper,
    order: &OrderOut,
    branch: Option<&BranchOut>,
    items: &Items,
    frame: &Frame,
) -> Result<Vec<u8>, NotPrinted> {
    let mut lines: Vec<&LineOut> = order.lines.iter().collect();
    if paper == Paper::PickList {
        lines.sort_by_key(|line| items.sku(&line.item_id));
    }
    let title = frame.about("order-number", "number", order.id);
    let mut pages = Pages {
        paper,
        title,
        frame,
        setter: Setter::default(),
        done: Vec::new(),
        sheet: Sheet::default(),
        y: TOP,
    };
    pages.head(order);
    pages.facts(order, branch);
    pages.columns();
    for line in lines {
        pages.row(line, items);
    }
    pages.finish()
}

/// The pages so far, and how far down the last one is filled.
struct Pages<'a> {
    paper: Paper,
    title: String,
    frame: &'a Frame,
    setter: Setter,
    done: Vec<Sheet>,
    sheet: Sheet,
    y: f32,
}

impl Pages<'_> {
    fn turn(&mut self) {
        self.done.push(std::mem::take(&mut self.sheet));
        let line = self.setter.line(&self.title, plain(9.0), RIGHT - LEFT);
        self.y = self.sheet.text((LEFT, TOP), RIGHT - LEFT, Side::Start, line) + GAP;
    }

    fn head(&mut self, order: &OrderOut) {
        let mut width = RIGHT - LEFT;
        if let Some(bars) = bars(&order.id.to_string()) {
            // Three dots of a label printer, so that any reader reads it.
            let module = 0.375 * MM;
            let wide = module * f32::from(u16::try_from(bars.width()).unwrap_or(u16::MAX));
            self.sheet.bars((RIGHT - wide, TOP), 36.0, module, &bars);
            width -= wide + GAP;
        }
        let name = self.setter.shrunk(&self.frame.say(self.paper.message()), bold(20.0), 10.0, width);
        let title = self.setter.shrunk(&self.title, bold(12.0), 8.0, width);
        let y = self.sheet.text((LEFT, TOP), width, Side::Start, name);
        self.y = self.sheet.text((LEFT, y + 4.0), width, Side::Start, title).max(TOP + 36.0) + GAP;
    }

    fn facts(&mut self, order: &OrderOut, branch: Option<&BranchOut>) {
        let frame = self.frame;
        let zone = branch.map_or("UTC", |branch| &branch.timezone);
        // Each in its own direction.
        let place = branch.map(|branch| format!("{}\n{}", branch.name, branch.location));
        let at = order.fulfilled_at.or(order.submitted_at).unwrap_or(order.created_at);
        let facts = [
            ("branch", place.unwrap_or_default()),
            ("reference", order.reference.clone().unwrap_or_default()),
            ("time", frame.time(&at, zone)),
            ("note", order.note.clone().unwrap_or_default()),
        ];
        let style = plain(9.0);
        let (label, value) = ((LEFT, 80.0), (LEFT + 80.0 + GAP, RIGHT - LEFT - 80.0 - GAP));
        for (message, text) in facts {
            let lines = self.setter.lines(&text, style, value.1, usize::MAX);
            let Some(first) = lines.first() else { continue };
            let name = self.setter.shrunk(&frame.say(message), style, 6.0, label.1);
            if self.y + first.height().max(name.height()) > END {
                self.turn();
            }
            // Both stand on one baseline.
            let top = self.y + (first.ascent - name.ascent).max(0.0);
            self.sheet.text((label.0, top), label.1, Side::Start, name);
            for line in lines {
                if self.y + line.height() > END {
                    self.turn();
                }
                self.y = self.sheet.text((value.0, self.y), value.1, Side::Start, line);
            }
            self.y += 3.0;
        }
    }

    fn columns(&mut self) {
        let quantity = if self.paper == Paper::PickList { "quantity" } else { "delivered" };
        let titles =
            [("sku", SKU, Side::Start), ("item", ITEM, Side::Start), (quantity, QUANTITY, Side::Right)];
        let set = |(message, (x, width), side): (&str, (f32, f32), Side)| {
            (x, width, side, self.setter.shrunk(&self.frame.say(message), bold(9.0), 6.0, width))
        };
        let titles: Vec<_> = titles.into_iter().map(set).collect();
        let high = titles.iter().map(|(.., line)| line.height()).fold(0.0, f32::max);
        // Never alone at the end of a page.
        if self.y + GAP + high + 4.0 * high > END {
            self.turn();
        }
        self.y += GAP;
        for (x, width, side, line) in titles {
            self.sheet.text((x, self.y), width, side, line);
        }
        self.y += high + PADDING;
        self.sheet.area((LEFT, self.y), (RIGHT - LEFT, 0.75), 0);
    }

    fn row(&mut self, line: &LineOut, items: &Items) {
        let style = plain(10.0);
        let picks = self.paper == Paper::PickList;
        let quantity = if picks { line.requested_qty } else { line.fulfilled_qty };
        let cell = |text: &str, (_, width): (f32, f32)| self.setter.lines(text, style, width, MOST);
        let (sku, item, unit) = (
            cell(items.sku(&line.item_id), SKU),
            cell(&items.name(&line.item_id), ITEM),
            cell(items.unit(&line.item_id), UNIT),
        );
        // A number is never cut: the longest there is fits at two thirds of the size.
        let quantity = self.setter.shrunk(&self.frame.quantity(&quantity), style, 6.0, QUANTITY.1);
        let cells = [sku, item, vec![quantity], unit];
        // The first lines of all cells stand on one baseline.
        let ascents = cells.iter().filter_map(|lines| Some(lines.first()?.ascent));
        let baseline = ascents.fold(0.0, f32::max);
        let above = |lines: &[Line]| lines.first().map_or(0.0, |line| baseline - line.ascent);
        let high = cells.iter().map(|lines| above(lines) + height(lines)).fold(11.0, f32::max);
        if self.y + high + 2.0 * PADDING > END {
            self.turn();
            self.columns();
        }
        let top = self.y + PADDING;
        let columns = [(SKU, Side::Start), (ITEM, Side::Start), (QUANTITY, Side::Right), (UNIT, Side::Left)];
        for (lines, ((x, width), side)) in cells.into_iter().zip(columns) {
            let mut y = top + above(&lines);
            for line in lines {
                y = self.sheet.text((x, y), width, side, line);
            }
        }
        if picks {
            self.sheet.tick_box(LEFT, top, 11.0);
        }
        self.y = top + high + PADDING;
        self.sheet.area((LEFT, self.y), (RIGHT - LEFT, 0.4), 200);
    }

    fn finish(mut self) -> Result<Vec<u8>, NotPrinted> {
        let frame = self.frame;
        let missing: BTreeSet<char> =
            self.done.iter().chain([&self.sheet]).flat_map(Sheet::missing).collect();
        if !missing.is_empty() {
            let note = super::missing_letters(&missing, frame);
            let lines: Vec<Line> = self.setter.lines(&note, plain(8.0), RIGHT - LEFT, MOST);
            if self.y + GAP + height(&lines) > END {
                self.turn();
            }
            self.y = self.sheet.lines((LEFT, self.y + GAP), RIGHT - LEFT, lines);
        }
        self.sheet.area((LEFT, HEIGHT - 62.0), (180.0, 0.75), 0);
        let signature = self.setter.shrunk(&frame.say("paper-signature"), plain(8.0), 5.0, 180.0);
        self.sheet.text((LEFT, HEIGHT - 58.0), 180.0, Side::Start, signature);
        let mut sheets = self.done;
        sheets.push(self.sheet);
        let pages = sheets.len();
        for (sheet, page) in sheets.iter_mut().zip(1_usize..) {
            let number = frame.about_all("paper-page", &[("page", &page), ("pages", &pages)]);
            let number = self.setter.line(&number, plain(8.0), 200.0);
            sheet.text((RIGHT - 200.0, HEIGHT - 58.0), 200.0, Side::Right, number);
        }
        document((WIDTH, HEIGHT), &sheets)
    }
}

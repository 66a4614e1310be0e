//! What goes with an order: the list to pick it by, and the slip to pack with it.

use contract::{BranchOut, LineOut, OrderOut};

use super::NotPrinted;
use super::sheet::{HEIGHT, Sheet, WIDTH, bold, cut, document, plain};
use crate::pages::frame::Frame;
use crate::pages::orders::Items;

const LEFT: f32 = 50.0;
const RIGHT: f32 = WIDTH - 50.0;
/// Where the lines of the first page begin, where those of the others do, and where a page ends.
const FIRST: f32 = 190.0;
const NEXT: f32 = 80.0;
const END: f32 = HEIGHT - 90.0;
const LINE: f32 = 22.0;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paper {
    /// With boxes to tick and barcodes to scan, in the order of the SKUs, as shelves are.
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
    let mut sheets = Vec::new();
    let mut sheet = head(paper, order, branch, frame);
    let mut y = FIRST;
    columns(&mut sheet, paper, y, frame);
    for line in lines {
        if y + LINE > END {
            sheets.push(std::mem::take(&mut sheet));
            y = NEXT;
            sheet.text(LEFT, 50.0, plain(9.0), frame.about("order-number", "number", order.id));
            columns(&mut sheet, paper, y, frame);
        }
        y += LINE;
        row(&mut sheet, paper, line, items, frame, y);
    }
    sheet.area((LEFT, HEIGHT - 62.0), (180.0, 0.75), 0);
    sheet.text(LEFT, HEIGHT - 50.0, plain(8.0), frame.say("paper-signature"));
    sheets.push(sheet);
    document(&sheets)
}

fn head(paper: Paper, order: &OrderOut, branch: Option<&BranchOut>, frame: &Frame) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.text(LEFT, 68.0, bold(20.0), frame.say(paper.message()));
    sheet.text(LEFT, 92.0, bold(12.0), frame.about("order-number", "number", order.id));
    sheet.barcode((RIGHT - 150.0, 48.0), (150.0, 36.0), &order.id.to_string());
    let zone = branch.map_or("UTC", |branch| &branch.timezone);
    let place = branch.map(|branch| format!("{}, {}", branch.name, branch.location)).unwrap_or_default();
    let at = order.fulfilled_at.or(order.submitted_at).unwrap_or(order.created_at);
    let facts = [
        ("branch", place),
        ("reference", order.reference.clone().unwrap_or_default()),
        ("time", frame.time(&at, zone)),
        ("note", order.note.clone().unwrap_or_default()),
    ];
    let mut y = 114.0;
    for (message, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        sheet.text(LEFT, y, plain(9.0), frame.say(message));
        sheet.text(LEFT + 80.0, y, plain(9.0), cut(value, plain(9.0), RIGHT - LEFT - 80.0));
        y += 14.0;
    }
    sheet
}

fn columns(sheet: &mut Sheet, paper: Paper, y: f32, frame: &Frame) {
    sheet.text(LEFT + 24.0, y, bold(9.0), frame.say("sku"));
    sheet.text(LEFT + 120.0, y, bold(9.0), frame.say("item"));
    let quantity = frame.say(if paper == Paper::PickList { "quantity" } else { "delivered" });
    sheet.text(RIGHT - 130.0, y, bold(9.0), quantity);
    sheet.area((LEFT, y + 6.0), (RIGHT - LEFT, 0.75), 0);
}

fn row(sheet: &mut Sheet, paper: Paper, line: &LineOut, items: &Items, frame: &Frame, y: f32) {
    let style = plain(10.0);
    sheet.text(LEFT + 24.0, y, style, cut(items.sku(&line.item_id), style, 92.0));
    sheet.text(LEFT + 120.0, y, style, cut(&items.name(&line.item_id), style, 235.0));
    let quantity = if paper == Paper::PickList { line.requested_qty } else { line.fulfilled_qty };
    sheet.number(RIGHT - 80.0, y, style, &frame.quantity(&quantity));
    sheet.text(RIGHT - 72.0, y, style, cut(items.unit(&line.item_id), style, 60.0));
    if paper == Paper::PickList {
        sheet.tick_box(LEFT, y - 9.0, 11.0);
    }
    sheet.area((LEFT, y + 6.0), (RIGHT - LEFT, 0.4), 200);
}

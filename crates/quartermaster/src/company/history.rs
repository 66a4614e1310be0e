//! The company's trade: an opening count, then week by week deliveries, counts and orders.
//!
//! What is available is followed along, so that no order asks for more than there is when it is submitted.

use std::collections::{HashMap, HashSet};

use domain::Quantity;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use services::bulk::Kind;

use super::branches::{BRANCHES, Branch, Size};
use super::catalogue::Item;
use super::{DAYS, File, csv_file};

const WEEK: i32 = 7;
/// The weeks at the end in which some items are not delivered, so that they run low.
const DRY_WEEKS: i32 = 3;
/// The days at the end whose orders may still be open.
const OPEN_DAYS: i32 = 3;

/// An item that a branch holds.
struct Shelf<'i> {
    item: &'i Item,
    /// What may still be ordered, in thousandths: never more than there is.
    available: i64,
    /// What a delivery fills it up to.
    full: i64,
    /// Its supplier has trouble in the last weeks.
    dry: bool,
}

pub(super) fn files(items: &[Item], until: Date, random: &mut ChaCha8Rng) -> crate::Result<Vec<File>> {
    let first = until.checked_sub(jiff::Span::new().try_days(DAYS)?)?;
    let mut shelves: HashMap<&str, Vec<Shelf<'_>>> = BRANCHES
        .iter()
        .map(|branch| (branch.code, items.iter().filter_map(|item| shelf(branch, item, random)).collect()))
        .collect();
    let mut files = Vec::new();
    for week in 0..DAYS / WEEK {
        let monday = first.checked_add(jiff::Span::new().try_days(week * WEEK)?)?;
        let dry = week >= DAYS / WEEK - DRY_WEEKS;
        let (mut stock, mut orders) = (Vec::new(), Vec::new());
        for branch in BRANCHES {
            let Some(shelves) = shelves.get_mut(branch.code) else { continue };
            let morning = at(monday, 6, 0)?;
            stock.extend(fill(branch, shelves, (week == 0, dry), morning, random));
        }
        for day in 0..WEEK {
            let date = monday.checked_add(jiff::Span::new().try_days(day)?)?;
            let open = week * WEEK + day >= DAYS - OPEN_DAYS;
            for branch in BRANCHES {
                let Some(shelves) = shelves.get_mut(branch.code) else { continue };
                orders.extend(trade(branch, shelves, date, (open, dry), random)?);
            }
        }
        files.push(csv_file(Kind::Stock, &["branch", "sku", "quantity", "reason", "at"], stock)?);
        let header = [
            "reference",
            "branch",
            "sku",
            "requested_qty",
            "status",
            "created_at",
            "submitted_at",
            "fulfilled_at",
            "cancelled_at",
        ];
        files.push(csv_file(Kind::Orders, &header, orders)?);
    }
    Ok(files)
}

fn shelf<'i>(branch: &Branch, item: &'i Item, random: &mut ChaCha8Rng) -> Option<Shelf<'i>> {
    let (held, times) = match branch.size {
        Size::Warehouse => (1.0, 6),
        Size::Depot => (0.75, 4),
        Size::Shop => (0.45, 2),
    };
    let full = item.minimum.thousandths() * random.random_range(times..times * 2);
    let dry = random.random_bool(0.3);
    random.random_bool(held).then_some(Shelf { item, available: 0, full, dry })
}

type Cells = Vec<std::borrow::Cow<'static, str>>;

/// Monday's deliveries of what has run down, and a few counts that find a little less than the books say.
fn fill(
    branch: &Branch,
    shelves: &mut [Shelf<'_>],
    (opening, dry): (bool, bool),
    at: Timestamp,
    random: &mut ChaCha8Rng,
) -> Vec<Cells> {
    let mut rows = Vec::new();
    for shelf in shelves {
        let low = shelf.available < shelf.item.minimum.thousandths() * 2;
        let (level, reason) = if opening {
            (shelf.full, "Opening count")
        } else if low && !(dry && shelf.dry) {
            (shelf.full, "Delivery")
        } else if random.random_bool(0.01) && shelf.available > shelf.item.step * 4 {
            (shelf.available - shelf.item.step, "Weekly count")
        } else {
            continue;
        };
        shelf.available = level;
        rows.push(vec![
            branch.name.into(),
            shelf.item.sku.clone().into(),
            quantity(level).into(),
            reason.into(),
            at.to_string().into(),
        ]);
    }
    rows
}

/// A day's orders of a branch.
fn trade(
    branch: &Branch,
    shelves: &mut [Shelf<'_>],
    date: Date,
    (open, dry): (bool, bool),
    random: &mut ChaCha8Rng,
) -> crate::Result<Vec<Cells>> {
    let weekend = date.weekday().to_monday_one_offset() > 5;
    let busiest = match branch.size {
        _ if weekend => 2,
        Size::Warehouse => 7,
        Size::Depot => 6,
        Size::Shop => 5,
    };
    let mut rows = Vec::new();
    for number in 1..=random.random_range(0..=busiest) {
        let created = at(date, random.random_range(7..12), random.random_range(0..60))?;
        let submitted = created + jiff::SignedDuration::from_mins(random.random_range(2..40));
        let ended = submitted + jiff::SignedDuration::from_mins(random.random_range(20..360));
        let status = status(open, random);
        let times = match status {
            "draft" => [Some(created), None, None, None],
            "submitted" => [Some(created), Some(submitted), None, None],
            "cancelled" => [Some(created), Some(submitted), None, Some(ended)],
            _ => [Some(created), Some(submitted), Some(ended), None],
        };
        let reference = format!("{}-{}-{number:02}", branch.code, date.strftime("%y%m%d"));
        for (sku, requested) in lines(shelves, dry, random) {
            let mut row: Cells = vec![
                reference.clone().into(),
                branch.name.into(),
                sku.into(),
                quantity(requested).into(),
                status.into(),
            ];
            row.extend(times.map(|time| time.map_or_else(String::new, |time| time.to_string()).into()));
            rows.push(row);
        }
    }
    Ok(rows)
}

fn status(open: bool, random: &mut ChaCha8Rng) -> &'static str {
    match random.random_range(0..100) {
        0..30 if open => "submitted",
        30..40 if open => "draft",
        0..4 => "cancelled",
        _ => "fulfilled",
    }
}

/// What an order asks for. What it asks for is taken from what is available, whatever becomes of the order: that
/// keeps the figure below what there is.
fn lines(shelves: &mut [Shelf<'_>], dry: bool, random: &mut ChaCha8Rng) -> Vec<(String, i64)> {
    let mut lines = Vec::new();
    let mut chosen = HashSet::new();
    for _ in 0..random.random_range(1..=6) {
        // The square of an even draw: a few items sell often, most of them seldom.
        let drawn =
            random.random_range(0..shelves.len().max(1)) * random.random_range(0..shelves.len().max(1));
        let place = drawn / shelves.len().max(1);
        let Some(shelf) = shelves.get_mut(place) else { continue };
        let steps = shelf.available / shelf.item.step;
        // What is known to run out is bought in haste.
        let most = if dry && shelf.dry { steps * 3 / 4 } else { (steps / 3).min(24) };
        if most >= 1 && chosen.insert(place) {
            let requested = random.random_range(1..=most) * shelf.item.step;
            shelf.available -= requested;
            lines.push((shelf.item.sku.clone(), requested));
        }
    }
    lines
}

fn quantity(thousandths: i64) -> String {
    Quantity::from_thousandths(thousandths).unwrap_or_default().to_string()
}

fn at(date: Date, hour: i8, minute: i8) -> crate::Result<Timestamp> {
    Ok(TimeZone::UTC.to_timestamp(date.at(hour, minute, 0, 0))?)
}

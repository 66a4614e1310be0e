//! Reading order lines and bringing those of an order together.

use std::borrow::Cow;

use domain::Quantity;
use domain::order::{MAX_LINES, OrderCommand, OrderStatus};
use jiff::Timestamp;
use platform::pg::Queries;
use platform::text::{composed, fold};

use crate::answer::as_json;
use crate::bulk::cells::Reader;
use crate::bulk::faults::Faults;
use crate::bulk::names::Branches;
use crate::bulk::table::{Columns, Row, Table};
use crate::bulk::{BadRow, BulkError};
use crate::store::staging::{self, LineWrite, OrderKey};
use crate::store::stock::clock;

/// What every line of an order must say alike.
#[derive(Debug, Clone)]
pub(in crate::bulk) struct Head {
    pub status: OrderStatus,
    pub note: Option<String>,
    /// The order stands as it is: nobody asks for stock.
    pub as_is: bool,
    created_at: Option<Timestamp>,
    submitted_at: Option<Timestamp>,
    fulfilled_at: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
}

/// A head as text: the same text says the same.
type HeadText<'a> = (
    &'a str,
    Option<Cow<'a, str>>,
    Option<Timestamp>,
    Option<Timestamp>,
    Option<Timestamp>,
    Option<Timestamp>,
    bool,
);

impl Head {
    pub(in crate::bulk) fn text(&self) -> String {
        let text: HeadText<'_> = (
            self.status.as_str(),
            self.note.as_deref().map(Cow::Borrowed),
            self.created_at,
            self.submitted_at,
            self.fulfilled_at,
            self.cancelled_at,
            self.as_is,
        );
        as_json(&text)
    }

    /// The head of that text.
    pub(in crate::bulk) fn parse(text: &str) -> Option<Head> {
        let (status, note, created_at, submitted_at, fulfilled_at, cancelled_at, as_is) =
            serde_json::from_str::<HeadText<'_>>(text).ok()?;
        let (status, note) = (OrderStatus::parse(status)?, note.map(Cow::into_owned));
        Some(Head { status, note, as_is, created_at, submitted_at, fulfilled_at, cancelled_at })
    }

    /// What is done to a draft to bring it where the file says it stands, and when.
    pub(in crate::bulk) fn steps(&self) -> Vec<(OrderCommand, Option<Timestamp>)> {
        let fulfil = OrderCommand::Fulfil { override_negative: false };
        let submit = (OrderCommand::Submit, self.submitted_at);
        let last = match self.status {
            OrderStatus::Draft => None,
            OrderStatus::Submitted => Some(submit),
            OrderStatus::Fulfilled => Some((fulfil, self.fulfilled_at)),
            OrderStatus::Cancelled => Some((OrderCommand::Cancel, self.cancelled_at)),
        };
        let before = (self.status != OrderStatus::Submitted && self.submitted_at.is_some()).then_some(submit);
        before.into_iter().chain(last).collect()
    }

    /// Never after what followed it.
    fn created_at(&self, now: Timestamp) -> Timestamp {
        let given = [self.created_at, self.submitted_at, self.fulfilled_at, self.cancelled_at];
        given.into_iter().flatten().next().unwrap_or(now)
    }
}

/// One line of a file, with what it says of its order.
pub(in crate::bulk) struct OrderLineRow {
    reference: Option<String>,
    number: Option<i64>,
    branch: String,
    head: Head,
    sku: String,
    requested: Quantity,
}

pub(in crate::bulk) fn parse(
    columns: &Columns,
    row: &Row,
    branches: &Branches,
) -> Result<OrderLineRow, Vec<BadRow>> {
    let mut reader = Reader::new(columns, row);
    let word = reader.required("status").to_lowercase();
    let status = OrderStatus::parse(&word);
    if status.is_none() && !word.is_empty() {
        reader.fault("status", "must be draft, submitted, fulfilled or cancelled");
    }
    let reference = reader.some_code("reference").map(|reference| {
        reader.checked("reference", &reference, |faults, text| faults.code("/reference", text, 100))
    });
    let number = reader.some_text("number").map(|text| {
        let number = number(&text);
        if number.is_none() {
            reader.fault("number", format!("{text:?} must be the number of an order, such as 5704"));
        }
        number.unwrap_or_default()
    });
    let note = reader.some_text("note");
    let note =
        note.map(|note| reader.checked("note", &note, |faults, text| faults.paragraph("/note", text, 2_000)));
    let requested = reader.required_quantity("requested_qty");
    let branch = reader.required("branch").into_owned();
    let zone = branches.zone(&branch);
    let head = Head {
        status: status.unwrap_or(OrderStatus::Draft),
        note,
        as_is: reader.flag("as_is").unwrap_or(false),
        created_at: reader.time("created_at", &zone),
        submitted_at: reader.time("submitted_at", &zone),
        fulfilled_at: reader.time("fulfilled_at", &zone),
        cancelled_at: reader.time("cancelled_at", &zone),
    };
    for (column, reason) in time_faults(&head) {
        reader.fault(column, reason);
    }
    // Without them nobody can tell whether the order is there already.
    match (&reference, number) {
        (None, None) => reader.fault("reference", "must not be empty where the order has no number"),
        (_, Some(_)) if head.created_at.is_none() => {
            reader.fault("created_at", "must not be empty where the order has a number");
        }
        _ => {}
    }
    let sku = reader.required_code("sku").into_owned();
    reader.finish(OrderLineRow { reference, number, branch, head, sku, requested })
}

/// The number of an order.
fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number| *number > 0)
}

/// What a row that is bad in another place knows its order by: branch, reference and number.
fn key<'r>(columns: &'r Columns, row: &'r Row) -> (Cow<'r, str>, Option<Cow<'r, str>>, Option<i64>) {
    let mut reader = Reader::new(columns, row);
    let number = reader.some_text("number").and_then(|text| number(&text));
    let reference = reader.some_code("reference").map(|text| Cow::Owned(composed(&text).into_owned()));
    (reader.text("branch").unwrap_or_default(), reference, number)
}

/// Puts the lines where those of an order come together; says how many rows the file has. A bad line goes there too,
/// since its order is bad as a whole.
pub(in crate::bulk) async fn stage(
    conn: &Queries,
    table: &mut Table<'_>,
    faults: &mut Faults<'_>,
) -> Result<u64, BulkError> {
    let (branches, now) = (Branches::load(conn).await?, clock(conn).await?);
    let mut copy = staging::copy_lines(conn).await?;
    let (mut row, mut rows) = (Row::default(), 0);
    while table.next(&mut row)? {
        rows += 1;
        match parse(&table.columns, &row, &branches) {
            Ok(OrderLineRow { reference, number, branch, head, sku, requested }) => {
                let lower = fold(&branch);
                let text = head.text();
                let mut times = head.steps().into_iter().map(|(_, at)| at.unwrap_or(now));
                let write = LineWrite {
                    line: row.line,
                    order: OrderKey {
                        branch: branches.find(&branch).ok_or(&lower),
                        reference: reference.as_deref(),
                        number,
                    },
                    sku: &sku,
                    requested,
                    as_is: head.as_is,
                    head: Some(&text),
                    created_at: head.created_at(now),
                    first_at: times.next(),
                    last_at: times.next(),
                };
                staging::line(&mut copy, &write).await?;
            }
            Err(bad) => {
                let (branch, reference, number) = key(&table.columns, &row);
                let lower = fold(&branch);
                let branch = branches.find(&branch).ok_or(lower.as_str());
                let order = OrderKey { branch, reference: reference.as_deref(), number };
                staging::line(&mut copy, &LineWrite::bad(row.line, order, now)).await?;
                faults.extend(bad);
            }
        }
        faults.settle().await?;
    }
    copy.finish().await?;
    staging::gather(conn, MAX_LINES).await?;
    Ok(rows)
}

/// Times must fit the status, and follow each other.
fn time_faults(head: &Head) -> Vec<(&'static str, String)> {
    let Head { status, created_at, submitted_at, fulfilled_at, cancelled_at, .. } = head;
    let mut faults = Vec::new();
    let mut only = |column, time: &Option<Timestamp>, allowed: &[OrderStatus]| {
        if time.is_some() && !allowed.contains(status) {
            faults.push((column, format!("must be empty for an order that is {status}")));
        }
    };
    use OrderStatus::{Cancelled, Fulfilled, Submitted};
    only("submitted_at", submitted_at, &[Submitted, Fulfilled, Cancelled]);
    only("fulfilled_at", fulfilled_at, &[Fulfilled]);
    only("cancelled_at", cancelled_at, &[Cancelled]);
    let times = [
        ("created_at", created_at),
        ("submitted_at", submitted_at),
        ("fulfilled_at", fulfilled_at),
        ("cancelled_at", cancelled_at),
    ];
    let mut last: Option<(&str, Timestamp)> = None;
    for (column, time) in times.into_iter().filter_map(|(column, time)| Some((column, (*time)?))) {
        match last {
            Some((before, earlier)) if time < earlier => {
                faults.push((column, format!("must not be before {before}")));
            }
            _ => last = Some((column, time)),
        }
    }
    faults
}

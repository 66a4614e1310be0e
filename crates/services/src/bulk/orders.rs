//! Orders in files: one order line a line, orders known by branch and reference.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::order::{DraftLine, ItemFacts, MAX_LINES, OrderCommand, OrderStatus, line_faults};
use domain::{BranchId, ItemId, OrderId, Quantity, Refusal, StockKey};
use futures_util::future::try_join_all;
use identity::Caller;
use jiff::Timestamp;
use serde_json::json;

use super::cells::Reader;
use super::names::Names;
use super::table::{Column, Row, Table};
use super::work::{CHUNK, Effect, Work, Written};
use super::{BadRow, BulkError};
use crate::Command;
use crate::documents::orders::OrderChange;
use crate::engine::Outcome;
use crate::orders::fact;
use crate::store::orders::{self as store, DraftWrite};
use crate::store::stock as levels;

pub(super) const COLUMNS: &[Column] = &[
    Column { name: "reference", required: true },
    Column { name: "branch", required: true },
    Column { name: "sku", required: true },
    Column { name: "requested_qty", required: true },
    Column { name: "status", required: true },
    Column { name: "note", required: false },
    Column { name: "created_at", required: false },
    Column { name: "submitted_at", required: false },
    Column { name: "fulfilled_at", required: false },
    Column { name: "cancelled_at", required: false },
];

/// One line of a file, with what it says of its order.
pub(super) struct OrderLineRow {
    line: u64,
    head: Head,
    sku: String,
    requested: Quantity,
}

/// What every line of an order must say alike.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Head {
    reference: String,
    branch: String,
    status: OrderStatus,
    note: Option<String>,
    created_at: Option<Timestamp>,
    submitted_at: Option<Timestamp>,
    fulfilled_at: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
}

/// The lines of one order.
pub(super) struct OrderRows {
    head: Head,
    lines: Vec<FileLine>,
}

struct FileLine {
    line: u64,
    sku: String,
    requested: Quantity,
}

impl OrderRows {
    /// Whether one of its lines is among these.
    pub(super) fn has_line_in(&self, lines: &BTreeSet<u64>) -> bool {
        self.lines.iter().any(|line| lines.contains(&line.line))
    }

    fn first_line(&self) -> u64 {
        self.lines.first().map_or(0, |line| line.line)
    }

    /// Faults of its lines, by their index.
    fn faults(&self, faults: Vec<(usize, &'static str, String)>) -> Vec<BadRow> {
        let line = |index: usize| self.lines.get(index).map_or(0, |line| line.line);
        let bad = |(index, column, reason)| BadRow { line: line(index), column: Some(column), reason };
        faults.into_iter().map(bad).collect()
    }
}

pub(super) fn parse(table: &Table, row: &Row) -> Result<OrderLineRow, Vec<BadRow>> {
    let mut reader = Reader::new(table, row);
    let word = reader.required("status").to_lowercase();
    let status = OrderStatus::parse(&word);
    if status.is_none() && !word.is_empty() {
        reader.fault("status", "must be draft, submitted, fulfilled or cancelled");
    }
    let reference = reader.required("reference").to_owned();
    if reference.chars().count() > 100 {
        reader.fault("reference", "must have at most 100 characters");
    }
    let note = reader.some_text("note").map(str::to_owned);
    if note.as_ref().is_some_and(|note| note.chars().count() > 2_000) {
        reader.fault("note", "must have at most 2000 characters");
    }
    let requested = reader.required_quantity("requested_qty");
    let head = Head {
        reference,
        branch: reader.required("branch").to_owned(),
        status: status.unwrap_or(OrderStatus::Draft),
        note,
        created_at: reader.time("created_at"),
        submitted_at: reader.time("submitted_at"),
        fulfilled_at: reader.time("fulfilled_at"),
        cancelled_at: reader.time("cancelled_at"),
    };
    for (column, reason) in time_faults(&head) {
        reader.fault(column, reason);
    }
    let sku = reader.required("sku").to_owned();
    reader.finish(OrderLineRow { line: row.line, head, sku, requested })
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

/// Brings the lines of each order together. An order with a line among `left_out`, or whose lines contradict each
/// other, is bad as a whole.
pub(super) fn gather(
    rows: Vec<OrderLineRow>,
    left_out: &BTreeSet<u64>,
    bad: &mut Vec<BadRow>,
) -> Vec<OrderRows> {
    let mut index: HashMap<(String, String), usize> = HashMap::new();
    let mut orders: Vec<OrderRows> = Vec::new();
    let mut contradicting = BTreeSet::new();
    for OrderLineRow { line, head, sku, requested } in rows {
        let key = (head.branch.to_lowercase(), head.reference.clone());
        let file_line = FileLine { line, sku, requested };
        let position = *index.entry(key).or_insert(orders.len());
        match orders.get_mut(position) {
            None => orders.push(OrderRows { head, lines: vec![file_line] }),
            Some(order) => {
                if order.head != head {
                    let first = order.first_line();
                    let reason = format!(
                        "says otherwise of this order than its first line, {first}: status, note and times must be the same"
                    );
                    bad.push(BadRow { line, column: Some("reference"), reason });
                    contradicting.insert(line);
                }
                order.lines.push(file_line);
            }
        }
    }
    orders.retain(|order| !order.has_line_in(&contradicting) && !order.has_line_in(left_out));
    orders
}

/// What an order of the file becomes.
struct Plan<'r> {
    rows: &'r OrderRows,
    branch: BranchId,
    lines: Vec<DraftLine>,
}

pub(super) async fn write(work: &Work<'_>, orders: &[&OrderRows]) -> Result<Written, BulkError> {
    let mut written = Written::default();
    let mut plans = plan(work, orders, &mut written).await?;
    // So that ids follow time.
    plans.sort_by_key(|plan| created_at(&plan.rows.head, work.now));
    // Every level is locked at once and in key order, so that this waits for posting lanes, but never in a circle.
    let keys: BTreeSet<StockKey> = plans
        .iter()
        .filter(|plan| plan.rows.head.status != OrderStatus::Draft)
        .flat_map(|plan| plan.lines.iter().map(|line| StockKey { branch: plan.branch, item: line.item }))
        .collect();
    let keys: Vec<StockKey> = keys.into_iter().collect();
    levels::lock(work.conn, &[], &keys).await?;
    let mut commands = Vec::new();
    for chunk in plans.chunks(CHUNK) {
        let ids = draft(work, chunk).await?;
        for (plan, id) in chunk.iter().zip(ids) {
            commands.extend(changes(plan, id, work).into_iter().map(|(at, change)| (at, change, plan.rows)));
            written.effects.push(Effect::Created);
        }
        (work.done)(chunk.iter().map(|plan| plan.lines.len()).sum());
    }
    // What happened first is posted first, whatever the order of the file.
    commands.sort_by_key(|(at, _, _)| *at);
    for chunk in commands.chunks(CHUNK) {
        let requests: Vec<_> =
            chunk.iter().map(|(_, change, _)| work.request(Command::Order(change.clone()))).collect();
        for ((_, change, order), outcome) in chunk.iter().zip(work.post(&requests).await?) {
            if let Outcome::Refused(refusal, _) = outcome {
                written.bad.extend(refused(order, change.command, &refusal, &plans));
            }
        }
    }
    Ok(written)
}

/// Finds the branch and items of each order, and what is wrong with it. Orders that are there already are left out.
async fn plan<'r>(
    work: &Work<'_>,
    orders: &[&'r OrderRows],
    written: &mut Written,
) -> Result<Vec<Plan<'r>>, BulkError> {
    let pairs = orders
        .iter()
        .flat_map(|order| order.lines.iter().map(|line| (order.head.branch.as_str(), line.sku.as_str())));
    let names = Names::load(work, pairs).await?;
    let (facts, active) = (names.facts(work).await?, names.active(work).await?);
    let wanted: Vec<(BranchId, &str)> = orders
        .iter()
        .filter_map(|order| Some((names.branch(&order.head.branch)?, order.head.reference.as_str())))
        .collect();
    let there: HashSet<(BranchId, String)> =
        store::references(work.conn, &wanted).await?.into_iter().collect();
    let mut plans = Vec::with_capacity(orders.len());
    for &rows in orders {
        let branch = names.branch(&rows.head.branch);
        if branch.is_some_and(|branch| there.contains(&(branch, rows.head.reference.clone()))) {
            written.effects.push(Effect::Unchanged);
            (work.done)(rows.lines.len());
            continue;
        }
        let lines: Vec<DraftLine> = rows
            .lines
            .iter()
            // No item has this id: ids start at 1.
            .map(|line| DraftLine {
                item: names.item(&line.sku).unwrap_or(ItemId(0)),
                requested: line.requested,
            })
            .collect();
        let faults = faults(branch, &active, &lines, &facts);
        match branch {
            Some(branch) if faults.is_empty() => plans.push(Plan { rows, branch, lines }),
            _ => written.bad.extend(rows.faults(faults)),
        }
    }
    Ok(plans)
}

fn faults(
    branch: Option<BranchId>,
    active: &HashMap<BranchId, bool>,
    lines: &[DraftLine],
    facts: &HashMap<ItemId, ItemFacts>,
) -> Vec<(usize, &'static str, String)> {
    let mut faults = Vec::new();
    match branch.and_then(|branch| active.get(&branch)) {
        None => faults.push((0, "branch", "there is no such branch".to_owned())),
        Some(false) => faults.push((0, "branch", "the branch is not active".to_owned())),
        Some(true) => {}
    }
    if lines.len() > MAX_LINES {
        faults.push((MAX_LINES, "reference", format!("the order has more than {MAX_LINES} lines")));
    }
    for (index, fault) in line_faults(lines, |item| facts.get(&item).copied()) {
        let column = if fault.is_of_item() { "sku" } else { "requested_qty" };
        faults.push((index, column, fault.to_string()));
    }
    faults
}

/// Stores the orders as drafts; gives their ids.
async fn draft(work: &Work<'_>, plans: &[Plan<'_>]) -> Result<Vec<OrderId>, BulkError> {
    let writes: Vec<DraftWrite> = plans
        .iter()
        .map(|plan| DraftWrite {
            branch: plan.branch,
            reference: Some(plan.rows.head.reference.clone()),
            note: plan.rows.head.note.clone(),
            lines: plan.lines.clone(),
            created_at: Some(created_at(&plan.rows.head, work.now)),
        })
        .collect();
    // All statements are sent before the first answer is awaited.
    let stored =
        try_join_all(writes.iter().map(|write| store::insert(work.conn, write, &work.actor))).await?;
    let facts = stored.iter().map(|(row, lines)| fact("order.created", row, json!({ "to": row.out(lines) })));
    work.tell(facts.collect()).await?;
    Ok(stored.iter().map(|(row, _)| row.id).collect())
}

/// Never after what followed it.
fn created_at(head: &Head, now: Timestamp) -> Timestamp {
    let given = [head.created_at, head.submitted_at, head.fulfilled_at, head.cancelled_at];
    given.into_iter().flatten().next().unwrap_or(now)
}

/// What is done to a draft to bring it where the file says it stands, and when.
fn changes(plan: &Plan<'_>, order: OrderId, work: &Work<'_>) -> Vec<(Timestamp, OrderChange)> {
    let Head { status, submitted_at, fulfilled_at, cancelled_at, .. } = &plan.rows.head;
    let fulfil = OrderCommand::Fulfil { override_negative: false };
    let submit = (OrderCommand::Submit, *submitted_at);
    let submitted_before = submitted_at.is_some().then_some(submit);
    let last = match status {
        OrderStatus::Draft => None,
        OrderStatus::Submitted => Some(submit),
        OrderStatus::Fulfilled => Some((fulfil, *fulfilled_at)),
        OrderStatus::Cancelled => Some((OrderCommand::Cancel, *cancelled_at)),
    };
    let before = submitted_before.filter(|_| *status != OrderStatus::Submitted);
    let step = |(command, at): (OrderCommand, Option<Timestamp>)| {
        let at = at.unwrap_or(work.now);
        (at, OrderChange { order, command, caller: Caller::operator(&work.actor.name), at: Some(at) })
    };
    before.into_iter().chain(last).map(step).collect()
}

/// The bad rows of an order that the rules refused: its short lines, or its first line.
fn refused(order: &OrderRows, command: OrderCommand, refusal: &Refusal, plans: &[Plan<'_>]) -> Vec<BadRow> {
    let verb = match command {
        OrderCommand::Submit => "submitted",
        OrderCommand::Fulfil { .. } => "fulfilled",
        OrderCommand::Cancel => "cancelled",
    };
    let plan = plans.iter().find(|plan| std::ptr::eq(plan.rows, order));
    if let (Refusal::InsufficientStock(short), Some(plan)) = (refusal, plan) {
        let of = |item| plan.lines.iter().position(|line| line.item == item);
        let faults = short.iter().filter_map(|short| {
            let reason =
                format!("cannot be {verb}: asks for {}, available {}", short.requested, short.available);
            Some((of(short.item)?, "requested_qty", reason))
        });
        return order.faults(faults.collect());
    }
    order.faults(vec![(0, "status", format!("cannot be {verb}: {refusal}"))])
}

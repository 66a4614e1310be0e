//! Orders as documents: submit, fulfil, cancel.

use std::collections::HashMap;

use contract::LineOut;
use domain::order::{Order, OrderCommand, OrderLine, OrderStatus};
use domain::{BranchId, ItemId, Levels, MovementKind, OrderId, Posting, Quantity, Refusal};
use jiff::Timestamp;
use platform::pg::{PgError, Queries};
use policy::{Action, OrderFacts as PolicyFacts, Resource};
use serde::Serialize;

use super::{Declined, Effective, Posted};
use crate::answer::Answer;
use crate::asker::Asker;
use crate::request::Actor;
use crate::store::orders::{self as store, LineRow, OrderRow};
use crate::store::sought::Sought;

/// A command on one order.
#[derive(Debug, Clone)]
pub struct OrderChange {
    /// Which order.
    pub order: OrderId,
    /// What to do.
    pub command: OrderCommand,
    /// The only status it may be in, where the command is for others too.
    pub only: Option<OrderStatus>,
    /// When it took effect, where a file tells of the past. Not before the levels last moved.
    pub at: Option<Timestamp>,
    /// It happened elsewhere and is only written down: nobody asks whether there is stock, or whether branch and items are
    /// active.
    pub as_is: bool,
}

/// What the audit keeps of a change.
#[derive(Debug, Serialize)]
struct Details<'a> {
    status: Moved,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<&'a Vec<LineOut>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    override_negative: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    as_is: bool,
    /// When it took effect, where that was not when it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct Moved {
    from: &'static str,
    to: &'static str,
}

/// An order with whether its branch is active, and its lines with whether each one's item is.
pub(crate) type OrderFacts = (OrderRow, bool, Vec<(LineRow, bool)>);

/// The locked orders of a batch.
#[derive(Debug)]
pub(crate) struct Orders(HashMap<OrderId, LoadedOrder>);

#[derive(Debug)]
struct LoadedOrder {
    order: Order,
    row: OrderRow,
    lines: Vec<LineRow>,
    changed: bool,
}

impl Orders {
    pub(crate) async fn load(conn: &Queries, sought: &Sought) -> Result<Orders, PgError> {
        if sought.is_empty() {
            return Ok(Orders(HashMap::new()));
        }
        let (rows, mut lines) =
            futures_util::try_join!(store::lock(conn, sought), store::lines_with_items(conn, sought))?;
        Ok(Orders::of(rows.into_iter().map(|(row, branch_active)| {
            let lines = lines.remove(&row.id).unwrap_or_default();
            (row, branch_active, lines)
        })))
    }

    pub(crate) fn of(orders: impl Iterator<Item = OrderFacts>) -> Orders {
        let loaded = orders.map(|(row, branch_active, lines)| {
            let order = Order {
                id: row.id,
                branch: row.branch,
                branch_active,
                status: row.status,
                lines: lines.iter().map(|(line, active)| order_line(line, *active)).collect(),
            };
            let lines = lines.into_iter().map(|(line, _)| line).collect();
            (row.id, LoadedOrder { order, row, lines, changed: false })
        });
        Orders(loaded.collect())
    }

    /// Those that moved on.
    pub(crate) fn into_changed(self) -> impl Iterator<Item = (OrderRow, Vec<LineRow>)> {
        self.0.into_values().filter(|loaded| loaded.changed).map(|loaded| (loaded.row, loaded.lines))
    }

    /// The branch of an order that there is.
    pub(crate) fn branch(&self, order: OrderId) -> Option<BranchId> {
        self.0.get(&order).map(|loaded| loaded.row.branch)
    }

    pub(crate) fn decide(
        &self,
        change: &OrderChange,
        asker: &Asker,
        levels: &Levels,
    ) -> Result<Posting, Declined> {
        // Another request of the batch may have an order loaded that this one's caller does not see.
        let loaded = self.0.get(&change.order).filter(|loaded| asker.sees(loaded.row.branch));
        let Some(loaded) = loaded else {
            return Err(absent(asker, asked(change.command), change.order));
        };
        require_permit(change, asker, loaded)?;
        let status = loaded.row.status;
        if change.only.is_some_and(|only| only != status) {
            let (verb, allowed) = ("posted once more", "one that was posted before");
            return Err(Refusal::WrongState { status, verb, allowed }.into());
        }
        if !change.as_is {
            return Ok(domain::order::decide(&loaded.order, change.command, levels)?);
        }
        let mut posting = domain::order::record(&loaded.order, change.command)?;
        posting.changes.iter_mut().for_each(|change| change.override_negative = true);
        Ok(posting)
    }

    pub(crate) fn posted(
        &mut self,
        change: &OrderChange,
        actor: &Actor,
        Effective { at, told }: Effective,
    ) -> Result<Posted, Refusal> {
        let LoadedOrder { order, row, lines, changed } =
            self.0.get_mut(&change.order).ok_or(Refusal::NotFound)?;
        let before = row.status;
        let after = change.command.leads_to();
        order.status = after;
        row.status = after;
        row.version += 1;
        match after {
            OrderStatus::Draft => {}
            OrderStatus::Submitted => {
                row.submitted_at = Some(at);
                row.submitted_by_user_id = actor.user_id.as_deref().map(str::to_owned);
            }
            OrderStatus::Fulfilled => row.fulfilled_at = Some(at),
            OrderStatus::Cancelled => row.cancelled_at = Some(at),
        }
        *changed = true;
        let out = row.out(lines);
        let details = Details {
            status: Moved { from: before.as_str(), to: after.as_str() },
            lines: (after != OrderStatus::Cancelled).then_some(&out.lines),
            override_negative: change.command == OrderCommand::Fulfil { override_negative: true },
            as_is: change.as_is,
            at: told,
        };
        Ok(Posted {
            document_type: MovementKind::Fulfilment.document_type(),
            document_id: row.id.0,
            reverses: None,
            reason: None,
            fact: Some(row.fact(action(after), &details)),
            answer: Answer::json(200, &out).with_version(row.version),
        })
    }

    pub(crate) async fn write(&self, conn: &Queries) -> Result<(), PgError> {
        let changed: Vec<&OrderRow> =
            self.0.values().filter(|loaded| loaded.changed).map(|loaded| &loaded.row).collect();
        store::update_status(conn, &changed).await
    }
}

/// May they do this to this order? Who may cancel no order may still cancel a draft of their own.
fn require_permit(change: &OrderChange, asker: &Asker, loaded: &LoadedOrder) -> Result<(), Declined> {
    let resource = Resource::Order(facts(&loaded.row, &loaded.lines));
    let may = |action| asker.authorize(action, resource);
    let permitted = may(asked(change.command));
    match change.command {
        OrderCommand::Submit => permitted?,
        OrderCommand::Fulfil { override_negative } => {
            permitted?;
            if override_negative {
                may(Action::OverrideNegative)?;
            }
        }
        OrderCommand::Cancel => {
            if let Err(denied) = permitted {
                may(Action::CancelOwnDrafts).map_err(|_| denied)?;
                domain::order::require_draft(loaded.row.status, "cancelled by its maker")?;
            }
        }
    }
    Ok(())
}

/// The action that a command is.
fn asked(command: OrderCommand) -> Action {
    match command {
        OrderCommand::Submit => Action::SubmitOrders,
        OrderCommand::Fulfil { .. } => Action::FulfillOrders,
        OrderCommand::Cancel => Action::CancelOrders,
    }
}

/// What an asker is told of an order that is not there, or that they do not see.
pub(crate) fn absent(asker: &Asker, action: Action, order: OrderId) -> Declined {
    asker.absent(action, || format!("order:{order}"))
}

/// What policies may know of an order.
pub(crate) fn facts<'a>(row: &'a OrderRow, lines: &[LineRow]) -> PolicyFacts<'a> {
    PolicyFacts {
        id: Some(row.id),
        branch: row.branch,
        status: row.status,
        lines: lines.len(),
        largest_line: lines.iter().map(|line| line.requested).max().unwrap_or(Quantity::ZERO),
        made_by: row.created_by_user_id.as_deref(),
        submitted_by: row.submitted_by_user_id.as_deref(),
    }
}

fn order_line(line: &LineRow, item_active: bool) -> OrderLine {
    OrderLine { item: ItemId(line.item_id), item_active, requested: line.requested }
}

fn action(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Draft => "order.drafted",
        OrderStatus::Submitted => "order.submitted",
        OrderStatus::Fulfilled => "order.fulfilled",
        OrderStatus::Cancelled => "order.cancelled",
    }
}

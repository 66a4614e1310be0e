//! Drafts as documents: new orders with their lines.

use std::collections::HashMap;

use contract::OrderOut;
use domain::order::check_draft;
use domain::{BranchId, MovementKind, OrderId, Posting, Refusal};
use jiff::Timestamp;
use platform::pg::{PgError, Queries};
use policy::{Action, Resource};
use serde::Serialize;

use super::{Declined, Facts, Posted};
use crate::answer::Answer;
use crate::asker::Asker;
use crate::request::Actor;
use crate::store::audit::Fact;
use crate::store::orders::{self as store, DraftWrite, LineRow, OrderRow};
use crate::store::references::{self, Reference};

/// What the audit keeps of a new order.
#[derive(Debug, Serialize)]
struct Details<'a> {
    to: &'a OrderOut,
}

/// What is told of a new order.
pub(crate) fn created(row: &OrderRow, out: &OrderOut) -> Fact {
    row.fact("order.created", &Details { to: out })
}

/// That another order of the branch has the reference, which callers are told who may see orders there.
pub(crate) fn taken(asker: &Asker, branch: BranchId, order: OrderId) -> Refusal {
    let may_see = asker.authorize(Action::ViewOrders, Resource::Branch(branch)).is_ok();
    Refusal::ReferenceTaken { order: may_see.then_some(order) }
}

/// What the drafts of a batch need: numbers for them and their lines, facts about their branches and items, and which
/// orders have the references that must be unique; and the orders that came of them.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    order_ids: std::vec::IntoIter<i64>,
    line_ids: std::vec::IntoIter<i64>,
    facts: Facts,
    /// Each with an order that has it, those drafted by this batch included.
    holders: HashMap<Reference, OrderId>,
    drafted: Vec<(OrderRow, Vec<LineRow>)>,
}

impl Drafts {
    pub(crate) async fn load(conn: &Queries, drafts: &[&DraftWrite]) -> Result<Drafts, PgError> {
        if drafts.is_empty() {
            return Ok(Drafts::default());
        }
        let lines = || drafts.iter().flat_map(|draft| &draft.lines);
        let unique = drafts.iter().filter_map(|draft| draft.unique_reference());
        let (holders, (order_ids, line_ids), facts) = futures_util::try_join!(
            references::take(conn, unique),
            store::numbers(conn, drafts.len(), lines().count()),
            Facts::load(conn, drafts.iter().map(|draft| draft.branch), lines().map(|line| line.item)),
        )?;
        let holders = holders.into_iter();
        let holders = holders.filter_map(|(reference, orders)| Some((reference, *orders.first()?))).collect();
        Ok(Drafts { holders, ..Drafts::of(order_ids, line_ids, facts) })
    }

    /// With as many numbers as there are drafts and lines.
    pub(crate) fn of(order_ids: Vec<i64>, line_ids: Vec<i64>, facts: Facts) -> Drafts {
        let (order_ids, line_ids) = (order_ids.into_iter(), line_ids.into_iter());
        Drafts { order_ids, line_ids, facts, ..Drafts::default() }
    }

    /// The orders that came of them.
    pub(crate) fn into_drafted(self) -> Vec<(OrderRow, Vec<LineRow>)> {
        self.drafted
    }

    pub(crate) fn decide(&self, draft: &DraftWrite, asker: &Asker) -> Result<Posting, Declined> {
        let branch_active = self.facts.branch_active(draft.branch);
        check_draft(branch_active, &draft.lines, &[], |item| self.facts.item(item))?;
        let holder = draft.unique_reference().and_then(|reference| self.holders.get(&reference));
        if let Some(order) = holder {
            return Err(taken(asker, draft.branch, *order).into());
        }
        Ok(Posting { kind: MovementKind::Fulfilment, changes: Vec::new() })
    }

    pub(crate) fn posted(
        &mut self,
        draft: &DraftWrite,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<Posted, Refusal> {
        // There are as many numbers as drafts and lines.
        let id = self.order_ids.next().ok_or(Refusal::Inconsistent)?;
        let numbered = draft.lines.iter().zip(self.line_ids.by_ref());
        let lines: Vec<LineRow> = numbered
            .map(|(line, id)| LineRow { id, item_id: line.item.0, requested: line.requested })
            .collect();
        let row = OrderRow {
            reference: draft.reference.clone(),
            note: draft.note.clone(),
            ..OrderRow::draft(OrderId(id), draft.branch, actor, at)
        };
        let out = row.out(&lines);
        let posted = Posted {
            document_type: MovementKind::Fulfilment.document_type(),
            document_id: id,
            reverses: None,
            reason: None,
            fact: Some(created(&row, &out)),
            answer: Answer::json(201, &out)
                .with_version(row.version)
                .with_location(format!("/v1/orders/{id}")),
        };
        self.holders.extend(draft.unique_reference().map(|reference| (reference, row.id)));
        self.drafted.push((row, lines));
        Ok(posted)
    }

    pub(crate) async fn write(&self, conn: &Queries) -> Result<(), PgError> {
        store::insert_all(conn, &self.drafted).await
    }
}

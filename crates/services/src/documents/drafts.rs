//! Drafts as documents: new orders with their lines.

use contract::OrderOut;
use domain::order::check_draft;
use domain::{MovementKind, OrderId, Posting, Refusal};
use jiff::Timestamp;
use platform::pg::{PgError, Queries};
use serde::Serialize;

use super::{Facts, Posted};
use crate::answer::Answer;
use crate::request::Actor;
use crate::store::audit::Fact;
use crate::store::orders::{self as store, DraftWrite, LineRow, OrderRow};

/// What the audit keeps of a new order.
#[derive(Debug, Serialize)]
struct Details<'a> {
    to: &'a OrderOut,
}

/// What is told of a new order.
pub(crate) fn created(row: &OrderRow, out: &OrderOut) -> Fact {
    row.fact("order.created", &Details { to: out })
}

/// What the drafts of a batch need: numbers for them and their lines, and facts about their branches and items; and
/// the orders that came of them.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    order_ids: std::vec::IntoIter<i64>,
    line_ids: std::vec::IntoIter<i64>,
    facts: Facts,
    drafted: Vec<(OrderRow, Vec<LineRow>)>,
}

impl Drafts {
    pub(crate) async fn load(conn: &Queries, drafts: &[&DraftWrite]) -> Result<Drafts, PgError> {
        if drafts.is_empty() {
            return Ok(Drafts::default());
        }
        let lines = || drafts.iter().flat_map(|draft| &draft.lines);
        let ((order_ids, line_ids), facts) = futures_util::try_join!(
            store::numbers(conn, drafts.len(), lines().count()),
            Facts::load(conn, drafts.iter().map(|draft| draft.branch), lines().map(|line| line.item)),
        )?;
        Ok(Drafts::of(order_ids, line_ids, facts))
    }

    /// With as many numbers as there are drafts and lines.
    pub(crate) fn of(order_ids: Vec<i64>, line_ids: Vec<i64>, facts: Facts) -> Drafts {
        let (order_ids, line_ids) = (order_ids.into_iter(), line_ids.into_iter());
        Drafts { order_ids, line_ids, facts, drafted: Vec::new() }
    }

    /// The orders that came of them.
    pub(crate) fn into_drafted(self) -> Vec<(OrderRow, Vec<LineRow>)> {
        self.drafted
    }

    pub(crate) fn decide(&self, draft: &DraftWrite) -> Result<Posting, Refusal> {
        let branch_active = self.facts.branch_active(draft.branch);
        check_draft(branch_active, &draft.lines, &[], |item| self.facts.item(item))?;
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
        self.drafted.push((row, lines));
        Ok(posted)
    }

    pub(crate) async fn write(&self, conn: &Queries) -> Result<(), PgError> {
        store::insert_all(conn, &self.drafted).await
    }
}

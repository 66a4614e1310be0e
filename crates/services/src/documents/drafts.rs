//! Drafts as documents: new orders with their lines.

use std::collections::HashMap;

use contract::OrderOut;
use domain::order::{ItemFacts, OrderStatus, check_draft};
use domain::{BranchId, ItemId, MovementKind, OrderId, Posting, Refusal};
use jiff::Timestamp;
use platform::pg::{PgError, Queries};
use serde::Serialize;

use super::Posted;
use crate::answer::{Answer, as_json};
use crate::request::Actor;
use crate::store::audit::Fact;
use crate::store::orders::{self as store, DraftWrite, LineRow, OrderRow};
use crate::store::{branches, items};

/// What the audit keeps of a new order.
#[derive(Debug, Serialize)]
struct Details<'a> {
    to: &'a OrderOut,
}

/// What the drafts of a batch need: numbers for them and their lines, and facts about their branches and items; and
/// the orders that came of them.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    order_ids: std::vec::IntoIter<i64>,
    line_ids: std::vec::IntoIter<i64>,
    branches: HashMap<BranchId, bool>,
    items: HashMap<ItemId, ItemFacts>,
    drafted: Vec<(OrderRow, Vec<LineRow>)>,
}

impl Drafts {
    pub(crate) async fn load(conn: &Queries, drafts: &[&DraftWrite]) -> Result<Drafts, PgError> {
        if drafts.is_empty() {
            return Ok(Drafts::default());
        }
        let mut branch_ids: Vec<i64> = drafts.iter().map(|draft| draft.branch.0).collect();
        let lines = drafts.iter().flat_map(|draft| &draft.lines);
        let mut item_ids: Vec<i64> = lines.map(|line| line.item.0).collect();
        let line_count = item_ids.len();
        for ids in [&mut branch_ids, &mut item_ids] {
            ids.sort_unstable();
            ids.dedup();
        }
        let ((order_ids, line_ids), branches, items) = futures_util::try_join!(
            store::numbers(conn, drafts.len(), line_count),
            branches::active(conn, &branch_ids),
            items::facts(conn, &item_ids),
        )?;
        Ok(Drafts {
            order_ids: order_ids.into_iter(),
            line_ids: line_ids.into_iter(),
            branches: branches.into_iter().collect(),
            items: items.into_iter().collect(),
            drafted: Vec::new(),
        })
    }

    pub(crate) fn decide(&self, draft: &DraftWrite) -> Result<Posting, Refusal> {
        let branch_active = self.branches.get(&draft.branch).copied();
        check_draft(branch_active, &draft.lines, |item| self.items.get(&item).copied())?;
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
            id: OrderId(id),
            branch: draft.branch,
            status: OrderStatus::Draft,
            reference: draft.reference.clone(),
            note: draft.note.clone(),
            created_by: actor.name.to_string(),
            created_by_user_id: actor.user_id.as_deref().map(str::to_owned),
            created_at: at,
            submitted_at: None,
            fulfilled_at: None,
            cancelled_at: None,
            version: 1,
        };
        let out = row.out(&lines);
        let posted = Posted {
            document_type: MovementKind::Fulfilment.document_type(),
            document_id: id,
            reason: None,
            fact: Some(Fact {
                action: "order.created",
                entity_type: "order",
                entity_id: id.to_string(),
                branch_id: Some(draft.branch.0),
                details: as_json(&Details { to: &out }),
            }),
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

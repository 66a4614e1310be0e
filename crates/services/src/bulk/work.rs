//! What every kind of import needs while it writes: its connection, its actor, its request id.

use std::sync::Arc;

use domain::{BranchId, ItemId, StockKey};
use jiff::Timestamp;
use platform::pg::{PgError, Queries};

use super::{BadRow, BulkError, CHANGES_SHOWN, RowChange};
use crate::asker::Asker;
use crate::engine::{Outcome, Request, batch};
use crate::error::Error;
use crate::request::{Actor, RequestContext};
use crate::store::audit::{self, AuditWrite, Fact};
use crate::store::sought::Sought;
use crate::store::stock::LevelRow;
use crate::store::{movements, stock};

/// How many rows one round of statements takes.
pub(super) const CHUNK: usize = 5_000;

/// The open transaction of an import.
pub(super) struct Work<'a> {
    pub conn: &'a Queries,
    pub actor: Actor,
    pub context: RequestContext,
    pub now: Timestamp,
    /// Told of each row that is done.
    pub done: &'a (dyn Fn(usize) + Sync),
}

/// What a file did to one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Created,
    Changed,
    Unchanged,
}

/// What writing the rows did.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub created: u64,
    pub changed: u64,
    pub unchanged: u64,
    /// A row that is refused had done something before: only a new beginning without it undoes that.
    pub spoilt: bool,
    /// The changes of the first rows.
    pub changes: Vec<RowChange>,
}

impl Written {
    pub(super) fn count(&mut self, effect: Effect) {
        match effect {
            Effect::Created => self.created += 1,
            Effect::Changed => self.changed += 1,
            Effect::Unchanged => self.unchanged += 1,
        }
    }

    /// Notes what a row changes, if few have been noted.
    pub(super) fn tell(&mut self, change: impl FnOnce() -> RowChange) {
        if self.changes.len() < CHANGES_SHOWN {
            self.changes.push(change());
        }
    }
}

impl Work<'_> {
    /// The entry of a fact in the audit. It says when it is written, whatever the file says and however long ago the
    /// import began: entries that are dated before earlier ones are taken for forged.
    pub(super) fn entry(&self, fact: Fact, now: Timestamp) -> AuditWrite {
        fact.entry(now, &self.actor, &self.context)
    }

    /// Writes facts to the audit.
    pub(super) async fn tell(&self, facts: Vec<Fact>) -> Result<(), PgError> {
        let now = stock::clock(self.conn).await?;
        let entries: Vec<_> = facts.into_iter().map(|fact| self.entry(fact, now)).collect();
        audit::copy(self.conn, &entries).await?;
        self.conn.replan_as_tables_grow().await
    }

    /// Locks those levels of a branch that there are, in key order.
    pub(super) async fn lock(&self, branch: BranchId, items: &[ItemId]) -> Result<Vec<LevelRow>, PgError> {
        let keys: Vec<StockKey> = items.iter().map(|item| StockKey { branch, item: *item }).collect();
        stock::lock(self.conn, &Sought::default(), &keys).await
    }

    /// Posts requests as the engine does, within this transaction.
    pub(super) async fn post(&self, requests: &[Request]) -> Result<Vec<Outcome>, PgError> {
        let requests: Vec<&Request> = requests.iter().collect();
        let loaded = batch::load(self.conn, &requests).await?;
        self.post_loaded(loaded, &requests).await
    }

    /// Posts requests that are loaded, or some of those that are.
    pub(super) async fn post_loaded(
        &self,
        loaded: batch::Loaded,
        requests: &[&Request],
    ) -> Result<Vec<Outcome>, PgError> {
        let decided = batch::decide(loaded, requests);
        stock::write(self.conn, &decided.existing_levels, &[]).await?;
        // Levels come before movements, which refer to them.
        stock::copy(self.conn, &decided.new_levels).await?;
        self.append(&decided.movements, &decided.entries).await?;
        decided.documents.write(self.conn).await?;
        Ok(decided.outcomes)
    }

    /// Writes to the ledger and the audit.
    pub(super) async fn append(
        &self,
        moved: &[movements::MovementWrite],
        entries: &[AuditWrite],
    ) -> Result<(), PgError> {
        movements::copy(self.conn, moved).await?;
        audit::copy(self.conn, entries).await?;
        self.conn.replan_as_tables_grow().await
    }

    /// A request of this import.
    pub(super) fn request(&self, command: crate::Command) -> Request {
        let (actor, context) = (self.actor.clone(), self.context.clone());
        Request { command, asker: Asker::Operator, actor, context }
    }
}

/// Who imports.
pub(super) fn actor(name: &str) -> Actor {
    Actor { user_id: None, name: Arc::from(name) }
}

/// The bad rows of field faults, or the error itself.
pub(super) fn bad_fields(
    error: Error,
    line: u64,
    columns: &[super::Column],
) -> Result<Vec<BadRow>, BulkError> {
    let Error::Invalid(faults) = error else { return Err(BulkError::Internal(error)) };
    let column = |pointer: &str| {
        columns.iter().map(|column| column.name).find(|name| pointer.strip_prefix('/') == Some(*name))
    };
    let bad =
        |fault: contract::FieldError| BadRow { line, column: column(&fault.pointer), reason: fault.detail };
    Ok(faults.into_iter().map(bad).collect())
}

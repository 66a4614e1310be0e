//! What every kind of import needs while it writes: its connection, its actor, its request id.

use std::sync::Arc;

use jiff::Timestamp;
use platform::pg::{PgError, Queries};

use super::{BadRow, BulkError};
use crate::engine::{Outcome, Request, batch};
use crate::error::Error;
use crate::request::{Actor, RequestContext};
use crate::store::audit::{self, Fact};

/// How many rows one round of statements takes.
pub(super) const CHUNK: usize = 500;

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
    pub effects: Vec<Effect>,
    pub bad: Vec<BadRow>,
}

impl Work<'_> {
    /// Writes facts to the audit and the outbox.
    pub(super) async fn tell(&self, facts: Vec<Fact>) -> Result<(), PgError> {
        let entries: Vec<_> =
            facts.into_iter().map(|fact| fact.entry(self.now, &self.actor, &self.context)).collect();
        audit::insert(self.conn, &entries).await?;
        self.conn.replan_as_tables_grow().await
    }

    /// Posts requests as the engine does, within this transaction.
    pub(super) async fn post(&self, requests: &[Request]) -> Result<Vec<Outcome>, PgError> {
        let requests: Vec<&Request> = requests.iter().collect();
        let loaded = batch::load(self.conn, &requests).await?;
        let decided = batch::decide(loaded, &requests);
        batch::write(self.conn, &decided).await?;
        self.conn.replan_as_tables_grow().await?;
        Ok(decided.outcomes)
    }

    /// A request of this import.
    pub(super) fn request(&self, command: crate::Command) -> Request {
        Request { command, actor: self.actor.clone(), context: self.context.clone() }
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

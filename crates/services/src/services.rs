//! What every use case works with: the database, the engine, and what is known for ever.

use domain::{BranchId, OrderId};
use identity::Caller;
use platform::pg::Database;
use quick_cache::sync::Cache;

use crate::answer::Answer;
use crate::documents::Command;
use crate::engine::{Engine, EngineConfig, Outcome, Request};
use crate::error::Error;
use crate::request::{Actor, RequestContext};
use crate::store::orders as store;

/// How many orders' origins are remembered: a few megabytes.
const REMEMBERED_ORIGINS: usize = 100_000;

/// The services behind their HTTP surface.
#[derive(Debug)]
pub struct Services {
    pub(crate) database: Database,
    pub(crate) engine: Engine,
    origins: Cache<OrderId, OrderOrigin>,
}

/// What never changes of an order: its branch, and the id of the user that drafted it.
#[derive(Debug, Clone)]
pub(crate) struct OrderOrigin {
    pub branch: BranchId,
    pub created_by: Option<String>,
}

impl Services {
    /// Starts the engine on `database`.
    pub fn start(database: Database, engine: &EngineConfig) -> Services {
        let engine = Engine::start(engine, &database);
        Services { database, engine, origins: Cache::new(REMEMBERED_ORIGINS) }
    }

    /// Posts a command and gives its answer.
    pub(crate) async fn post(
        &self,
        command: Command,
        actor: Actor,
        context: RequestContext,
    ) -> Result<Answer, Error> {
        match self.engine.post(Request { command, actor, context }).await? {
            Outcome::Answered(answer) | Outcome::Refused(_, answer) => Ok(answer),
            Outcome::KeyReused => Err(Error::KeyReused),
            Outcome::KeyInFlight => Err(Error::KeyInFlight),
        }
    }

    /// Where an order belongs. Remembered, so that posting needs no look-up of its own.
    pub(crate) async fn origin_of(&self, id: OrderId) -> Result<OrderOrigin, Error> {
        if let Some(origin) = self.origins.get(&id) {
            return Ok(origin);
        }
        let found = store::branch_of(&*self.database.get().await?, id).await?;
        let (branch, created_by) = found.ok_or(Error::NotFound("order"))?;
        let origin = OrderOrigin { branch, created_by };
        self.origins.insert(id, origin.clone());
        Ok(origin)
    }

    /// Remembers where a new order belongs.
    pub(crate) fn remember(&self, order: &store::OrderRow, created_by: &Caller) {
        let created_by = created_by.user_id().map(ToString::to_string);
        let origin = OrderOrigin { branch: order.branch, created_by };
        self.origins.insert(order.id, origin);
    }

    /// Takes no more postings and waits until those that wait are done.
    pub async fn finish(&self) {
        self.engine.finish().await;
    }

    /// The database the services work on.
    pub fn database(&self) -> &Database {
        &self.database
    }
}

//! What every use case works with: the database and the engine.

use platform::pg::Database;

use crate::answer::Answer;
use crate::documents::Command;
use crate::engine::{Engine, EngineConfig, Outcome, Request};
use crate::error::Error;
use crate::order_reader::OrderReader;
use crate::request::{Actor, RequestContext};

/// The services behind their HTTP surface.
#[derive(Debug)]
pub struct Services {
    pub(crate) database: Database,
    pub(crate) engine: Engine,
    pub(crate) order_reader: OrderReader,
}

impl Services {
    /// Starts the engine and the reader of orders on `database`.
    pub fn start(database: Database, engine: &EngineConfig) -> Services {
        let order_reader = OrderReader::start(&database, engine.queue);
        let engine = Engine::start(engine, &database);
        Services { database, engine, order_reader }
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
            Outcome::Denied(denied) => Err(denied.into()),
            Outcome::KeyReused => Err(Error::KeyReused),
            Outcome::KeyInFlight => Err(Error::KeyInFlight),
        }
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

//! What every use case works with: the database and the engine.

use std::sync::Arc;
use std::time::Duration;

use identity::Caller;
use platform::pg::Database;
use policy::{Action, Authorizer, Denied, Permit, Policies, Resource};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::answer::Answer;
use crate::asker::Asker;
use crate::documents::Command;
use crate::engine::{Engine, EngineConfig, Outcome, Request};
use crate::error::Error;
use crate::order_reader::OrderReader;
use crate::policies;
use crate::refusals::Refusals;
use crate::request::{Actor, RequestContext};

/// How often the clerk looks.
const EVERY: Duration = Duration::from_secs(1);

/// The services behind their HTTP surface.
#[derive(Debug)]
pub struct Services {
    pub(crate) database: Database,
    pub(crate) engine: Engine,
    pub(crate) order_reader: OrderReader,
    pub(crate) authorizer: Arc<Authorizer>,
    pub(crate) refusals: Arc<Refusals>,
    /// Whether a reference is that of one order of its branch at most, of those that are not cancelled.
    pub(crate) unique_references: bool,
    tasks: TaskTracker,
    closing: CancellationToken,
}

impl Services {
    /// Starts the engine and the reader of orders on `database`. What callers may do, `authorizer` says.
    pub fn start(database: Database, engine: &EngineConfig, authorizer: Arc<Authorizer>) -> Services {
        let order_reader = OrderReader::start(&database, engine.queue);
        let engine = Engine::start(engine, &database);
        let (tasks, closing, refusals) = (TaskTracker::new(), CancellationToken::new(), Arc::default());
        let clerk = Clerk {
            database: database.clone(),
            authorizer: Arc::clone(&authorizer),
            refusals: Arc::clone(&refusals),
        };
        tasks.spawn(clerk.work(closing.clone()));
        let unique_references = false;
        Services { database, engine, order_reader, authorizer, refusals, unique_references, tasks, closing }
    }

    /// The same, refusing a reference for an order where another one of the branch has it, or not. Orders that share one
    /// from before keep it.
    #[must_use]
    pub fn with_unique_references(self, unique_references: bool) -> Services {
        Services { unique_references, ..self }
    }

    /// May the caller do this? Whoever wants to post asks on the locked document, by [`Asker`](crate::asker::Asker).
    pub(crate) fn authorize(
        &self,
        caller: &Caller,
        action: Action,
        resource: Resource<'_>,
    ) -> Result<Permit, Denied> {
        self.authorizer.authorize(caller, action, resource)
    }

    /// Posts a caller's command and gives its answer.
    pub(crate) async fn post(
        &self,
        command: Command,
        caller: &Caller,
        context: RequestContext,
    ) -> Result<Answer, Error> {
        let (asker, actor) = (Asker::of(self, caller), Actor::of(caller));
        match self.engine.post(Request { command, asker, actor, context }).await? {
            Outcome::Answered(answer) | Outcome::Refused(_, answer) => Ok(answer),
            Outcome::Denied(denied) => Err(denied.into()),
            Outcome::KeyReused(made) => Err(Error::KeyReused(made)),
            Outcome::KeyInFlight => Err(Error::KeyInFlight),
        }
    }

    /// Takes no more postings and waits until those that wait are done.
    pub async fn finish(&self) {
        self.closing.cancel();
        self.tasks.close();
        tokio::join!(self.engine.finish(), self.tasks.wait());
    }

    /// Who is asked what callers may do.
    pub fn authorizer(&self) -> &Arc<Authorizer> {
        &self.authorizer
    }

    /// The database the services work on.
    pub fn database(&self) -> &Database {
        &self.database
    }
}

/// Who writes to the audit what no request writes: that other policies are in force, and how many refusals were only
/// counted.
struct Clerk {
    database: Database,
    authorizer: Arc<Authorizer>,
    refusals: Arc<Refusals>,
}

impl Clerk {
    async fn work(self, closing: CancellationToken) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut written: Option<Arc<Policies>> = None;
        let mut told = false;
        loop {
            let closes = tokio::select! {
                () = closing.cancelled() => true,
                _ = ticks.tick() => false,
            };
            let in_force = self.authorizer.policies();
            if written.as_ref().is_none_or(|written| !Arc::ptr_eq(written, &in_force)) {
                match policies::record(&self.database, &in_force).await {
                    Ok(()) => (written, told) = (Some(in_force), false),
                    Err(_) if told => {}
                    Err(error) => {
                        tracing::warn!(%error, "whether policies changed waits to be written to the audit");
                        told = true;
                    }
                }
            }
            if let Err(error) = self.refusals.settle(&self.database, closes).await {
                tracing::warn!(%error, "a count of refusals could not be written to the audit");
            }
            if closes {
                return;
            }
        }
    }
}

//! A lane: one queue, one connection, one batch at a time.

use std::sync::Arc;
use std::time::Duration;

use platform::pg::{Database, Dedicated, PgError};
use tokio::sync::{Mutex, MutexGuard, mpsc};
use tokio_util::sync::CancellationToken;

use super::{Caller, Outcome, Request, Ticket, batch};
use crate::error::Error;

/// How often a batch is tried when it collides with another process's.
const TRIES: u32 = 6;

/// What posting connections ask of the server. Statements are planned once, since planning anew costs more than it
/// gives; a lock that is not had within 5 s is given up and the batch tried again.
const SETTINGS: &[(&str, &str)] = &[
    ("plan_cache_mode", "force_generic_plan"),
    ("lock_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "30s"),
];

/// A request that has waited for so long is not posted any more: its client is about to give up, and what is behind it
/// would wait as long.
const STALE: Duration = Duration::from_secs(5);

/// How long a lane waits for its turn. Another that waits longer for its locks waits for another process, and keeps
/// nobody from posting.
const TURN_PATIENCE: Duration = Duration::from_millis(20);

/// Whose turn it is to take requests and to load what they need: one lane's at a time. It passes on when the lane has
/// decided and writes, so that the next one loads meanwhile. Were it to take its requests sooner, and those for the same
/// stock, they would wait in PostgreSQL for the other's locks, and whatever comes meanwhile would need another batch.
pub(super) type Turn = Arc<Mutex<()>>;

/// One of the engine's workers.
pub(super) struct Lane {
    database: Database,
    turn: Turn,
    queue: mpsc::Receiver<Ticket>,
    batch: usize,
    connection: Option<Dedicated>,
}

/// Why a batch was not posted.
enum Failure {
    /// Nothing was committed.
    Before(PgError),
    /// COMMIT was sent, and it is not known what became of it.
    Unknown,
}

impl Lane {
    pub(super) fn new(database: Database, turn: Turn, queue: mpsc::Receiver<Ticket>, batch: usize) -> Lane {
        Lane { database, turn, queue, batch, connection: None }
    }

    /// Posts what comes until `closing`, then what still waits.
    pub(super) async fn run(mut self, closing: CancellationToken) {
        let mut tickets = Vec::with_capacity(self.batch);
        let turns = Arc::clone(&self.turn);
        loop {
            tokio::select! {
                biased;
                received = self.queue.recv_many(&mut tickets, self.batch) => {
                    if received == 0 {
                        return;
                    }
                    let turn = take(&turns, &tickets).await;
                    while tickets.len() < self.batch && let Ok(ticket) = self.queue.try_recv() {
                        tickets.push(ticket);
                    }
                    let (fresh, stale): (Vec<Ticket>, Vec<Ticket>) = tickets.drain(..).partition(|ticket| ticket.since.elapsed() < STALE);
                    tell_all(stale.into_iter().map(|ticket| ticket.outcome), || Error::Busy);
                    self.post(fresh, turn).await;
                }
                () = closing.cancelled(), if !self.queue.is_closed() => self.queue.close(),
            }
        }
    }

    /// Posts a batch and tells every caller. A request that the database refuses for a reason of its own is found by
    /// posting each alone, so that it fails by itself.
    async fn post(&mut self, tickets: Vec<Ticket>, turn: Option<MutexGuard<'_, ()>>) {
        if tickets.is_empty() {
            return;
        }
        let (requests, callers): (Vec<_>, Vec<_>) =
            tickets.into_iter().map(|Ticket { request, outcome, .. }| (request, outcome)).unzip();
        let all: Vec<&Request> = requests.iter().collect();
        match self.attempt_often(&all, turn).await {
            Ok(outcomes) => {
                for (caller, outcome) in callers.into_iter().zip(outcomes) {
                    // A caller that went away does not hear it; its request is posted all the same.
                    let _ = caller.send(Ok(outcome));
                }
                // The callers have their answers: what goes wrong here costs a new connection, and nobody a thing.
                if let Some(connection) = &self.connection
                    && connection.replan_as_tables_grow().await.is_err()
                {
                    self.connection = None;
                }
            }
            Err(Failure::Before(PgError::Unavailable(_))) => tell_all(callers, || Error::Unavailable),
            Err(Failure::Before(PgError::Exhausted { what, .. })) => {
                tell_all(callers, || Error::Exhausted(what));
            }
            Err(Failure::Unknown) => tell_all(callers, || Error::OutcomeUnknown),
            Err(Failure::Before(error)) if all.len() == 1 => {
                if let Some(caller) = callers.into_iter().next() {
                    let _ = caller.send(Err(error.into()));
                }
            }
            Err(Failure::Before(error)) => {
                tracing::warn!(%error, requests = all.len(), "a batch was refused; posting each request alone");
                for (request, caller) in requests.iter().zip(callers) {
                    let outcome = match self.attempt_often(&[request], None).await {
                        Ok(outcomes) => outcomes.into_iter().next().ok_or(Error::OutcomeUnknown),
                        Err(Failure::Before(error)) => Err(error.into()),
                        Err(Failure::Unknown) => Err(Error::OutcomeUnknown),
                    };
                    let _ = caller.send(outcome);
                }
            }
        }
    }

    /// Tries again what collided with another process, or met a connection that had died while idle.
    async fn attempt_often(
        &mut self,
        requests: &[&Request],
        mut turn: Option<MutexGuard<'_, ()>>,
    ) -> Result<Vec<Outcome>, Failure> {
        let mut tries = 0;
        loop {
            tries += 1;
            let fresh = self.connection.is_none();
            let failure = match self.attempt(requests, turn.take()).await {
                Ok(outcomes) => return Ok(outcomes),
                Err(failure) => failure,
            };
            self.recover(&failure).await;
            let again = match &failure {
                Failure::Unknown => false,
                // Of a connection that was there before, the server may have been restarted since.
                Failure::Before(PgError::Unavailable(_)) => !fresh,
                Failure::Before(error) => collided(error),
            };
            if !again || tries == TRIES {
                return Err(failure);
            }
            tracing::debug!(tries, "a batch collided and is tried again");
            tokio::time::sleep(Duration::from_millis(2) * tries).await;
        }
    }

    /// One transaction in two round trips: BEGIN with every lock and load, every write with COMMIT.
    async fn attempt(
        &mut self,
        requests: &[&Request],
        turn: Option<MutexGuard<'_, ()>>,
    ) -> Result<Vec<Outcome>, Failure> {
        if self.connection.as_ref().is_none_or(|connection| connection.is_closed()) {
            self.connection = None;
            let connection = self.database.dedicated("services", SETTINGS).await.map_err(Failure::Before)?;
            self.connection = Some(connection);
        }
        let Some(connection) = &self.connection else {
            return Err(Failure::Before(PgError::Unavailable(None)));
        };
        let (_, loaded) = futures_util::try_join!(connection.begin(), batch::load(connection, requests))
            .map_err(Failure::Before)?;
        let decided = batch::decide(loaded, requests);
        drop(turn);
        match futures_util::try_join!(batch::write(connection, &decided), connection.commit()) {
            Ok(_) => Ok(decided.outcomes),
            Err(PgError::UnknownOutcome | PgError::Unavailable(_)) => Err(Failure::Unknown),
            Err(error) => Err(Failure::Before(error)),
        }
    }

    /// Leaves the connection without a transaction, or gives it up.
    async fn recover(&mut self, failure: &Failure) {
        let keep = match (failure, &self.connection) {
            (Failure::Before(error), Some(connection)) if !matches!(error, PgError::Unavailable(_)) => {
                connection.rollback().await.is_ok()
            }
            _ => false,
        };
        if !keep {
            self.connection = None;
        }
    }
}

/// The turn, where the requests lock stock: drafts wait for nobody, and nobody for them.
async fn take<'a>(turn: &'a Turn, tickets: &[Ticket]) -> Option<MutexGuard<'a, ()>> {
    if !tickets.iter().any(|ticket| ticket.request.command.locks_stock()) {
        return None;
    }
    tokio::time::timeout(TURN_PATIENCE, turn.lock()).await.ok()
}

/// Tells all callers the same.
fn tell_all(callers: impl IntoIterator<Item = Caller>, error: impl Fn() -> Error) {
    for caller in callers {
        // Who went away does not hear it.
        let _ = caller.send(Err(error()));
    }
}

/// Whether another process's transaction was in the way: the same batch, run again, sees what that one did. Two
/// processes that stock an item at a branch for the first time meet at the primary key.
fn collided(error: &PgError) -> bool {
    let meets = |name| matches!(name, "services_stock_pkey" | "services_idempotency_keys_pkey");
    error.is_retryable() || error.constraint().is_some_and(meets)
}

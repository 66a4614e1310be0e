//! A posting connection: one batch at a time, in a transaction of two round trips.

use std::time::Duration;

use platform::pg::{Database, Dedicated, PgError};

use super::turn::Turn;
use super::{Caller, Outcome, Request, Ticket, batch};
use crate::error::Error;

/// How often a batch is tried when it collides with another process's.
const TRIES: u32 = 6;

/// What posting connections ask of the server. Statements are planned once, since planning anew costs more than it
/// gives; a lock that is not had within 5 s is given up and the batch tried again; a process that stands still with
/// locks in its hands (a paused machine) loses them after 2 s, so that no other waits for it longer.
const SETTINGS: &[(&str, &str)] = &[
    ("plan_cache_mode", "force_generic_plan"),
    ("lock_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "2s"),
];

/// Posts batches on a connection of its own, which it makes when the first comes.
#[derive(Debug)]
pub(super) struct Poster {
    database: Database,
    connection: Option<Dedicated>,
}

/// Why a batch was not posted.
enum Failure {
    /// Nothing was committed.
    Before(PgError),
    /// COMMIT was sent, and it is not known what became of it.
    Unknown,
}

impl Poster {
    pub(super) fn new(database: Database) -> Poster {
        Poster { database, connection: None }
    }

    /// Posts a batch and tells every caller. A request that the database refuses for a reason of its own is found by
    /// posting each alone, so that it fails by itself.
    pub(super) async fn post(&mut self, tickets: Vec<Ticket>, turn: Option<Turn<'_>>) {
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
        mut turn: Option<Turn<'_>>,
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

    /// One transaction in two round trips: BEGIN with every lock and load, every write with COMMIT. Who gives up the wait
    /// gives up the connection, and with it the transaction.
    async fn attempt(
        &mut self,
        requests: &[&Request],
        turn: Option<Turn<'_>>,
    ) -> Result<Vec<Outcome>, Failure> {
        let connection = match self.connection.take().filter(|connection| !connection.is_closed()) {
            Some(connection) => connection,
            None => self.database.dedicated("services", SETTINGS).await.map_err(Failure::Before)?,
        };
        let attempted = attempt_on(&connection, requests, turn).await;
        self.connection = Some(connection);
        attempted
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

async fn attempt_on(
    connection: &Dedicated,
    requests: &[&Request],
    turn: Option<Turn<'_>>,
) -> Result<Vec<Outcome>, Failure> {
    let (_, loaded) = futures_util::try_join!(connection.begin(), batch::load(connection, requests))
        .map_err(Failure::Before)?;
    let levels = loaded.levels().map(|row| row.key).collect();
    let decided = batch::decide(loaded, requests);
    let _kept = turn.and_then(|turn| turn.pass_on(levels));
    match futures_util::try_join!(batch::write(connection, &decided), connection.commit()) {
        Ok(_) => Ok(decided.outcomes),
        Err(PgError::UnknownOutcome | PgError::Unavailable(_)) => Err(Failure::Unknown),
        Err(error) => Err(Failure::Before(error)),
    }
}

/// Tells all callers the same.
pub(super) fn tell_all(callers: impl IntoIterator<Item = Caller>, error: impl Fn() -> Error) {
    for caller in callers {
        // Who went away does not hear it.
        let _ = caller.send(Err(error()));
    }
}

/// Whether another process's transaction was in the way: the same batch, run again, sees what that one did. Two
/// processes that stock an item at a branch for the first time meet at the primary key, and two that undo the same
/// movement at the index of what is undone.
pub(crate) fn collided(error: &PgError) -> bool {
    let meets = |name| {
        let names = [
            "services_stock_pkey",
            "services_idempotency_keys_pkey",
            "services_stock_movements_reverses_key",
        ];
        names.contains(&name)
    };
    error.is_retryable() || error.constraint().is_some_and(meets)
}

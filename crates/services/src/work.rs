//! Changes that do not touch stock: one transaction with the change, its audit entry, its event and its answer.

use identity::Caller;
use jiff::Timestamp;
use platform::pg::{Database, PgError, Queries, Transaction};
use policy::Action;

use crate::answer::Answer;
use crate::asker::Asker;
use crate::error::Error;
use crate::replay::{self, Again};
use crate::request::{Actor, IdempotencyKey, RequestContext};
use crate::services::Services;
use crate::store::audit::{self, AuditWrite, Fact};
use crate::store::idempotency::{self, AnswerWrite};
use crate::store::stock;

/// A transaction that ends in [`Work::finish`]; dropped before, it is rolled back.
pub(crate) struct Work<'a> {
    transaction: Transaction,
    actor: Actor,
    context: &'a RequestContext,
    now: Timestamp,
}

/// A begun work, or the answer its Idempotency-Key already has.
#[expect(clippy::large_enum_variant, reason = "taken apart where it is made; never stored")]
pub(crate) enum Begun<'a> {
    Work(Work<'a>),
    Answered(Answer),
}

impl<'a> Work<'a> {
    /// Begins a transaction and takes the request's Idempotency-Key. The answer that the key already has is given to
    /// callers who may `view` what it tells of.
    ///
    /// # Errors
    /// When the key's first request still runs or was another request, its answer is not for the caller any more, or the
    /// database is away.
    pub(crate) async fn begin(
        services: &Services,
        caller: &Caller,
        context: &'a RequestContext,
        view: Action,
    ) -> Result<Begun<'a>, Error> {
        let transaction = services.database.begin_joined("services").await?;
        let keys: Vec<&IdempotencyKey> = context.idempotency.iter().collect();
        let ((), locked, found, now) = futures_util::try_join!(
            transaction.send_begin(),
            idempotency::try_lock(&transaction, &keys),
            idempotency::find(&transaction, &keys),
            stock::clock(&transaction),
        )?;
        if let Some(stored) = found.into_iter().flatten().next() {
            transaction.rollback().await?;
            return match replay::again(stored, context, &Asker::of(services, caller), view)? {
                Again::Same(answer) => Ok(Begun::Answered(answer)),
                Again::Other { made } => Err(Error::KeyReused(made)),
            };
        }
        if locked.contains(&false) {
            transaction.rollback().await?;
            return Err(Error::KeyInFlight);
        }
        Ok(Begun::Work(Work { transaction, actor: Actor::of(caller), context, now }))
    }

    /// Rolls back, which leaves the key free.
    pub(crate) async fn give_up(self) {
        // Where that fails the connection is lost, which rolls back as well.
        let _ = self.transaction.rollback().await;
    }

    /// Marks where the transaction is, to return there when the next change comes to nothing.
    pub(crate) async fn set_savepoint(&self) -> Result<(), PgError> {
        self.transaction.set_savepoint().await
    }

    /// Keeps what was changed since the savepoint.
    pub(crate) async fn release_savepoint(&self) -> Result<(), PgError> {
        self.transaction.release_savepoint().await
    }

    /// Undoes what was changed since the savepoint.
    pub(crate) async fn return_to_savepoint(&self) -> Result<(), PgError> {
        self.transaction.return_to_savepoint().await
    }

    /// Where the change's own statements go.
    pub(crate) fn conn(&self) -> &Queries {
        &self.transaction
    }

    /// Writes what the change tells and its answer, and commits; or rolls back what came to nothing. After that the key is
    /// free, so that whoever asks again at once is not told that the first request still runs.
    ///
    /// # Errors
    /// What `changed` says, or when the database refuses or its answer to the commit is not known.
    pub(crate) async fn finish(self, changed: Result<(Fact, Answer), Error>) -> Result<Answer, Error> {
        self.finish_all(changed.map(|(fact, answer)| (vec![fact], answer))).await
    }

    /// The same of many changes with one answer.
    ///
    /// # Errors
    /// As [`Work::finish`].
    pub(crate) async fn finish_all(
        self,
        changed: Result<(Vec<Fact>, Answer), Error>,
    ) -> Result<Answer, Error> {
        let (facts, answer) = match changed {
            Ok(changed) => changed,
            Err(error) => {
                self.give_up().await;
                return Err(error);
            }
        };
        let entries: Vec<AuditWrite> =
            facts.into_iter().map(|fact| fact.entry(self.now, &self.actor, self.context)).collect();
        let answers: Vec<AnswerWrite<'_>> =
            self.context.idempotency.iter().map(|key| AnswerWrite { key, answer: &answer }).collect();
        let conn: &Queries = &self.transaction;
        let finished = futures_util::try_join!(
            audit::insert(conn, &entries),
            idempotency::insert(conn, &answers),
            self.transaction.send_commit(),
        );
        match finished {
            Ok(_) => {
                self.transaction.finished();
                Ok(answer)
            }
            // COMMIT was sent, and it is not known what became of it.
            Err(PgError::UnknownOutcome | PgError::Unavailable(_)) => Err(Error::OutcomeUnknown),
            Err(error) => Err(error.into()),
        }
    }
}

/// Keeps a refusal under the request's Idempotency-Key, so that a repeated request gets the same bytes.
///
/// # Errors
/// When the database refuses; the refusal itself stands.
pub(crate) async fn keep_refusal(
    database: &Database,
    context: &RequestContext,
    answer: &Answer,
) -> Result<(), Error> {
    let Some(key) = &context.idempotency else { return Ok(()) };
    let transaction = database.begin().await?;
    let keys = [key];
    let (locked, found) = futures_util::try_join!(
        idempotency::try_lock(&transaction, &keys),
        idempotency::find(&transaction, &keys)
    )?;
    if locked == [true] && found.iter().all(Option::is_none) {
        idempotency::insert(&transaction, &[AnswerWrite { key, answer }]).await?;
    }
    transaction.commit().await?;
    Ok(())
}

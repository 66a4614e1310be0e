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
use crate::store::audit::{self, Fact};
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
        let (fact, answer) = match changed {
            Ok(changed) => changed,
            Err(error) => {
                // Where that fails the connection is lost, which rolls back as well.
                let _ = self.transaction.rollback().await;
                return Err(error);
            }
        };
        let entries = [fact.entry(self.now, &self.actor, self.context)];
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

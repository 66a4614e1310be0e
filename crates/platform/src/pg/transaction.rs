//! Transactions on pooled connections.

use std::ops::Deref;

use deadpool::managed::Object;

use super::pool::{Connection, Connector};
use super::{PgError, Queries};

/// An open transaction. Dropped unfinished, it closes its connection, which rolls it back: a connection never
/// returns to the pool with a transaction open.
#[derive(Debug)]
pub struct Transaction {
    /// Present until the transaction is finished or dropped.
    connection: Option<Connection>,
}

impl Transaction {
    pub(super) async fn begin(connection: Connection, command: &str) -> Result<Transaction, PgError> {
        let transaction = Transaction::unbegun(connection);
        transaction.run(command).await?;
        Ok(transaction)
    }

    pub(super) fn unbegun(connection: Connection) -> Transaction {
        Transaction { connection: Some(connection) }
    }

    /// Sends BEGIN, joined with the first statements.
    ///
    /// # Errors
    /// [`PgError`].
    pub async fn send_begin(&self) -> Result<(), PgError> {
        self.run("begin").await
    }

    /// Marks where the transaction is. There is one mark at a time.
    ///
    /// # Errors
    /// [`PgError`].
    pub async fn set_savepoint(&self) -> Result<(), PgError> {
        self.run("savepoint here").await
    }

    /// Keeps what was done since the mark, and forgets the mark.
    ///
    /// # Errors
    /// [`PgError`].
    pub async fn release_savepoint(&self) -> Result<(), PgError> {
        self.run("release savepoint here").await
    }

    /// Undoes what was done since the mark, also what a failed statement left behind, and forgets the mark.
    ///
    /// # Errors
    /// [`PgError`].
    pub async fn return_to_savepoint(&self) -> Result<(), PgError> {
        self.run("rollback to savepoint here; release savepoint here").await
    }

    /// Sends COMMIT, joined with the last statements. When one of those fails, nothing was committed; when one of them
    /// loses the connection, the outcome is unknown. Only after the whole join succeeded is the transaction
    /// [finished](Transaction::finished).
    ///
    /// # Errors
    /// [`PgError::UnknownOutcome`] when COMMIT warned or did not answer.
    pub async fn send_commit(&self) -> Result<(), PgError> {
        Queries::commit(self).await
    }

    /// Gives the connection of a transaction that has ended back to the pool.
    pub fn finished(mut self) {
        drop(self.connection.take());
    }

    /// Commits. The caller has seen every statement of the transaction succeed.
    ///
    /// # Errors
    /// [`PgError::UnknownOutcome`] when COMMIT warned or did not answer; otherwise nothing was committed.
    pub async fn commit(self) -> Result<(), PgError> {
        self.send_commit().await?;
        self.finished();
        Ok(())
    }

    /// Rolls back and gives the connection back to the pool.
    ///
    /// # Errors
    /// [`PgError`] when the connection was lost, which rolls back too.
    pub async fn rollback(self) -> Result<(), PgError> {
        self.run("rollback").await?;
        self.finished();
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = Queries;

    #[expect(clippy::expect_used, reason = "only commit, rollback and drop take it, and they take the value")]
    fn deref(&self) -> &Queries {
        self.connection.as_deref().expect("a transaction has its connection until it is finished")
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(Connection(object)) = self.connection.take() {
            let unfinished: Queries = Object::<Connector>::take(object);
            drop(unfinished);
        }
    }
}

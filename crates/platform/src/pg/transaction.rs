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
        let transaction = Transaction { connection: Some(connection) };
        transaction.run(command).await?;
        Ok(transaction)
    }

    /// Commits. The caller has seen every statement of the transaction succeed.
    ///
    /// # Errors
    /// [`PgError::UnknownOutcome`] when COMMIT warned or did not answer; otherwise nothing was committed.
    pub async fn commit(mut self) -> Result<(), PgError> {
        let committed = Queries::commit(&self).await;
        if committed.is_ok() {
            drop(self.connection.take());
        }
        committed
    }

    /// Rolls back and gives the connection back to the pool.
    ///
    /// # Errors
    /// [`PgError`] when the connection was lost, which rolls back too.
    pub async fn rollback(mut self) -> Result<(), PgError> {
        self.run("rollback").await?;
        drop(self.connection.take());
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

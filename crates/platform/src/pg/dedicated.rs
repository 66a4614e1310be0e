//! Connections outside the pool, for those who pipeline whole transactions.

use std::ops::Deref;

use super::{PgError, Queries};

/// A connection of one owner for as long as it lives. Every statement is prepared, so BEGIN can be sent in one join
/// with the first statements, and COMMIT with the last.
#[derive(Debug)]
pub struct Dedicated(pub(super) Queries);

impl Deref for Dedicated {
    type Target = Queries;
    fn deref(&self) -> &Queries {
        &self.0
    }
}

impl Dedicated {
    /// Sends BEGIN.
    ///
    /// # Errors
    /// [`PgError`].
    pub async fn begin(&self) -> Result<(), PgError> {
        self.0.run("begin").await
    }

    /// Sends COMMIT. When it is joined with the last statements and one of those fails, nothing was committed; when
    /// one of them loses the connection, the outcome is unknown.
    ///
    /// # Errors
    /// [`PgError::UnknownOutcome`] when COMMIT warned or did not answer.
    pub async fn commit(&self) -> Result<(), PgError> {
        self.0.commit().await
    }

    /// Ends what is open, so that the connection can begin anew.
    ///
    /// # Errors
    /// [`PgError`] when the connection is lost, which ends it too.
    pub async fn rollback(&self) -> Result<(), PgError> {
        self.0.run("rollback").await
    }
}

//! The totals that reports are made of, kept up with the ledger beside the requests: nothing is written for them when
//! stock is posted.
//!
//! Movements have rising numbers, but a transaction that took its numbers first may commit last. So the keeper marks the
//! last number taken in a transaction of its own number: once every transaction before that one has ended, each movement
//! up to the marked number is there or never will be, and can be added. A transaction has its own number before it takes
//! one for a movement, since it locks or writes the stock level first. The number of the next transaction to begin would
//! not do: a snapshot's `xmax` is the one after the last that has *completed*, and those that run may have higher ones.

use std::time::Duration;

use jiff::SignedDuration;
use platform::pg::{Database, PgError};

use crate::store::totals as store;

/// How many movements are added at once, so that no transaction runs for long.
const AT_ONCE: i64 = 50_000;

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The totals hold everything that was there at its beginning, or at that of a step before.
    UpToDate,
    /// There is more to add.
    More,
    /// Transactions that run may still commit movements, or another process keeps the totals.
    Waiting,
}

/// Keeps the totals. Any number may run: one at a time does the work.
#[derive(Debug)]
pub struct Keeper {
    database: Database,
}

impl Keeper {
    /// A keeper of the totals in `database`.
    pub fn new(database: Database) -> Keeper {
        Keeper { database }
    }

    /// Adds movements that have become final to the totals, and begins new days.
    ///
    /// # Errors
    /// When the database refuses or is away; nothing was added then.
    pub async fn step(&self) -> Result<Step, PgError> {
        let transaction = self.database.begin().await?;
        let last = store::last_movement(&transaction).await?;
        if store::state(&transaction).await? == (last, false) {
            transaction.rollback().await?;
            return Ok(Step::UpToDate);
        }
        let Some((from, marked)) = store::lock_state(&transaction).await? else {
            transaction.rollback().await?;
            return Ok(Step::Waiting);
        };
        let mark = match marked {
            Some(mark) => mark,
            None => store::mark(&transaction, last).await?,
        };
        if store::oldest_transaction(&transaction).await? < mark.transaction {
            transaction.commit().await?;
            return Ok(Step::Waiting);
        }
        let to = mark.movement.min(from.saturating_add(AT_ONCE)).max(from);
        store::add(&transaction, from, to).await?;
        if to < mark.movement {
            store::advance(&transaction, to).await?;
            transaction.commit().await?;
            return Ok(Step::More);
        }
        store::remake_turnover(&transaction, to).await?;
        store::complete(&transaction, to).await?;
        transaction.commit().await?;
        Ok(Step::UpToDate)
    }

    /// Counts the stock levels and cancelled orders of every branch, unless that was done less than `age` ago. Says
    /// whether it was done now.
    ///
    /// # Errors
    /// When the database refuses or is away.
    pub async fn count(&self, age: Duration) -> Result<bool, PgError> {
        let transaction = self.database.begin().await?;
        let due = match store::lock_count(&transaction).await? {
            Some((Some(counted), now)) if now.duration_since(counted) < signed(age) => None,
            Some((_, now)) => Some(now),
            None => None,
        };
        if let Some(now) = due {
            store::count(&transaction, now).await?;
        }
        transaction.commit().await?;
        Ok(due.is_some())
    }
}

/// Forgets the totals: the next steps of a keeper make them anew from the ledger.
///
/// # Errors
/// When the database refuses or is away.
pub async fn forget(database: &Database) -> Result<(), PgError> {
    let transaction = database.begin().await?;
    store::forget(&transaction).await?;
    transaction.commit().await
}

fn signed(age: Duration) -> SignedDuration {
    SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX)
}

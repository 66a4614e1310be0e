//! Whose turn it is to take requests that lock stock.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::StockKey;
use tokio::sync::{Mutex, MutexGuard};

use super::Ticket;

/// How long one waits for its turn. Another that waits longer for its locks waits for another process, and keeps nobody
/// from posting.
const PATIENCE: Duration = Duration::from_millis(20);

/// One lane at a time takes requests and loads what they need. Its turn passes on when it has decided and writes, so that
/// the next one loads meanwhile; where batches follow each other for the same stock, when it has committed. Were the next
/// one to take its requests sooner, they would wait in PostgreSQL for the other's locks, and whatever comes meanwhile
/// would need another batch.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// What the batch before locked.
    locked: Mutex<HashSet<StockKey>>,
    /// Whether the last one was kept until the commit.
    are_kept: AtomicBool,
}

/// A turn, until it is dropped.
pub(super) struct Turn<'a> {
    locked: MutexGuard<'a, HashSet<StockKey>>,
    are_kept: &'a AtomicBool,
}

impl Turns {
    /// The next turn, where the requests lock stock: drafts wait for nobody, and nobody for them.
    pub(super) async fn take(&self, tickets: &[Ticket]) -> Option<Turn<'_>> {
        if !tickets.iter().any(|ticket| ticket.request.command.locks_stock()) {
            return None;
        }
        let locked = tokio::time::timeout(PATIENCE, self.locked.lock()).await.ok()?;
        Some(Turn { locked, are_kept: &self.are_kept })
    }

    /// Whether batches follow each other for the same stock, so that one lane does as much as several.
    pub(super) fn are_kept(&self) -> bool {
        self.are_kept.load(Ordering::Relaxed)
    }
}

impl Turn<'_> {
    /// Passes the turn on, now that the batch is loaded and decided; gives it back to be kept until the commit where most
    /// of these levels are those that the batch before locked.
    pub(super) fn pass_on(mut self, levels: HashSet<StockKey>) -> Option<Self> {
        let again = levels.intersection(&self.locked).count();
        let keep = 2 * again > levels.len();
        self.are_kept.store(keep, Ordering::Relaxed);
        *self.locked = levels;
        keep.then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use domain::{BranchId, ItemId};

    use super::*;

    /// Whether a batch that locks these items of a branch keeps its turn until it has committed.
    async fn keeps(turns: &Turns, items: &[i64]) -> bool {
        let turn = Turn { locked: turns.locked.lock().await, are_kept: &turns.are_kept };
        let key = |item: &i64| StockKey { branch: BranchId(1), item: ItemId(*item) };
        let kept = turn.pass_on(items.iter().map(key).collect()).is_some();
        assert_eq!(turns.are_kept(), kept, "{items:?}");
        kept
    }

    #[tokio::test]
    async fn a_turn_is_kept_where_most_of_the_stock_is_that_of_the_batch_before() {
        let turns = Turns::default();
        assert!(!keeps(&turns, &[1, 2, 3]).await, "the first");
        assert!(keeps(&turns, &[2, 3, 4]).await, "two of three");
        assert!(!keeps(&turns, &[4, 5]).await, "half");
        assert!(!keeps(&turns, &[]).await, "none");
        assert!(!keeps(&turns, &[4]).await, "that of the one before that");
    }
}

//! A lane: one queue, one connection, one batch at a time.

use std::sync::Arc;
use std::time::Duration;

use platform::pg::Database;
use tokio::sync::{Mutex, MutexGuard, mpsc};
use tokio_util::sync::CancellationToken;

use super::Ticket;
use super::poster::{Poster, tell_all};
use crate::error::Error;

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
    poster: Poster,
    turn: Turn,
    queue: mpsc::Receiver<Ticket>,
    batch: usize,
}

impl Lane {
    pub(super) fn new(database: Database, turn: Turn, queue: mpsc::Receiver<Ticket>, batch: usize) -> Lane {
        Lane { poster: Poster::new(database), turn, queue, batch }
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
                    self.poster.post(fresh, turn).await;
                }
                () = closing.cancelled(), if !self.queue.is_closed() => self.queue.close(),
            }
        }
    }
}

/// The turn, where the requests lock stock: drafts wait for nobody, and nobody for them.
pub(super) async fn take<'a>(turn: &'a Turn, tickets: &[Ticket]) -> Option<MutexGuard<'a, ()>> {
    if !tickets.iter().any(|ticket| ticket.request.command.locks_stock()) {
        return None;
    }
    tokio::time::timeout(TURN_PATIENCE, turn.lock()).await.ok()
}

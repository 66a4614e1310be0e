//! A lane: one queue, one connection, one batch at a time.

use std::sync::Arc;
use std::time::Duration;

use platform::pg::Database;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Ticket;
use super::poster::{Poster, tell_all};
use super::turn::Turns;
use crate::error::Error;

/// A request that has waited for so long is not posted any more: its client is about to give up, and what is behind it
/// would wait as long.
const STALE: Duration = Duration::from_secs(5);

/// One of the engine's workers.
pub(super) struct Lane {
    poster: Poster,
    turns: Arc<Turns>,
    queue: mpsc::Receiver<Ticket>,
    batch: usize,
}

impl Lane {
    pub(super) fn new(
        database: Database,
        turns: Arc<Turns>,
        queue: mpsc::Receiver<Ticket>,
        batch: usize,
    ) -> Lane {
        Lane { poster: Poster::new(database), turns, queue, batch }
    }

    /// Posts what comes until `closing`, then what still waits.
    pub(super) async fn run(mut self, closing: CancellationToken) {
        let mut tickets = Vec::with_capacity(self.batch);
        loop {
            tokio::select! {
                biased;
                received = self.queue.recv_many(&mut tickets, self.batch) => {
                    if received == 0 {
                        return;
                    }
                    let turn = self.turns.take(&tickets).await;
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

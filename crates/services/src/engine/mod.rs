//! The posting engine: everything that changes stock goes through here.
//!
//! Requests wait in bounded queues, one a lane. A lane takes all that waits (natural batching: an idle lane posts one at
//! a time at once, a busy one in batches) and posts it in one transaction of two round trips: `BEGIN` with every lock and
//! load, then every write with `COMMIT`. Each lane has a thread of its own, so that locks are not held while the threads
//! that serve requests are busy. A request that comes when no other is at work is posted where it is, on a connection
//! kept for that: waking a lane, and being woken by it, is a fifth of the time that one request takes. Correctness never
//! rests on the queues: lanes and processes may post at once, since row locks, checks and unique keys decide.

pub(crate) mod batch;
pub mod in_memory;
mod lane;
mod poster;
mod turn;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use domain::Refusal;
use platform::pg::Database;
use policy::Denied;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::poster::Poster;
pub(crate) use self::poster::collided;
use self::turn::Turns;
use crate::answer::Answer;
use crate::asker::Asker;
use crate::documents::Command;
use crate::error::Error;
use crate::request::{Actor, RequestContext};
use crate::thread;

/// How many requests may wait, and how they are posted.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Posting connections; each posts for its share of the documents. On few cores, more than two only collide.
    pub lanes: usize,
    /// How many requests may wait in each lane before callers are told to come back.
    pub queue: usize,
    /// The most requests in one transaction.
    pub batch: usize,
}

impl Default for EngineConfig {
    fn default() -> EngineConfig {
        EngineConfig { lanes: 2, queue: 1_024, batch: 128 }
    }
}

/// A command with its caller.
#[derive(Debug, Clone)]
pub struct Request {
    /// What to do.
    pub command: Command,
    /// Who is asked whether they may: on the locked document, since only then is all known that it depends on.
    pub asker: Asker,
    /// Whose name it is done in.
    pub actor: Actor,
    /// In which request.
    pub context: RequestContext,
}

/// What became of a request, once its transaction is committed.
#[derive(Debug)]
pub enum Outcome {
    /// Carried out now, or before under the same key.
    Answered(Answer),
    /// Not carried out; nothing changed. The answer says why.
    Refused(Refusal, Answer),
    /// Not carried out, since its caller may not do this; nothing changed.
    Denied(Denied),
    /// The key was used for another request, which made what is at this address.
    KeyReused(Option<String>),
    /// The key's first request still runs.
    KeyInFlight,
}

/// How long a caller waits before it is told that the outcome is not known.
const PATIENCE: Duration = Duration::from_secs(20);

/// The running engine.
#[derive(Debug)]
pub struct Engine {
    lanes: Vec<mpsc::Sender<Ticket>>,
    turns: Arc<Turns>,
    /// Posts a request that comes alone; nothing once the engine finishes.
    alone: Mutex<Option<Poster>>,
    at_work: AtWork,
    tasks: TaskTracker,
    closing: CancellationToken,
}

/// A request on its way through a lane, and where its outcome goes.
struct Ticket {
    request: Request,
    /// Since when it waits.
    since: Instant,
    outcome: Caller,
}

/// Where an outcome goes.
type Caller = oneshot::Sender<Result<Outcome, Error>>;

impl Engine {
    /// Starts the lanes. Each connects when its first request comes.
    pub fn start(config: &EngineConfig, database: &Database) -> Engine {
        let (tasks, closing) = (TaskTracker::new(), CancellationToken::new());
        let turns = Arc::<Turns>::default();
        let lanes = (0..config.lanes.max(1))
            .map(|_| {
                let (sender, queue) = mpsc::channel(config.queue.max(1));
                let lane = lane::Lane::new(database.clone(), Arc::clone(&turns), queue, config.batch.max(1));
                thread::spawn(tasks.track_future(lane.run(closing.clone())));
                sender
            })
            .collect();
        let alone = Mutex::new(Some(Poster::new(database.clone())));
        Engine { lanes, turns, alone, at_work: AtWork::default(), tasks, closing }
    }

    /// Posts a request and waits for its outcome. Giving up the wait takes the request back only where it came alone and
    /// was not committed yet.
    ///
    /// # Errors
    /// [`Error::Busy`] when the queue is full, [`Error::Unavailable`] when the database is away (nothing changed),
    /// [`Error::OutcomeUnknown`] when the commit was asked for and its answer is not known.
    pub async fn post(&self, request: Request) -> Result<Outcome, Error> {
        let counted = self.at_work.begin(request.command.locks_stock());
        let lane = self.lane_of(&request.command, counted.beside).ok_or(Error::Unavailable)?;
        let (outcome, answer) = oneshot::channel();
        let ticket = Ticket { request, since: Instant::now(), outcome };
        let posted = async {
            if counted.beside == Beside::Nobody
                && let Ok(mut alone) = self.alone.try_lock()
                && let Some(poster) = alone.as_mut()
            {
                let tickets = vec![ticket];
                let turn = self.turns.take(&tickets).await;
                poster.post(tickets, turn).await;
            } else {
                lane.try_send(ticket).map_err(|error| match error {
                    mpsc::error::TrySendError::Full(_) => Error::Busy,
                    mpsc::error::TrySendError::Closed(_) => Error::Unavailable,
                })?;
            }
            answer.await.unwrap_or(Err(Error::OutcomeUnknown))
        };
        tokio::time::timeout(PATIENCE, posted).await.unwrap_or(Err(Error::OutcomeUnknown))
    }

    /// Whether every lane still takes requests.
    pub fn has_room(&self) -> bool {
        self.lanes.iter().all(|lane| lane.capacity() > 0)
    }

    /// Takes no more requests and waits until every lane has posted what waits.
    pub async fn finish(&self) {
        self.closing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.alone.lock().await.take();
    }

    /// The lane of a command, by its number as a rule. Where that would make small batches that wait for each other, the
    /// first lane takes all that lock stock: while drafts are written, which are the last lane's then, and while batches
    /// follow each other for the same stock.
    fn lane_of(&self, command: &Command, beside: Beside) -> Option<&mpsc::Sender<Ticket>> {
        let locks = command.locks_stock();
        if beside == Beside::OtherKind || locks && self.turns.are_kept() {
            return if locks { self.lanes.first() } else { self.lanes.last() };
        }
        let lanes = i64::try_from(self.lanes.len()).ok()?;
        self.lanes.get(usize::try_from(command.lane_number().checked_rem_euclid(lanes)?).ok()?)
    }
}

/// How many requests are at work or wait.
#[derive(Debug, Default)]
struct AtWork {
    /// Those that lock stock.
    locking: AtomicUsize,
    /// Those that lock none.
    others: AtomicUsize,
}

/// What was at work when a request came.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Beside {
    Nobody,
    SameKind,
    /// Some that lock stock where it locks none, or the other way round.
    OtherKind,
}

impl AtWork {
    fn begin(&self, locks_stock: bool) -> Counted<'_> {
        let (same, other) =
            if locks_stock { (&self.locking, &self.others) } else { (&self.others, &self.locking) };
        // It is counted first, so that of two that come at once not both are alone.
        let before = same.fetch_add(1, Ordering::SeqCst);
        let beside = match (before, other.load(Ordering::SeqCst)) {
            (0, 0) => Beside::Nobody,
            (_, 0) => Beside::SameKind,
            _ => Beside::OtherKind,
        };
        Counted { count: same, beside }
    }
}

/// A request that is counted for as long as this lives.
struct Counted<'a> {
    count: &'a AtomicUsize,
    beside: Beside,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_alone_or_beside_its_kind_or_beside_the_other() {
        let at_work = AtWork::default();
        let first = at_work.begin(true);
        let second = at_work.begin(true);
        let draft = at_work.begin(false);
        assert_eq!(
            [first.beside, second.beside, draft.beside],
            [Beside::Nobody, Beside::SameKind, Beside::OtherKind]
        );
        assert_eq!(at_work.begin(false).beside, Beside::OtherKind);
        drop((first, second));
        assert_eq!(at_work.begin(false).beside, Beside::SameKind);
        drop(draft);
        assert_eq!(at_work.begin(false).beside, Beside::Nobody);
    }
}

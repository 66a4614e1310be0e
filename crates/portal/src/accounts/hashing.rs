//! The queues for hashing passwords. A hash takes 19 MiB and a core for a while, and a hash of Django's a core for some
//! tenths of a second, so few are made at once and few wait. Browsers that are known to an account, and people who are
//! signed in, have a queue of their own that strangers cannot fill.

use platform::http::Hangup;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::Error;

/// Hashes at once: more would starve everything else.
const AT_ONCE: usize = 4;
/// How many of them may be strangers': one is always free for the others.
const OF_STRANGERS: usize = 3;
/// New passwords that are hashed at once, besides.
const NEW_AT_ONCE: usize = 2;
/// Hashes of Django's at once, of each queue.
const DEAR_AT_ONCE: usize = 1;
/// Who waits in a queue, those whose hash is being made among them. At four at once the last one waits half a second.
const MOST_WAITING: usize = 32;
/// Who waits for a hash of Django's.
const MOST_DEAR: usize = 16;

/// The queue of new passwords of people who are signed in, and of the operator's commands.
static NEW_PASSWORDS: Queue = Queue::new(NEW_AT_ONCE);
static NEW_TURNS: Semaphore = Semaphore::const_new(NEW_AT_ONCE);

/// Who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Whoever is at a browser that the account does not know.
    Strangers,
    /// A browser that the account knows, or somebody who is signed in.
    Known,
}

/// A portal's queues.
#[derive(Debug)]
pub(crate) struct Hashing {
    strangers: Queue,
    known: Queue,
    at_once: Semaphore,
}

#[derive(Debug)]
struct Queue {
    places: Semaphore,
    turns: Semaphore,
    dear_places: Semaphore,
    dear_turns: Semaphore,
}

/// A place in a queue.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    queue: &'a Queue,
    at_once: &'a Semaphore,
    lane: Lane,
    hangup: Hangup,
    held: Option<SemaphorePermit<'a>>,
}

impl Queue {
    const fn new(turns: usize) -> Queue {
        Queue {
            places: Semaphore::const_new(MOST_WAITING),
            turns: Semaphore::const_new(turns),
            dear_places: Semaphore::const_new(MOST_DEAR),
            dear_turns: Semaphore::const_new(DEAR_AT_ONCE),
        }
    }
}

impl Hashing {
    pub(crate) fn new() -> Hashing {
        let (strangers, known) = (Queue::new(OF_STRANGERS), Queue::new(AT_ONCE));
        Hashing { strangers, known, at_once: Semaphore::new(AT_ONCE) }
    }

    /// A place in the queue of that lane, for a request whose client may hang up.
    ///
    /// # Errors
    /// [`Error::Busy`] when there is none.
    pub(crate) fn enter(&self, lane: Lane, hangup: &Hangup) -> Result<Place<'_>, Error> {
        let queue = match lane {
            Lane::Strangers => &self.strangers,
            Lane::Known => &self.known,
        };
        Place::of((queue, &self.at_once), lane, hangup.clone())
    }
}

/// A place for a new password.
///
/// # Errors
/// [`Error::Busy`] when there is none.
pub(super) fn for_new_password() -> Result<Place<'static>, Error> {
    Place::of((&NEW_PASSWORDS, &NEW_TURNS), Lane::Known, Hangup::default())
}

impl<'a> Place<'a> {
    fn of(
        (queue, at_once): (&'a Queue, &'a Semaphore),
        lane: Lane,
        hangup: Hangup,
    ) -> Result<Place<'a>, Error> {
        let held = queue.places.try_acquire().map_err(|_| Error::Busy)?;
        Ok(Place { queue, at_once, lane, hangup, held: Some(held) })
    }

    /// Whose it is.
    pub(crate) fn lane(&self) -> Lane {
        self.lane
    }

    /// Does the work when its turn has come.
    ///
    /// # Errors
    /// [`Error::Gone`] when the client has left before: then it was not begun.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let turn = self.or_gone(self.queue.turns.acquire()).await?;
        // Acquired second, so that no more wait here than may have a turn.
        let core = self.or_gone(self.at_once.acquire()).await?;
        self.begin(work, (turn, core)).await
    }

    /// The same for a hash of Django's, for which the place is given up.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many wait for theirs; [`Error::Gone`].
    pub(super) async fn run_dear<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let waiting = self.queue.dear_places.try_acquire().map_err(|_| Error::Busy)?;
        self.held = None;
        let turn = self.or_gone(self.queue.dear_turns.acquire()).await?;
        self.begin(work, (turn, waiting)).await
    }

    async fn or_gone<P>(
        &self,
        turn: impl Future<Output = Result<P, tokio::sync::AcquireError>>,
    ) -> Result<P, Error> {
        let turn = tokio::select! {
            biased;
            () = self.hangup.gone() => return Err(Error::Gone),
            turn = turn => turn,
        };
        // The semaphores are never closed.
        turn.map_err(|_| Error::Hash)
    }

    async fn begin<T: Send + 'static, P>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
        turn: P,
    ) -> Result<T, Error> {
        if self.hangup.is_gone() {
            return Err(Error::Gone);
        }
        let done = tokio::task::spawn_blocking(work).await;
        drop(turn);
        done.map_err(|_| Error::Hash)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Work that lasts until the sender is dropped.
    fn held() -> (mpsc::Sender<()>, impl FnOnce() + Send + 'static) {
        let (sender, receiver) = mpsc::channel::<()>();
        (sender, move || {
            receiver.recv().ok();
        })
    }

    #[tokio::test]
    async fn strangers_fill_their_own_queue_and_the_known_still_have_places() {
        let hashing = Hashing::new();
        let hangup = Hangup::default();
        let enter = |lane| hashing.enter(lane, &hangup);
        let strangers: Vec<_> = (0..MOST_WAITING).map(|_| enter(Lane::Strangers).unwrap()).collect();
        assert!(matches!(enter(Lane::Strangers), Err(Error::Busy)));
        assert!(enter(Lane::Known).is_ok());
        drop(strangers);
        assert!(enter(Lane::Strangers).is_ok());
    }

    #[tokio::test]
    async fn a_turn_is_free_for_the_known_while_strangers_hash() {
        let hashing = Hashing::new();
        let hangup = Hangup::default();
        let places: Vec<_> = (0..4).map(|_| hashing.enter(Lane::Strangers, &hangup).unwrap()).collect();
        let (senders, works): (Vec<_>, Vec<_>) = (0..4).map(|_| held()).unzip();
        let strangers = futures_util::future::join_all(
            places.iter().zip(works).map(|(place, work)| async move { place.run(work).await }),
        );
        let known = async {
            while hashing.strangers.turns.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            let place = hashing.enter(Lane::Known, &hangup).unwrap();
            assert_eq!(place.run(|| 7).await.unwrap(), 7);
            drop(senders);
        };
        let (ran, ()) = tokio::join!(strangers, known);
        assert!(ran.iter().all(Result::is_ok));
    }

    #[tokio::test]
    async fn few_wait_for_dear_hashes_and_others_do_not_wait_for_them() {
        let hashing = Hashing::new();
        let hangup = Hangup::default();
        let mut places: Vec<_> =
            (0..=MOST_DEAR).map(|_| hashing.enter(Lane::Strangers, &hangup).unwrap()).collect();
        let mut last = places.pop().unwrap();
        let (senders, works): (Vec<_>, Vec<_>) = (0..MOST_DEAR).map(|_| held()).unzip();
        let dear = futures_util::future::join_all(
            places.iter_mut().zip(works).map(|(place, work)| async move { place.run_dear(work).await }),
        );
        let others = async {
            while hashing.strangers.dear_places.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            assert!(matches!(last.run_dear(|| ()).await, Err(Error::Busy)));
            assert_eq!(hashing.strangers.places.available_permits(), MOST_WAITING - 1);
            let other = hashing.enter(Lane::Strangers, &hangup).unwrap();
            other.run(|| ()).await.unwrap();
            drop(senders);
        };
        let (ran, ()) = tokio::join!(dear, others);
        assert!(ran.iter().all(Result::is_ok));
    }

    #[tokio::test]
    async fn work_of_a_client_that_left_before_its_turn_is_not_begun() {
        let hashing = Hashing::new();
        let (waits, leaves) = (Hangup::default(), Hangup::default());
        let places: Vec<_> =
            (0..OF_STRANGERS).map(|_| hashing.enter(Lane::Strangers, &waits).unwrap()).collect();
        let (senders, works): (Vec<_>, Vec<_>) = (0..OF_STRANGERS).map(|_| held()).unzip();
        let busy = futures_util::future::join_all(
            places.iter().zip(works).map(|(place, work)| async move { place.run(work).await }),
        );
        let leaving = async {
            while hashing.strangers.turns.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            let place = hashing.enter(Lane::Strangers, &leaves).unwrap();
            let mut run = std::pin::pin!(place.run(|| panic!("it was begun")));
            assert!(futures_util::poll!(run.as_mut()).is_pending());
            leaves.leave();
            drop(senders);
            assert!(matches!(run.await, Err(Error::Gone)));
        };
        let (ran, ()) = tokio::join!(busy, leaving);
        assert!(ran.iter().all(Result::is_ok));
    }
}

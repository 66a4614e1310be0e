//! Room for so many connections, and for so many requests at once. When there is none for one more connection, those that
//! nobody uses make some: clients keep far more connections open than they send requests on, and who comes anew must not
//! wait for them.

use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nix::sys::socket::{MsgFlags, recv};
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::Limits;

/// How often connections are asked to make room. One that nobody used between two times does.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// The places that connections and requests take.
#[derive(Debug)]
pub(super) struct Room {
    places: Arc<Semaphore>,
    wanted: Notify,
    requests: Semaphore,
}

impl Room {
    /// As much as the limits say.
    pub(super) fn new(limits: Limits) -> Room {
        let places = |count: usize| Semaphore::new(count.min(Semaphore::MAX_PERMITS));
        let (connections, requests) = (places(limits.connections), places(limits.requests));
        Room { places: Arc::new(connections), wanted: Notify::new(), requests }
    }

    /// A place for a request, to be dropped with its answer; nothing when there is none.
    pub(super) fn request(&self) -> Option<SemaphorePermit<'_>> {
        self.requests.try_acquire().ok()
    }

    /// A place, once there is one; to be dropped with the connection. Meanwhile others are asked to make room.
    pub(super) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        loop {
            let place = Arc::clone(&self.places).acquire_owned();
            // The semaphore is never closed.
            match tokio::time::timeout(ASK_EVERY, place).await {
                Ok(place) => return place.ok(),
                Err(_) => self.wanted.notify_waiters(),
            }
        }
    }

    /// Until somebody asks for room.
    pub(super) fn wanted(&self) -> Notified<'_> {
        self.wanted.notified()
    }
}

/// What a connection is used for, to know whether it can make room.
#[derive(Debug, Default)]
pub(super) struct Use {
    /// Beginnings and ends of requests: odd while one is answered.
    turns: AtomicUsize,
}

impl Use {
    /// A request began or ended.
    pub(super) fn turn(&self) {
        self.turns.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the connection is to end when room is asked for: after its answer when it has a request, which its client
    /// is told with the answer; at once when it has had none since it was `asked` before, and none waits in `socket`.
    pub(super) fn makes_room(&self, asked: &mut Option<usize>, socket: RawFd) -> bool {
        let turns = self.turns.load(Ordering::Relaxed);
        turns % 2 == 1 || (asked.replace(turns) == Some(turns) && is_empty(socket))
    }
}

/// Whether nothing waits to be read. The runtime knows of what came only some time later, when there is much to do.
fn is_empty(socket: RawFd) -> bool {
    let peeked = recv(socket, &mut [0], MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT);
    !matches!(peeked, Ok(1..))
}

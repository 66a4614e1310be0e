//! Room for so many connections, and for so many requests at once. When there is none for one more connection, those that
//! nobody uses make some: clients keep far more connections open than they send requests on, and who comes anew must not
//! wait for them. Meanwhile what comes anew is a guest.

use std::net::IpAddr;
use std::os::fd::RawFd;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use nix::sys::socket::{MsgFlags, recv};
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::Limits;
use super::guests::{Guest, Guests};
use super::rarely::Rarely;
use crate::http::{Counted, Network, PerNetwork, Work};

/// How often connections are asked to make room. One that nobody used between two times does.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// The places that connections and requests take.
#[derive(Debug)]
pub(super) struct Room {
    places: Arc<Semaphore>,
    wanted: Notify,
    asked: Mutex<Option<Instant>>,
    peers: Arc<PerNetwork>,
    guests: Arc<Guests>,
    refused: Rarely,
    /// The places of requests.
    pub(super) work: Arc<Work>,
}

/// How a connection was let in.
#[derive(Debug)]
pub(super) struct Admission {
    place: OnceLock<OwnedSemaphorePermit>,
    /// Where its network has as many as it may, it stays a guest.
    may_stay: bool,
    _counted: Option<Counted>,
    guest: Option<Guest>,
}

impl Room {
    /// As much as the limits say.
    pub(super) fn new(limits: Limits) -> Room {
        Room {
            places: Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS))),
            wanted: Notify::new(),
            asked: Mutex::default(),
            peers: Arc::new(PerNetwork::new(limits.of_one_address)),
            guests: Arc::new(Guests::new(limits.guests)),
            refused: Rarely::default(),
            work: Arc::new(Work::new(limits.requests)),
        }
    }

    /// Lets a connection in, with a place where there is one; also says whether a guest of another network had to go for
    /// it. A trusted proxy's have the addresses of many behind them, and are not counted.
    pub(super) fn admit(&self, ip: IpAddr, is_proxy: bool) -> (Admission, bool) {
        let network = Network::of(ip);
        let counted = if is_proxy { None } else { self.peers.enter(network) };
        let may_stay = is_proxy || counted.is_some();
        if !may_stay {
            self.count_refused(
                ip,
                "an address has as many connections as it may; more are let in for what may not wait alone",
            );
        }
        let free = if may_stay { Arc::clone(&self.places).try_acquire_owned().ok() } else { None };
        let (place, guest, others_go) = match free {
            Some(free) => (OnceLock::from(free), None, false),
            None => {
                let (guest, others_go) = self.guests.enter((!is_proxy).then_some(network));
                (OnceLock::new(), Some(guest), others_go)
            }
        };
        (Admission { place, may_stay, _counted: counted, guest }, others_go)
    }

    /// Waits until a connection has a place. `false` when it gets none, and is to end.
    pub(super) async fn settle(&self, admission: &Admission) -> bool {
        let Some(guest) = admission.as_guest() else { return true };
        if !admission.may_stay {
            return false;
        }
        let mut place = pin!(Arc::clone(&self.places).acquire_owned());
        loop {
            tokio::select! {
                biased;
                // The semaphore is never closed.
                Ok(place) = &mut place => {
                    admission.place.get_or_init(|| place);
                    guest.leave();
                    return true;
                }
                () = guest.told_to_go() => return false,
                () = tokio::time::sleep(ASK_EVERY) => self.ask(),
                else => return false,
            }
        }
    }

    /// Asks connections to make room, not more often than they are to be asked.
    fn ask(&self) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        // Timers of those that wait are not all on time.
        if asked.is_none_or(|asked| asked.elapsed() >= ASK_EVERY.mul_f32(0.9)) {
            *asked = Some(Instant::now());
            self.wanted.notify_waiters();
        }
    }

    /// Has connections make room since the process can open no more: guests at once, then those that nobody uses.
    pub(super) fn give_way(&self) {
        self.guests.send_oldest_away();
        self.ask();
    }

    /// Until somebody asks for room.
    pub(super) fn wanted(&self) -> Notified<'_> {
        self.wanted.notified()
    }

    fn count_refused(&self, ip: IpAddr, what: &'static str) {
        if let Some(since) = self.refused.count() {
            tracing::warn!(%ip, since, "{what}");
        }
    }
}

impl Admission {
    /// What it is as long as it has no place.
    pub(super) fn as_guest(&self) -> Option<&Guest> {
        self.guest.as_ref().filter(|_| self.place.get().is_none())
    }

    /// Until it has to go, as long as it has no place.
    pub(super) async fn told_to_go(&self) {
        match self.as_guest() {
            Some(guest) => guest.told_to_go().await,
            None => std::future::pending().await,
        }
    }
}

/// What a connection is used for, to know whether it can make room.
#[derive(Debug, Default)]
pub(super) struct Use {
    /// Beginnings and ends of requests: odd while one is answered.
    turns: AtomicUsize,
    /// Whether the newest is one that is worked at however much there is to do.
    is_exempt: AtomicBool,
}

impl Use {
    /// A request began.
    pub(super) fn begin(&self, is_exempt: bool) {
        self.is_exempt.store(is_exempt, Ordering::Relaxed);
        self.turns.fetch_add(1, Ordering::Relaxed);
    }

    /// A request ended.
    pub(super) fn end(&self) {
        self.turns.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether a request waits until its connection has a place.
    pub(super) fn waits_for_place(&self) -> bool {
        self.turns.load(Ordering::Relaxed) % 2 == 1 && !self.is_exempt.load(Ordering::Relaxed)
    }

    /// Whether the connection is to end when room is asked for: after its answer when it has a request, which its client
    /// is told with the answer, but for the services that follow the portal; at once when it has had none since it was
    /// `asked` before, and none waits in `socket`.
    pub(super) fn makes_room(&self, asked: &mut Option<usize>, socket: RawFd) -> bool {
        let turns = self.turns.load(Ordering::Relaxed);
        if turns % 2 == 1 {
            return !self.is_exempt.load(Ordering::Relaxed);
        }
        asked.replace(turns) == Some(turns) && is_empty(socket)
    }
}

/// Whether nothing waits to be read. The runtime knows of what came only some time later, when there is much to do.
fn is_empty(socket: RawFd) -> bool {
    let peeked = recv(socket, &mut [0], MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT);
    !matches!(peeked, Ok(1..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn where_no_more_can_be_opened_the_oldest_guest_goes_and_others_are_asked_to_make_room() {
        let room = Room::new(Limits { connections: 0, ..Limits::default() });
        let (first, _) = room.admit(IpAddr::from([192, 0, 2, 1]), false);
        let (second, _) = room.admit(IpAddr::from([192, 0, 2, 2]), false);
        let mut wanted = pin!(room.wanted());
        wanted.as_mut().enable();
        room.give_way();
        first.told_to_go().await;
        wanted.await;
        assert!(futures_util::FutureExt::now_or_never(second.told_to_go()).is_none());
    }

    #[tokio::test]
    async fn a_connection_with_what_may_not_wait_is_never_asked_to_make_room() {
        let used = Use::default();
        // No socket is looked at while a request is answered.
        let makes_room = |used: &Use| used.makes_room(&mut None, -1);
        used.begin(true);
        assert!(!makes_room(&used));
        used.end();
        used.begin(false);
        assert!(makes_room(&used));
    }
}

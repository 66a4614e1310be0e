//! Connections beyond those that have a place. They are few, and what comes anew is always let in: the oldest of the
//! network that has the most of them gives way. So what asks how the process does, and the services that follow the
//! portal's keys and revocations, get in whatever others hold.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::http::Network;

/// The connections that have no place, the oldest first.
#[derive(Debug)]
pub(super) struct Guests {
    most: usize,
    present: Mutex<Present>,
}

#[derive(Debug, Default)]
struct Present {
    next: u64,
    guests: VecDeque<Entry>,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    /// `None` for the proxies that are trusted.
    network: Option<Network>,
    told_to_go: CancellationToken,
}

/// One such connection. It is one no longer once it has a place or is dropped.
#[derive(Debug)]
pub(super) struct Guest {
    guests: Arc<Guests>,
    id: u64,
    told_to_go: CancellationToken,
}

impl Guests {
    /// At most so many, and half as many of one network.
    pub(super) fn new(most: usize) -> Guests {
        Guests { most: most.max(2), present: Mutex::default() }
    }

    /// Lets one more in; also says whether one of another network had to go for it.
    pub(super) fn enter(self: &Arc<Guests>, network: Option<Network>) -> (Guest, bool) {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        let of_own = present.guests.iter().filter(|guest| guest.network == network).count();
        let is_full = present.guests.len() >= self.most;
        let goes = if of_own >= self.most / 2 {
            Some(network)
        } else if is_full {
            present.most_present()
        } else {
            None
        };
        if let Some(goes) = goes {
            present.send_away(|guest| guest.network == goes);
        }
        let (id, told_to_go) = (present.next, CancellationToken::new());
        present.next += 1;
        present.guests.push_back(Entry { id, network, told_to_go: told_to_go.clone() });
        (Guest { guests: Arc::clone(self), id, told_to_go }, goes.is_some_and(|goes| goes != network))
    }

    /// Sends the oldest away.
    pub(super) fn send_oldest_away(&self) {
        self.present.lock().unwrap_or_else(PoisonError::into_inner).send_away(|_| true);
    }
}

impl Present {
    /// The network that has the most.
    fn most_present(&self) -> Option<Option<Network>> {
        let mut counts: HashMap<Option<Network>, usize> = HashMap::new();
        for guest in &self.guests {
            *counts.entry(guest.network).or_default() += 1;
        }
        counts.into_iter().max_by_key(|(_, count)| *count).map(|(network, _)| network)
    }

    /// Sends the oldest away that is such a one.
    fn send_away(&mut self, is_such: impl Fn(&Entry) -> bool) {
        let oldest = self.guests.iter().position(is_such).and_then(|at| self.guests.remove(at));
        if let Some(oldest) = oldest {
            oldest.told_to_go.cancel();
        }
    }
}

impl Guest {
    /// Until it has to go.
    pub(super) async fn told_to_go(&self) {
        self.told_to_go.cancelled().await;
    }

    /// It is none any more.
    pub(super) fn leave(&self) {
        let mut present = self.guests.present.lock().unwrap_or_else(PoisonError::into_inner);
        present.guests.retain(|guest| guest.id != self.id);
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(ip: &str) -> Option<Network> {
        Some(Network::of(ip.parse().unwrap()))
    }

    #[test]
    fn the_oldest_of_the_network_with_the_most_goes_when_there_are_as_many_as_may_be() {
        let guests = Arc::new(Guests::new(6));
        let is_gone = |guest: &Guest| guest.told_to_go.is_cancelled();
        let (alone, _) = guests.enter(network("192.0.2.1"));
        let many: Vec<Guest> = (0..3).map(|_| guests.enter(network("192.0.2.2")).0).collect();
        let (fifth, _) = guests.enter(network("192.0.2.2"));
        assert!(is_gone(&many[0]) && !is_gone(&many[1]), "one network has half of them at most");
        let others: Vec<Guest> =
            ["192.0.2.3", "192.0.2.4"].iter().map(|ip| guests.enter(network(ip)).0).collect();
        let (_newcomer, of_another) = guests.enter(network("192.0.2.5"));
        assert!(of_another && is_gone(&many[1]) && !is_gone(&fifth));
        assert!(!is_gone(&alone) && !others.iter().any(is_gone));
    }

    #[test]
    fn those_that_left_make_room() {
        let guests = Arc::new(Guests::new(2));
        let (first, _) = guests.enter(network("192.0.2.1"));
        first.leave();
        let (second, _) = guests.enter(network("192.0.2.1"));
        drop(second);
        let (third, _) = guests.enter(network("192.0.2.1"));
        assert!(!first.told_to_go.is_cancelled() && !third.told_to_go.is_cancelled());
        assert_eq!(guests.present.lock().unwrap().guests.len(), 1);
    }
}

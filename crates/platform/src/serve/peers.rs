//! How many connections each network has.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use crate::http::Network;

/// The connections of each network that has any.
#[derive(Debug)]
pub(super) struct Peers {
    most: usize,
    counts: Mutex<HashMap<Network, usize>>,
}

/// One connection that is counted, until it is dropped.
#[derive(Debug)]
pub(super) struct Counted {
    peers: Arc<Peers>,
    network: Network,
}

impl Peers {
    /// At most so many for one network.
    pub(super) fn new(most: usize) -> Peers {
        Peers { most, counts: Mutex::default() }
    }

    /// Counts one more connection of a network; nothing where it has as many as it may.
    pub(super) fn enter(self: &Arc<Peers>, network: Network) -> Option<Counted> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(network).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Counted { peers: Arc::clone(self), network })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.peers.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = counts.entry(self.network) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_as_many_as_it_may_and_is_forgotten_with_the_last() {
        let peers = Arc::new(Peers::new(2));
        let network = |ip: &str| Network::of(ip.parse().unwrap());
        let (one, two) = (peers.enter(network("192.0.2.1")), peers.enter(network("192.0.2.1")));
        assert!(one.is_some() && two.is_some() && peers.enter(network("192.0.2.1")).is_none());
        assert!(peers.enter(network("192.0.2.2")).is_some(), "another is not kept out");
        drop(one);
        assert!(peers.enter(network("192.0.2.1")).is_some());
        drop(two);
        assert!(peers.counts.lock().unwrap().is_empty());
    }
}

//! How many of something each network has: connections, or requests that wait.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use super::Network;

/// What each network has, where it has any.
#[derive(Debug)]
pub struct PerNetwork {
    most: usize,
    counts: Mutex<HashMap<Network, usize>>,
}

/// One that is counted, until it is dropped.
#[derive(Debug)]
pub struct Counted {
    per_network: Arc<PerNetwork>,
    network: Network,
}

impl PerNetwork {
    /// At most so many for one network.
    pub fn new(most: usize) -> PerNetwork {
        PerNetwork { most, counts: Mutex::default() }
    }

    /// Counts one more of a network; nothing where it has as many as it may.
    pub fn enter(self: &Arc<PerNetwork>, network: Network) -> Option<Counted> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(network).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Counted { per_network: Arc::clone(self), network })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.per_network.counts.lock().unwrap_or_else(PoisonError::into_inner);
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
        let per_network = Arc::new(PerNetwork::new(2));
        let network = |ip: &str| Network::of(ip.parse().unwrap());
        let (one, two) = (per_network.enter(network("192.0.2.1")), per_network.enter(network("192.0.2.1")));
        assert!(one.is_some() && two.is_some() && per_network.enter(network("192.0.2.1")).is_none());
        assert!(per_network.enter(network("192.0.2.2")).is_some(), "another is not kept out");
        drop(one);
        assert!(per_network.enter(network("192.0.2.1")).is_some());
        drop(two);
        assert!(per_network.counts.lock().unwrap().is_empty());
    }
}

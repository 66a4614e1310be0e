//! Event streams: few for each user, and not more in all than the portal can feed.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

/// Streams of one user. The oldest ends when one more begins.
const OF_ONE_USER: usize = 8;
/// Streams in all.
const MOST: usize = 512;

/// The streams that run.
#[derive(Debug, Default)]
pub(crate) struct Streams(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    next: u64,
    count: usize,
    /// The oldest first.
    of_users: HashMap<i64, VecDeque<(u64, CancellationToken)>>,
}

/// One stream, until it is dropped.
#[derive(Debug)]
pub(crate) struct Stream {
    streams: Arc<Streams>,
    user_id: i64,
    id: u64,
    ended: CancellationToken,
}

impl Streams {
    /// One more stream of a user; nothing when there are as many as may be.
    pub(crate) fn enter(self: &Arc<Streams>, user_id: i64) -> Option<Stream> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = match open.of_users.get_mut(&user_id) {
            Some(own) if own.len() >= OF_ONE_USER => own.pop_front(),
            _ => None,
        };
        if let Some((_, ended)) = oldest {
            ended.cancel();
            open.count -= 1;
        }
        if open.count >= MOST {
            return None;
        }
        let (id, ended) = (open.next, CancellationToken::new());
        open.next += 1;
        open.count += 1;
        open.of_users.entry(user_id).or_default().push_back((id, ended.clone()));
        Some(Stream { streams: Arc::clone(self), user_id, id, ended })
    }
}

impl Stream {
    /// Until a newer one takes its place.
    pub(crate) async fn ended(&self) {
        self.ended.cancelled().await;
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(own) = open.of_users.get_mut(&self.user_id) else { return };
        let before = own.len();
        own.retain(|(id, _)| *id != self.id);
        let (left, gone) = (own.len(), before - own.len());
        open.count -= gone;
        if left == 0 {
            open.of_users.remove(&self.user_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_stream_of_a_user_ends_when_there_are_too_many() {
        let streams = Arc::<Streams>::default();
        let own: Vec<Stream> = (0..=OF_ONE_USER).map(|_| streams.enter(1).unwrap()).collect();
        let ended: Vec<bool> = own.iter().map(|stream| stream.ended.is_cancelled()).collect();
        assert!(ended[0] && !ended[1..].contains(&true));
        assert_eq!(streams.0.lock().unwrap().count, OF_ONE_USER);
        drop(own);
        assert!(streams.0.lock().unwrap().of_users.is_empty());
        assert_eq!(streams.0.lock().unwrap().count, 0);
    }

    #[test]
    fn there_are_so_many_in_all_and_then_room_again() {
        let streams = Arc::<Streams>::default();
        let mut all: Vec<Stream> =
            (0..MOST).map(|n| streams.enter(i64::try_from(n).unwrap()).unwrap()).collect();
        assert!(streams.enter(-1).is_none());
        drop(all.pop());
        assert!(streams.enter(-1).is_some());
    }
}

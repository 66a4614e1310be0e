//! Things that happen often and are said now and then.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two times that it is said.
const EVERY: Duration = Duration::from_secs(60);

/// Counts what happens.
#[derive(Debug, Default)]
pub(super) struct Rarely(Mutex<(u64, Option<Instant>)>);

impl Rarely {
    /// Counts one more; when it is time to say so, how many there were since the last time.
    pub(super) fn count(&self) -> Option<u64> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, said) = &mut *counted;
        *count += 1;
        if said.is_some_and(|said| said.elapsed() < EVERY) {
            return None;
        }
        *said = Some(Instant::now());
        Some(std::mem::take(count))
    }
}

//! What the server is out of, as its refusals tell.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::PgError;

/// For how long after it was met a shortage counts: while it lasts, whoever writes meets it again.
const FRESH: Duration = Duration::from_secs(2);

/// The last shortage that any connection of a database met. A full disk refuses writes alone: nothing that only reads
/// finds it out.
#[derive(Debug, Default)]
pub(super) struct Shortage(Mutex<Option<(Instant, &'static str)>>);

impl Shortage {
    /// Takes note of an error, and gives it back.
    pub(super) fn noted(&self, error: PgError) -> PgError {
        if let PgError::Exhausted { what, .. } = &error {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), what));
        }
        error
    }

    /// What the server is out of, where that was met in the last two seconds.
    pub(super) fn now(&self) -> Option<&'static str> {
        let met = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        met.filter(|(at, _)| at.elapsed() < FRESH).map(|(_, what)| what)
    }
}

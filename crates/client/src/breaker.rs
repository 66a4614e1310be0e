//! A circuit breaker: after several failures in a row nobody waits for a while, then one call finds out for all.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// This many failed calls in a row open it.
const FAILURES: u32 = 5;
/// It stays open this long before one call may try.
const REST: Duration = Duration::from_secs(2);

/// Knows how the last calls went.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Until when calls are turned away; `None` while it is closed.
    open_until: Option<Instant>,
}

impl Breaker {
    /// Whether a call may be made now. While open, one call each [`REST`] may.
    pub(crate) fn admits(&self, now: Instant) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.open_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                state.open_until = Some(now + REST);
                true
            }
        }
    }

    /// Notes how a call went: answered, whatever the answer, or not.
    pub(crate) fn note(&self, answered: bool, now: Instant) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answered {
            *state = State::default();
            return;
        }
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.open_until = Some(now + REST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_lets_one_call_try_after_a_rest() {
        let breaker = Breaker::default();
        let start = Instant::now();
        for _ in 0..FAILURES {
            assert!(breaker.admits(start));
            breaker.note(false, start);
        }
        assert!(!breaker.admits(start));
        let rested = start + REST;
        assert!(breaker.admits(rested));
        assert!(!breaker.admits(rested), "the others wait for what the one finds out");
        breaker.note(false, rested);
        assert!(!breaker.admits(rested + REST / 2));
        assert!(breaker.admits(rested + REST));
        breaker.note(true, rested + REST);
        assert!(breaker.admits(rested + REST) && breaker.admits(rested + REST));
    }

    #[test]
    fn an_answer_between_failures_keeps_it_closed() {
        let breaker = Breaker::default();
        let now = Instant::now();
        for _ in 0..3 {
            for _ in 1..FAILURES {
                breaker.note(false, now);
            }
            breaker.note(true, now);
        }
        assert!(breaker.admits(now));
    }
}

//! What one process holds of one caller's rate.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Requests that may be answered without asking anybody.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    state: Mutex<State>,
    /// Held while a lease is taken, so that there is one at a time.
    leasing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    left: u32,
    /// Until when there is nothing to be had, by the limiter's clock.
    nothing_until: Duration,
}

/// What came of asking for one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// One was taken; so many are left.
    One { left: u32 },
    /// Nothing is left here; the database may have more.
    Nothing,
    /// Nothing is left, and nothing is to be had for this time.
    Wait(Duration),
}

impl Bucket {
    pub(super) fn take(&self, now: Duration) -> Taken {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(left) = state.left.checked_sub(1) {
            state.left = left;
            return Taken::One { left };
        }
        match state.nothing_until.checked_sub(now) {
            Some(time) if !time.is_zero() => Taken::Wait(time),
            _ => Taken::Nothing,
        }
    }

    pub(super) fn is_empty(&self, now: Duration) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.left == 0 && state.nothing_until <= now
    }

    pub(super) fn add(&self, granted: u32) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.left = state.left.saturating_add(granted);
    }

    pub(super) fn wait_until(&self, time: Duration) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).nothing_until = time;
    }

    pub(super) async fn leasing(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.leasing.lock().await
    }

    pub(super) fn try_leasing(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        self.leasing.try_lock().ok()
    }

    pub(super) fn is_leasing(&self) -> bool {
        self.leasing.try_lock().is_err()
    }
}

//! Whether the client of a request still waits for the answer.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Tells a request that changes something, and so runs on without its client, that the client has gone or was answered
/// already: what was not begun yet need not be. On surfaces that say so ([`super::Surface::tells_hangups`]).
#[derive(Debug, Clone, Default)]
pub struct Hangup(CancellationToken);

impl Hangup {
    /// Nobody waits any more.
    pub fn leave(&self) {
        self.0.cancel();
    }

    /// Says so when the guard is dropped.
    pub(super) fn guard(self) -> DropGuard {
        self.0.drop_guard()
    }

    /// Whether nobody waits any more.
    pub fn is_gone(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Until nobody waits any more.
    pub async fn gone(&self) {
        self.0.cancelled().await;
    }
}

impl<S: Sync> FromRequestParts<S> for Hangup {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Hangup, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

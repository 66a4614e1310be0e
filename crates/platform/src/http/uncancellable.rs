//! Requests that change something run to their end, whether or not the client still listens.

use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use tracing::Instrument;

/// Whether a request changes nothing.
pub(super) fn reads(request: &Request) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Runs a request. One that may change something runs in a task of its own, which a client that hangs up does not cancel.
///
/// # Errors
/// [`Panicked`].
pub(super) async fn uncancellable(request: Request, next: Next) -> Result<Response, Panicked> {
    if reads(&request) {
        return AssertUnwindSafe(next.run(request)).catch_unwind().await.map_err(|_| Panicked);
    }
    tokio::spawn(next.run(request).in_current_span()).await.map_err(|_| Panicked)
}

/// A request panicked. With what words is not told: they may be a caller's.
pub(super) struct Panicked;

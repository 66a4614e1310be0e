//! Requests that change something run to their end, whether or not the client still listens.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use tokio::runtime::Handle;
use tracing::Instrument;

use super::Hangup;

/// Whether a request changes nothing.
pub(super) fn reads(request: &Request) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Runs a request. One that may change something is not cancelled by a client that hangs up, nor by a time limit; with
/// `tells_hangups` it can know by [`Hangup`].
///
/// # Errors
/// [`Panicked`].
pub(super) async fn uncancellable(
    mut request: Request,
    next: Next,
    tells_hangups: bool,
) -> Result<Response, Panicked> {
    if reads(&request) {
        return AssertUnwindSafe(next.run(request)).catch_unwind().await.map_err(|_| Panicked);
    }
    let hangup = tells_hangups.then(Hangup::default);
    if let Some(hangup) = &hangup {
        request.extensions_mut().insert(hangup.clone());
    }
    let running = AssertUnwindSafe(next.run(request)).catch_unwind();
    let mut running = RunOn::new(running.in_current_span());
    // Dropped before what runs, which so knows before it runs on.
    let _gone = hangup.map(Hangup::guard);
    (&mut running).await.map_err(|_| Panicked)
}

/// A request panicked. With what words is not told: they may be a caller's.
pub(super) struct Panicked;

/// A future that runs on in a task of its own when it is dropped before its end. Until then it is part of the task that
/// waits for it: a task of its own from the beginning would have to be woken, and to wake that one, for every request.
struct RunOn<F: Future<Output: Send> + Send + 'static>(Option<Pin<Box<F>>>);

impl<F: Future<Output: Send> + Send + 'static> RunOn<F> {
    fn new(future: F) -> RunOn<F> {
        RunOn(Some(Box::pin(future)))
    }
}

impl<F: Future<Output: Send> + Send + 'static> Future for RunOn<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // Like every future it is not asked again after its end.
        let Some(future) = self.0.as_mut() else { return Poll::Pending };
        let output = ready!(future.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(output)
    }
}

impl<F: Future<Output: Send> + Send + 'static> Drop for RunOn<F> {
    fn drop(&mut self) {
        // Where there is no runtime any more, the process ends.
        if let (Some(rest), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(rest);
        }
    }
}

//! Places for requests at work. A request whose body is still on its way is not at work, and holds none: clients that
//! send slowly, or never, keep nobody else out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::http::header;
use contract::ProblemKind;
use futures_util::future::{Either, select};
use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError};

use super::ProblemResponse;

/// Bodies up to this size, in bytes, may be on their way in any number: connections bound how many.
pub const SMALL_BODY: usize = 16 * 1024;
/// How long a small body may take to arrive.
const SMALL_BODY_TIME: Duration = Duration::from_secs(10);
/// How many larger bodies may be on their way at once.
const LARGE_BODIES: usize = 64;

/// In the extensions of requests for routes that take bodies larger than [`SMALL_BODY`].
#[derive(Debug, Clone, Copy)]
pub struct LargeBody;

/// How many requests may be at work.
#[derive(Debug)]
pub(crate) struct Work {
    requests: Semaphore,
    large: Semaphore,
}

impl Work {
    pub(crate) fn new(requests: usize) -> Work {
        let requests = Semaphore::new(requests.min(Semaphore::MAX_PERMITS));
        Work { requests, large: Semaphore::new(LARGE_BODIES) }
    }

    /// A place for a request, to be dropped with its answer; nothing when there is none.
    pub(crate) fn enter(&self) -> Option<SemaphorePermit<'_>> {
        self.requests.try_acquire().ok()
    }

    /// The same place, for a request that brings a body.
    pub(crate) fn with_body(self: &Arc<Work>, place: SemaphorePermit<'_>) -> Place {
        place.forget();
        Place(Arc::new(Held { work: Arc::clone(self), is_held: AtomicBool::new(true) }))
    }
}

/// The place of a request that brings a body, in its extensions.
#[derive(Debug, Clone)]
pub(crate) struct Place(Arc<Held>);

#[derive(Debug)]
struct Held {
    work: Arc<Work>,
    is_held: AtomicBool,
}

impl Held {
    fn give_up(&self) {
        if self.is_held.swap(false, Ordering::Relaxed) {
            self.work.requests.add_permits(1);
        }
    }

    fn retake(&self) -> Result<(), TryAcquireError> {
        self.work.requests.try_acquire()?.forget();
        self.is_held.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// Why a body was not taken.
#[derive(Debug)]
pub enum NotReceived<R> {
    /// It is not what it should be.
    Rejected(R),
    /// It took too long.
    Slow,
    /// Too many requests are at work, or too many large bodies on their way.
    Crowded,
}

impl<R> NotReceived<R> {
    /// The problem to answer with, where `rejected` says what a rejection is.
    pub fn problem(self, rejected: impl FnOnce(R) -> ProblemResponse) -> ProblemResponse {
        match self {
            NotReceived::Rejected(rejection) => rejected(rejection),
            NotReceived::Slow => {
                let detail = "The body took too long to arrive. Nothing was changed; send it again at once.";
                ProblemResponse::new(ProblemKind::Unavailable, detail)
            }
            NotReceived::Crowded => {
                let detail = "Too much is at work already. Nothing was changed; repeat as Retry-After says.";
                ProblemResponse::new(ProblemKind::Unavailable, detail)
            }
        }
    }
}

/// Takes what `E` makes of a request's body. While the body is on its way the request gives up its place.
///
/// # Errors
/// [`NotReceived`].
pub async fn receive<S: Send + Sync, E: FromRequest<S>>(
    request: Request,
    state: &S,
) -> Result<E, NotReceived<E::Rejection>> {
    let place = request.extensions().get::<Place>().cloned();
    let is_large = request.extensions().get::<LargeBody>().is_some() && !is_small(&request);
    let mut receiving = Box::pin(E::from_request(request, state));
    // Most bodies came with their heads.
    if let std::task::Poll::Ready(received) = futures_util::poll!(receiving.as_mut()) {
        return received.map_err(NotReceived::Rejected);
    }
    let Some(Place(held)) = place else {
        return receiving.await.map_err(NotReceived::Rejected);
    };
    held.give_up();
    let received = if is_large {
        let _large = held.work.large.try_acquire().map_err(|_| NotReceived::Crowded)?;
        receiving.await
    } else {
        let time = std::pin::pin!(tokio::time::sleep(SMALL_BODY_TIME));
        match select(receiving, time).await {
            Either::Left((received, _)) => received,
            Either::Right(_) => return Err(NotReceived::Slow),
        }
    };
    held.retake().map_err(|_| NotReceived::Crowded)?;
    received.map_err(NotReceived::Rejected)
}

fn is_small(request: &Request) -> bool {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    length.is_some_and(|length| length <= SMALL_BODY)
}

//! What stands around the routes of every HTTP surface.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use contract::ProblemKind;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tracing::Instrument;

use super::problem::complete_problem;
use super::security_headers::security_headers;
use super::uncancellable::{Panicked, reads, uncancellable};
use super::{ProblemResponse, request_id};

/// How a surface behaves.
#[derive(Debug, Clone)]
pub struct Surface {
    /// The largest body taken, in bytes.
    pub body_limit: usize,
    /// How long a request may take before the client is told to come back.
    pub request_timeout: Duration,
    /// Whether answers are compressed for clients that ask for it.
    pub compression: bool,
    /// Whose pages may call from a browser; `None` for this origin's alone.
    pub cors: Option<CorsLayer>,
    /// Whether requests that change something can know by [`super::Hangup`] that nobody waits for them any more.
    pub tells_hangups: bool,
}

impl Surface {
    /// The routes with all that stands around them, from the inside: the largest body; changes that nobody cancels, the time
    /// limit, panics, the request's id and span; compression, CORS and the security headers, which so come with every
    /// answer, the errors of the layers within included.
    pub fn around<S: Clone + Send + Sync + 'static>(self, routes: Router<S>) -> Router<S> {
        let mut router = routes
            .layer(DefaultBodyLimit::max(self.body_limit))
            .layer(middleware::from_fn_with_state((self.request_timeout, self.tells_hangups), in_good_order));
        if self.compression {
            router = router.layer(CompressionLayer::new());
        }
        if let Some(cors) = self.cors {
            router = router.layer(cors);
        }
        router.layer(middleware::from_fn(security_headers))
    }
}

/// Gives a request its id and its span; has it run to its end where it may change something; answers in time, also after
/// a panic; and puts the request's id on the answer, with the path on problems that were made without knowing it. All in
/// one layer, since each takes memory and copies its way to the route for every request.
async fn in_good_order(
    State((timeout, tells_hangups)): State<(Duration, bool)>,
    mut request: Request,
    next: Next,
) -> Response {
    let (id, span) = request_id::begin(&mut request);
    let (path, reads) = (request.uri().path().to_owned(), reads(&request));
    let answer = async {
        match tokio::time::timeout(timeout, uncancellable(request, next, tells_hangups)).await {
            Ok(Ok(response)) => response,
            Ok(Err(Panicked)) => {
                tracing::error!("a request panicked");
                let detail = "A defect in the server. The log has the details under this request's id.";
                ProblemResponse::new(ProblemKind::Internal, detail).into_response()
            }
            Err(_) => too_slow(reads).into_response(),
        }
    };
    let mut response = complete_problem(answer.instrument(span).await, &path, &id);
    request_id::tell(&mut response, &id);
    response
}

/// The wait is given up, not the work: what changes something runs on to its end.
fn too_slow(reads: bool) -> ProblemResponse {
    if reads {
        ProblemResponse::new(ProblemKind::Unavailable, "The answer took too long.")
    } else {
        ProblemResponse::new(
            ProblemKind::OutcomeUnknown,
            "The answer took too long. Repeat with the same Idempotency-Key: it happens once.",
        )
    }
}

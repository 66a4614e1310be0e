//! What stands around the routes of every HTTP surface.

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use contract::ProblemKind;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;

use super::{ProblemResponse, RequestId, complete_problem, request_id, security_headers, uncancellable};

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
}

impl Surface {
    /// The routes with all that stands around them, from the inside: the largest body, a task of its own for each
    /// change, the time limit, panics, the problem's path and id, the request id with its span, compression, CORS and
    /// the security headers, which so come with every answer, the errors of the layers within included.
    pub fn around<S: Clone + Send + Sync + 'static>(self, routes: Router<S>) -> Router<S> {
        let timeout = self.request_timeout;
        let mut router = routes
            .layer(DefaultBodyLimit::max(self.body_limit))
            .layer(middleware::from_fn(uncancellable))
            .layer(middleware::from_fn(move |request: Request, next: Next| in_time(timeout, request, next)))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(middleware::from_fn(about_the_request))
            .layer(middleware::from_fn(request_id));
        if self.compression {
            router = router.layer(CompressionLayer::new());
        }
        if let Some(cors) = self.cors {
            router = router.layer(cors);
        }
        router.layer(middleware::from_fn(security_headers))
    }
}

/// Gives up waiting, not the work: what changes something runs on to its end in its own task.
async fn in_time(timeout: Duration, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    match tokio::time::timeout(timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) if reads => {
            ProblemResponse::new(ProblemKind::Unavailable, "The answer took too long.").into_response()
        }
        Err(_) => ProblemResponse::new(
            ProblemKind::OutcomeUnknown,
            "The answer took too long. Repeat with the same Idempotency-Key: it happens once.",
        )
        .into_response(),
    }
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request panicked");
    let detail = "A defect in the server. The log has the details under this request's id.";
    ProblemResponse::new(ProblemKind::Internal, detail).into_response()
}

/// Problems that were made without knowing their request get its path and id here.
async fn about_the_request(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    complete_problem(next.run(request).await, &path, id.as_deref())
}

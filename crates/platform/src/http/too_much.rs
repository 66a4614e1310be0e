//! The answer to a request for which there is no room. It costs a fraction of one that passes all that stands around the
//! routes, so that what can be carried out still is, however much more is asked for.

use std::convert::Infallible;
use std::future::ready;

use axum::http::{HeaderValue, Request, header};
use axum::response::{IntoResponse, Response};
use contract::{Problem, ProblemKind};
use tower::{Layer, ServiceExt};
use tower_http::cors::CorsLayer;

use super::ProblemResponse;
use super::request_id::{self, id_of};
use super::security_headers::secure;

/// Whether a request is worked at however much there is to do: those that ask how the process does, and the services'
/// that follow the portal's keys and revocations.
pub(crate) fn is_exempt<B>(request: &Request<B>) -> bool {
    matches!(request.uri().path(), "/health" | "/health/" | "/ready" | "/.well-known/jwks.json")
}

/// Why a request is not worked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Too many requests are at work.
    NoPlace,
    /// There are too many connections: this one ends with the answer.
    NoConnection,
    /// Its head is not as it must be: the connection ends with the answer, which says the fix.
    Head(&'static str),
}

/// Tells the client to come back, and a browser that asks whether its page may call, that it may; with what comes with
/// every answer.
pub(crate) async fn refuse<B>(
    request: Request<B>,
    why: Refusal,
    https: bool,
    cors: Option<&CorsLayer>,
) -> Result<Response, Infallible> {
    let mut response = match cors {
        None => refusal(&request, why),
        Some(cors) => {
            let refusal = tower::service_fn(|request| ready(Ok::<_, Infallible>(refusal(&request, why))));
            cors.layer(refusal).oneshot(request).await?
        }
    };
    secure(&mut response, https);
    if why != Refusal::NoPlace {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

fn refusal<B>(request: &Request<B>, why: Refusal) -> Response {
    let (kind, detail) = match why {
        Refusal::NoPlace => (
            ProblemKind::Unavailable,
            "Too much is at work already. Nothing was changed; repeat as Retry-After says.",
        ),
        Refusal::NoConnection => (
            ProblemKind::Unavailable,
            "There are too many connections. Nothing was changed; repeat as Retry-After says.",
        ),
        Refusal::Head(fix) => (ProblemKind::Malformed, fix),
    };
    let id = id_of(request.headers());
    let mut problem = Problem::new(kind, detail);
    problem.instance = Some(request.uri().path().to_owned());
    problem.request_id = Some(id.clone());
    let mut response = ProblemResponse::from(problem).into_response();
    request_id::tell(&mut response, &id);
    response
}

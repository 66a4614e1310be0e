//! The answer to a request for which there is no room. It costs a fraction of one that passes all that stands around the
//! routes, so that what can be carried out still is, however much more is asked for.

use std::convert::Infallible;
use std::future::ready;

use axum::http::Request;
use axum::response::{IntoResponse, Response};
use contract::{Problem, ProblemKind};
use tower::{Layer, ServiceExt};
use tower_http::cors::CorsLayer;

use super::ProblemResponse;
use super::request_id::{self, id_of};
use super::security_headers::secure;

/// Whether a request is worked at however much there is to do: those that ask how the process does.
pub(crate) fn is_exempt<B>(request: &Request<B>) -> bool {
    matches!(request.uri().path(), "/health" | "/ready")
}

/// Tells the client to come back, and a browser that asks whether its page may call, that it may; with what comes with
/// every answer.
pub(crate) async fn refuse<B>(
    request: Request<B>,
    https: bool,
    cors: Option<&CorsLayer>,
) -> Result<Response, Infallible> {
    let mut response = match cors {
        None => too_much(&request),
        Some(cors) => {
            let refusal = tower::service_fn(|request| ready(Ok::<_, Infallible>(too_much(&request))));
            cors.layer(refusal).oneshot(request).await?
        }
    };
    secure(&mut response, https);
    Ok(response)
}

fn too_much<B>(request: &Request<B>) -> Response {
    let detail = "Too much is at work already. Nothing was changed; repeat as Retry-After says.";
    let id = id_of(request.headers());
    let mut problem = Problem::new(ProblemKind::Unavailable, detail);
    problem.instance = Some(request.uri().path().to_owned());
    problem.request_id = Some(id.clone());
    let mut response = ProblemResponse::from(problem).into_response();
    request_id::tell(&mut response, &id);
    response
}

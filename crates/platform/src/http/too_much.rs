//! The answer to a request for which there is no room. It costs a fraction of one that passes all that stands around the
//! routes, so that what can be carried out still is, however much more is asked for.

use axum::http::Request;
use axum::response::{IntoResponse, Response};
use contract::{Problem, ProblemKind};

use super::ProblemResponse;
use super::request_id::{self, id_of};
use super::security_headers::secure;

/// Whether a request is worked at however much there is to do: those that ask how the process does.
pub(crate) fn is_exempt<B>(request: &Request<B>) -> bool {
    matches!(request.uri().path(), "/health" | "/ready")
}

/// Tells the client to come back, with what comes with every answer.
pub(crate) fn too_much<B>(request: &Request<B>, https: bool) -> Response {
    let detail = "Too much is at work already. Nothing was changed; repeat as Retry-After says.";
    let id = id_of(request.headers());
    let mut problem = Problem::new(ProblemKind::Unavailable, detail);
    problem.instance = Some(request.uri().path().to_owned());
    problem.request_id = Some(id.clone());
    let mut response = ProblemResponse::from(problem).into_response();
    request_id::tell(&mut response, &id);
    secure(&mut response, https);
    response
}

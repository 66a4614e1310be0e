//! Problems as answers.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::{Problem, ProblemKind};

/// A problem on its way to the client.
#[derive(Debug, Clone)]
pub struct ProblemResponse {
    problem: Box<Problem>,
    /// In seconds.
    retry_after: u64,
}

impl ProblemResponse {
    /// A problem of `kind`; `detail` says what happened and what to do.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> ProblemResponse {
        ProblemResponse::from(Problem::new(kind, detail))
    }

    /// When it makes sense to ask again: said in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after(self, time: Duration) -> ProblemResponse {
        let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
        ProblemResponse { retry_after: seconds.max(1), ..self }
    }
}

impl From<Problem> for ProblemResponse {
    fn from(problem: Problem) -> ProblemResponse {
        ProblemResponse { problem: Box::new(problem), retry_after: 1 }
    }
}

impl IntoResponse for ProblemResponse {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A problem is strings and numbers; writing it into memory cannot fail.
        let body = serde_json::to_vec(&self.problem).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match status {
            StatusCode::UNAUTHORIZED => {
                let challenge = HeaderValue::from_static("Bearer realm=\"quartermaster\"");
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(self.retry_after));
            }
            _ => {}
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Adds the request's path and id to a problem that was made without knowing them. Other answers pass as they are.
pub(super) fn complete_problem(response: Response, path: &str, request_id: &str) -> Response {
    let Some(answered) = response.extensions().get::<ProblemResponse>() else { return response };
    if answered.problem.instance.is_some() {
        return response;
    }
    let mut answered = answered.clone();
    answered.problem.instance = Some(path.to_owned());
    answered.problem.request_id = Some(request_id.to_owned());
    let mut completed = answered.into_response();
    for (name, value) in response.headers() {
        if name != header::CONTENT_LENGTH && !completed.headers().contains_key(name) {
            completed.headers_mut().append(name, value.clone());
        }
    }
    completed
}

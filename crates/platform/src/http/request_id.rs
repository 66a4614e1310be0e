//! Request ids: taken from the client when well-formed, made otherwise; on the answer, in the log and the audit.
//!
//! A client may choose an id that another request has, so a request with an id of the client's has one of the server's
//! besides, in the log and the audit: what stands under the same id and another one of the server's was another request.

use std::fmt;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use tracing::Span;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What tokens (the JSON of a JWT's header) and secrets of programs begin with.
const SECRETS_BEGIN: [&str; 2] = ["eyJ", "qms_"];

/// The id of the request, in its extensions.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// The id that this server made for a request whose [`RequestId`] the client chose, in its extensions. Absent where that
/// is the server's own.
#[derive(Debug, Clone)]
pub struct ServerRequestId(pub String);

/// The W3C `traceparent` that the request came with, in its extensions, to be passed on.
#[derive(Debug, Clone)]
pub struct TraceParent(pub String);

/// Gives a request its id and its span in the log. A W3C `traceparent` is continued: its trace id stands in the span, and
/// calls made on the request's behalf carry it.
pub(super) fn begin(request: &mut Request) -> (String, Span) {
    let given = well_formed(request.headers());
    let made = made();
    let (id, server_id) = match given {
        Some(given) => (given, Some(made)),
        None => (made, None),
    };
    let traceparent = traceparent(request.headers());
    let trace = traceparent.as_deref().and_then(trace_id).unwrap_or_default().to_owned();
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let path = LoggedPath { route, path: request.uri().path() };
    let span = tracing::info_span!(
        "request", id = %id, server_request_id = server_id.as_deref(), trace = %trace, method = %request.method(),
        path = %path
    );
    request.extensions_mut().insert(RequestId(id.clone()));
    if let Some(server_id) = server_id {
        request.extensions_mut().insert(ServerRequestId(server_id));
    }
    if let Some(traceparent) = traceparent {
        request.extensions_mut().insert(TraceParent(traceparent));
    }
    (id, span)
}

/// The id of a request with these headers.
pub(super) fn id_of(headers: &HeaderMap) -> String {
    well_formed(headers).unwrap_or_else(made)
}

/// An id that no other request has.
fn made() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Puts the request's id on its answer.
pub(super) fn tell(response: &mut Response, id: &str) {
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
}

/// A path as the log shows it: what a client put into it only where that is a number. Other words, and paths that lead
/// nowhere, may be secrets that went astray.
struct LoggedPath<'a> {
    /// The route that the path took, as in `/v1/orders/{id}`.
    route: Option<&'a str>,
    path: &'a str,
}

impl fmt::Display for LoggedPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(route) = self.route else { return f.write_str("(no route)") };
        let parts =
            route.trim_start_matches('/').split('/').zip(self.path.trim_start_matches('/').split('/'));
        for (pattern, part) in parts {
            let is_number = (1..=19).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            write!(f, "/{}", if is_number { part } else { pattern })?;
        }
        Ok(())
    }
}

fn well_formed(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    // A token or a program's secret in the wrong header would stand in the log and the audit.
    let is_secret = SECRETS_BEGIN.iter().any(|begin| id.starts_with(begin));
    let is_id = (1..=128).contains(&id.len()) && id.bytes().all(allowed) && !is_secret;
    is_id.then(|| id.to_owned())
}

fn traceparent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(TRACEPARENT)?.to_str().ok()?;
    trace_id(text).map(|_| text.to_owned())
}

/// `00-<32 hex digits of trace id>-<16 of parent id>-<flags>`.
fn trace_id(traceparent: &str) -> Option<&str> {
    let mut parts = traceparent.split('-');
    let (_version, trace) = (parts.next()?, parts.next()?);
    let hex = trace.len() == 32 && trace.bytes().all(|b| b.is_ascii_hexdigit());
    (hex && trace.bytes().any(|b| b != b'0')).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_or_a_secret_is_no_request_id() {
        for (sent, taken) in [
            ("order-17.retry_2", true),
            ("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiI3In0.c2ln", false),
            ("qms_AbC-123_def", false),
            ("no good!", false),
        ] {
            let headers = HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_static(sent))]);
            assert_eq!(id_of(&headers) == sent, taken, "{sent}");
        }
    }

    #[test]
    fn the_log_shows_of_a_path_its_route_and_numbers() {
        for (route, path, shown) in [
            (Some("/v1/orders/{id}/submit"), "/v1/orders/7/submit", "/v1/orders/7/submit"),
            (Some("/v1/orders/{id}"), "/v1/orders/s3cret", "/v1/orders/{id}"),
            (Some("/static/{*path}"), "/static/a/b.css", "/static/{*path}"),
            (Some("/"), "/", "/"),
            (Some("/health/"), "/health/", "/health/"),
            (None, "/s3cret", "(no route)"),
        ] {
            assert_eq!(LoggedPath { route, path }.to_string(), shown);
        }
    }
}

//! Request ids: taken from the client when well-formed, made otherwise; on the answer, in the log and the audit.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The id of the request, in its extensions.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// The W3C `traceparent` that the request came with, in its extensions, to be passed on.
#[derive(Debug, Clone)]
pub struct TraceParent(pub String);

/// Middleware that gives every request its id and its span in the log. A W3C `traceparent` is continued: its trace id
/// stands in the span, and calls made on the request's behalf carry it.
pub async fn request_id(mut request: Request, next: Next) -> Response {
    let id = well_formed(request.headers()).unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
    let traceparent = traceparent(request.headers());
    let trace = traceparent.as_deref().and_then(trace_id).unwrap_or_default().to_owned();
    let span = tracing::info_span!(
        "request", id = %id, trace = %trace, method = %request.method(), path = %request.uri().path()
    );
    request.extensions_mut().insert(RequestId(id.clone()));
    if let Some(traceparent) = traceparent {
        request.extensions_mut().insert(TraceParent(traceparent));
    }
    let mut response = next.run(request).instrument(span).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

fn well_formed(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    ((1..=128).contains(&id.len()) && id.bytes().all(allowed)).then(|| id.to_owned())
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

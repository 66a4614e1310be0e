//! Requests that change something run to their end, whether or not the client still listens.

use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use contract::ProblemKind;
use tracing::Instrument;

use super::ProblemResponse;

/// Middleware: every request but GET, HEAD and OPTIONS runs in a task of its own, which a client that hangs up does
/// not cancel.
pub async fn uncancellable(request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next.run(request).await;
    }
    match tokio::spawn(next.run(request).in_current_span()).await {
        Ok(response) => response,
        // The error's own text has the panic's message in it, which may have a caller's words in it.
        Err(_) => {
            tracing::error!("a request panicked");
            let detail = "A defect in the server. The log has the details under this request's id.";
            ProblemResponse::new(ProblemKind::Internal, detail).into_response()
        }
    }
}

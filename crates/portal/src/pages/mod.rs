//! One file a page: its template, its form, its handlers. The template of the same name is in `templates/`.

pub(crate) mod dashboard;
pub(crate) mod login;
mod problem;

pub(crate) use problem::Trouble;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

/// A rendered page.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

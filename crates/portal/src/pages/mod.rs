//! One file a page: its template, its form, its handlers. The template of the same name is in `templates/`.

pub(crate) mod admin;
pub(crate) mod audit;
mod audit_details;
pub(crate) mod audit_file;
pub(crate) mod audit_seal;
pub(crate) mod branches;
pub(crate) mod dashboard;
pub(crate) mod events;
mod faults;
pub(crate) mod frame;
pub(crate) mod items;
pub(crate) mod login;
pub(crate) mod orders;
pub(crate) mod password;
pub(crate) mod preferences;
pub(crate) mod problem;
pub(crate) mod query;
pub(crate) mod refusal;
pub(crate) mod scan;
pub(crate) mod search;
pub(crate) mod second_factor;
pub(crate) mod second_step;
pub(crate) mod sessions;
pub(crate) mod stock;

pub(crate) use problem::Trouble;

use std::time::Duration;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use frame::Frame;

/// A rendered page. What signed-in people see is kept by no cache.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, [(header::CACHE_CONTROL, "no-store")], Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page for who has guessed too often: its text says [`in_words`] how long to wait, its header in seconds.
pub(crate) fn page_to_wait(wait: Duration, template: &impl Template) -> Response {
    let mut response = page(StatusCode::TOO_MANY_REQUESTS, template);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds(wait)));
    response
}

/// What to say to who has to wait.
pub(crate) fn in_words(frame: &Frame, wait: Duration) -> String {
    match seconds(wait) {
        seconds @ 0..=90 => frame.count("wait-seconds", seconds),
        seconds => frame.count("wait-minutes", seconds.div_ceil(60)),
    }
}

/// Whole seconds, after which the time is over.
fn seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX)
}

/// A form that carries nothing but its token.
#[derive(Debug, Deserialize)]
pub(crate) struct Bare {}

/// A form that deletes what was read at a version.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DeleteForm {
    /// Its Idempotency-Key.
    pub key: String,
    /// The version.
    pub etag: String,
}

//! One file a page: its template, its form, its handlers. The template of the same name is in `templates/`.

pub(crate) mod dashboard;
pub(crate) mod login;
pub(crate) mod password;
mod problem;
pub(crate) mod second_factor;
pub(crate) mod second_step;
pub(crate) mod sessions;

pub(crate) use problem::{Trouble, form_refused};

use std::time::Duration;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use identity::Role;
use serde::Deserialize;

use crate::accounts::users::User;

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
pub(crate) fn in_words(wait: Duration) -> String {
    let (count, unit) = match seconds(wait) {
        seconds @ 0..=90 => (seconds, "second"),
        seconds => (seconds.div_ceil(60), "minute"),
    };
    let s = if count == 1 { "" } else { "s" };
    format!("There were several tries that did not match. Wait {count} {unit}{s}, then try again.")
}

/// Whole seconds, after which the time is over.
fn seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX)
}

/// Who is signed in, as the top of each page shows it: `header.html`, with the page's `token` for its form.
#[derive(Debug)]
pub(crate) struct Header {
    username: String,
    roles: String,
}

impl Header {
    pub(crate) fn of(user: &User) -> Header {
        let roles: Vec<&str> = user.roles.iter().copied().map(Role::name).collect();
        Header { username: user.username.clone(), roles: roles.join(", ") }
    }
}

/// A form that carries nothing but its token.
#[derive(Debug, Deserialize)]
pub(crate) struct Bare {}

/// An error's words as a sentence of a page.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

//! In which language, and light or dark: kept by the browser, so that it holds before anybody is signed in too.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::frame::Theme;
use crate::Shared;
use crate::http::cookie::Cookie;
use crate::http::forms::CheckedForm;
use crate::http::local_path::local_path;
use crate::words::Language;

#[derive(Debug, Deserialize)]
pub(crate) struct Choice {
    #[serde(default)]
    language: String,
    #[serde(default)]
    theme: String,
    #[serde(default)]
    next: String,
}

/// Keeps the choice, and leads back.
pub(crate) async fn choose(
    State(shared): State<Arc<Shared>>,
    CheckedForm(choice): CheckedForm<Choice>,
) -> Response {
    let language = Language::parse(&choice.language).map(Language::tag);
    let theme = Theme::parse(&choice.theme).map(Theme::name);
    let cookies = [(Cookie::Language, language), (Cookie::Theme, theme)].map(|(cookie, value)| match value {
        Some(value) => cookie.set(value, &shared.config),
        None => cookie.clear(&shared.config),
    });
    (AppendHeaders(cookies), Redirect::to(local_path(&choice.next))).into_response()
}

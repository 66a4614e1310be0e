//! Sign in and sign out.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::{Bare, Trouble, in_words, page, page_to_wait};
use crate::accounts::sessions;
use crate::accounts::sign_in::{self, Begun, Outcome};
use crate::http::cookie::Cookie;
use crate::http::forms::{CheckedForm, FormToken, Visit};
use crate::http::visitor::Visitor;
use crate::{Config, Shared};

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    username: &'a str,
    next: &'a str,
    error: Option<String>,
    token: FormToken,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LoginQuery {
    #[serde(default)]
    pub next: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LoginForm {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

pub(crate) async fn get(Visit { token, cookie }: Visit, Query(query): Query<LoginQuery>) -> Response {
    let next = local_path(&query.next);
    let page = page(StatusCode::OK, &LoginPage { username: "", next, error: None, token });
    (AppendHeaders(cookie), page).into_response()
}

pub(crate) async fn post(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    CheckedForm(form, token): CheckedForm<LoginForm>,
) -> Result<Response, Trouble> {
    let next = local_path(&form.next);
    let username = form.username.trim();
    let outcome = sign_in::with_password(&shared.database, &visitor, username, &form.password).await?;
    Ok(match outcome {
        Outcome::Right(begun) if begun.device.is_none() => {
            let next = if next == "/" { String::new() } else { format!("?next={next}") };
            lead(&begun, &format!("/accounts/second-step/{next}"), &shared.config)
        }
        Outcome::Right(begun) => lead(&begun, next, &shared.config),
        Outcome::Wrong => {
            let error = Some("Name and password do not match. Check both and try again.".to_owned());
            page(StatusCode::UNPROCESSABLE_ENTITY, &LoginPage { username, next, error, token })
        }
        Outcome::Wait(wait) => {
            let error = Some(in_words(wait));
            page_to_wait(wait, &LoginPage { username, next, error, token })
        }
    })
}

/// Gives the browser its session and leads it on.
pub(crate) fn lead(begun: &Begun, to: &str, config: &Config) -> Response {
    let mut cookies = vec![Cookie::Session.set(&begun.session, config), Cookie::Visit.clear(config)];
    cookies.extend(begun.device.as_ref().map(|device| Cookie::Device.set(device, config)));
    (AppendHeaders(cookies), Redirect::to(to)).into_response()
}

pub(crate) async fn logout(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    CheckedForm(Bare {}, _): CheckedForm<Bare>,
) -> Result<Response, Trouble> {
    if let Some(id) = &visitor.session {
        let found = sessions::find(&shared.database, id, shared.config.sessions).await?;
        if let Some(found) = found {
            sessions::sign_out(&shared.database, &visitor.by(&found.user), id).await?;
        }
    }
    let cookie = Cookie::Session.clear(&shared.config);
    Ok((AppendHeaders([cookie]), Redirect::to("/accounts/login/")).into_response())
}

/// Where to go after sign-in: a path of this portal, never another site.
pub(crate) fn local_path(next: &str) -> &str {
    let plain = next.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    let local = next.starts_with('/') && !next.starts_with("//") && plain;
    if local { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn only_paths_of_this_portal_are_followed_after_sign_in() {
        for path in ["/", "/orders?x=1"] {
            assert_eq!(local_path(path), path);
        }
        for path in
            ["", "orders", "//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil", "/\r\nx"]
        {
            assert_eq!(local_path(path), "/");
        }
    }
}

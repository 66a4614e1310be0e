//! Sign in and sign out.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderName, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::frame::Frame;
use super::{Bare, Trouble, in_words, page, page_to_wait};
use crate::accounts::sessions;
use crate::accounts::sign_in::{self, Begun, Outcome};
use crate::http::cookie::Cookie;
use crate::http::forms::{CheckedForm, Visit};
use crate::http::local_path::{as_parameter, local_path};
use crate::http::visitor::Visitor;
use crate::{Config, Shared};

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    username: &'a str,
    next: &'a str,
    error: Option<String>,
    frame: Frame,
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

pub(crate) async fn get(Visit { frame, cookie }: Visit, Query(query): Query<LoginQuery>) -> Response {
    let next = local_path(&query.next);
    let page = page(StatusCode::OK, &LoginPage { username: "", next, error: None, frame });
    (AppendHeaders(cookie), page).into_response()
}

pub(crate) async fn post(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Visit { frame, .. }: Visit,
    CheckedForm(form): CheckedForm<LoginForm>,
) -> Result<Response, Trouble> {
    let next = local_path(&form.next);
    let username = form.username.trim();
    let outcome = sign_in::with_password(&shared.database, &visitor, username, &form.password).await?;
    Ok(match outcome {
        Outcome::Right(None) => {
            let error = Some(frame.say("login-first-expired"));
            page(StatusCode::UNPROCESSABLE_ENTITY, &LoginPage { username, next, error, frame })
        }
        Outcome::Right(Some(begun)) if begun.device.is_none() => {
            let to = format!("/accounts/second-step/?next={}", as_parameter(next));
            lead(&begun, &to, &shared.config)
        }
        Outcome::Right(Some(begun)) => lead(&begun, next, &shared.config),
        Outcome::Wrong => {
            let error = Some(frame.say("login-wrong"));
            page(StatusCode::UNPROCESSABLE_ENTITY, &LoginPage { username, next, error, frame })
        }
        Outcome::Wait(wait) => {
            let error = Some(in_words(&frame, wait));
            page_to_wait(wait, &LoginPage { username, next, error, frame })
        }
    })
}

/// Gives the browser its session and leads it on.
pub(crate) fn lead(begun: &Begun, to: &str, config: &Config) -> Response {
    let mut cookies = vec![Cookie::Session.set(&begun.session, config), Cookie::Visit.clear(config)];
    cookies.extend(begun.device.as_ref().map(|device| Cookie::Device.set(device, config)));
    (AppendHeaders(cookies), Redirect::to(to)).into_response()
}

/// Leads a browser whose session is over away, and has it forget what it keeps of the portal: its cache and its storage.
/// Of the cookies the session's alone goes: the others hold the choice of language, and that the browser is known, by
/// which strangers' guesses do not keep its owner out.
pub(crate) fn sent_away(to: &str, config: &Config) -> Response {
    let forget = [(CLEAR_SITE_DATA, "\"cache\", \"storage\"")];
    let cookie = Cookie::Session.clear(config);
    (forget, AppendHeaders([cookie]), Redirect::to(to)).into_response()
}

pub(crate) async fn logout(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    CheckedForm(Bare {}): CheckedForm<Bare>,
) -> Result<Response, Trouble> {
    if let Some(id) = &visitor.session {
        let found = sessions::find(&shared.database, id, &shared.config).await?;
        if let Some(found) = found {
            sessions::sign_out(&shared.database, &visitor.by(&found.user), id).await?;
        }
    }
    Ok(sent_away("/accounts/login/", &shared.config))
}

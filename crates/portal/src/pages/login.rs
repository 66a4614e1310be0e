//! Sign in and sign out.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::frame::Frame;
use super::{Bare, Trouble, in_words, page, page_to_wait, second_step};
use crate::accounts::sign_in::{self, Begun, Outcome};
use crate::accounts::{random_id, sessions};
use crate::http::cookie::Cookie;
use crate::http::forms::{CheckedForm, FormToken, Visit};
use crate::http::kept_form::{self, Lost};
use crate::http::local_path::{as_parameter, local_path};
use crate::http::visitor::Visitor;
use crate::{Config, Shared};

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
const CLEARED: &str = "\"cache\", \"storage\"";

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    username: &'a str,
    next: &'a str,
    error: Option<String>,
    /// A form that was sent after its session had ended, sealed; none where it is empty.
    kept: &'a str,
    /// A notice that says whether such a form was kept.
    notice: Option<String>,
    frame: Frame,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LoginQuery {
    #[serde(default)]
    pub next: String,
    /// The word of a [`Lost`].
    #[serde(default)]
    lost: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LoginForm {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
    #[serde(default)]
    kept: String,
}

pub(crate) async fn get(Visit { frame, cookie }: Visit, Query(query): Query<LoginQuery>) -> Response {
    let next = local_path(&query.next);
    let notice = Lost::parse(&query.lost).map(|lost| frame.say(lost.message()));
    let page = page(StatusCode::OK, &LoginPage { username: "", next, error: None, kept: "", notice, frame });
    (AppendHeaders(cookie), page).into_response()
}

pub(crate) async fn post(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Visit { frame, .. }: Visit,
    headers: HeaderMap,
    uri: Uri,
    CheckedForm(form): CheckedForm<LoginForm>,
) -> Result<Response, Trouble> {
    let (next, kept) = (local_path(&form.next), form.kept.as_str());
    let notice = (!kept.is_empty()).then(|| frame.say("login-kept"));
    let username = form.username.trim();
    let outcome = sign_in::with_password(&shared.database, &visitor, username, &form.password).await?;
    Ok(match outcome {
        Outcome::Right(None) => {
            let error = Some(frame.say("login-first-expired"));
            page(StatusCode::UNPROCESSABLE_ENTITY, &LoginPage { username, next, error, kept, notice, frame })
        }
        Outcome::Right(Some(begun)) if begun.device.is_none() && !kept.is_empty() => {
            let frame = Frame::read(&headers, &uri, FormToken::of(&begun.session), &shared.config);
            with_session(&begun, second_step::ask(frame, username, next, kept), &shared.config)
        }
        Outcome::Right(Some(begun)) if begun.device.is_none() => {
            let to = format!("/accounts/second-step/?next={}", as_parameter(next));
            lead(&begun, &to, &shared.config)
        }
        Outcome::Right(Some(begun)) => arrived(&shared, &headers, &uri, &begun, next, kept).await?,
        Outcome::Wrong => {
            let error = Some(frame.say("login-wrong"));
            page(StatusCode::UNPROCESSABLE_ENTITY, &LoginPage { username, next, error, kept, notice, frame })
        }
        Outcome::Wait(wait) => {
            let error = Some(in_words(&frame, wait));
            page_to_wait(wait, &LoginPage { username, next, error, kept, notice, frame })
        }
    })
}

/// Somebody has signed in: with a form that was kept for them they get it back, and are led on otherwise.
pub(crate) async fn arrived(
    shared: &Shared,
    headers: &HeaderMap,
    uri: &Uri,
    begun: &Begun,
    next: &str,
    kept: &str,
) -> Result<Response, Trouble> {
    let form = if kept.is_empty() {
        None
    } else {
        kept_form::give_back(shared, headers, uri, &begun.session, kept).await?
    };
    Ok(match form {
        Some(form) => with_session(begun, form, &shared.config),
        None => lead(begun, next, &shared.config),
    })
}

/// The page to sign in for who has sent a form after the session's end, with that form.
pub(crate) fn interrupted(
    shared: &Shared,
    headers: &HeaderMap,
    uri: &Uri,
    kept: &str,
    next: &str,
) -> Response {
    let id = random_id::make();
    let frame = Frame::read(headers, uri, FormToken::of(&id), &shared.config);
    let frame = Frame { path: "/accounts/login/".to_owned(), ..frame };
    let notice = Some(frame.say("login-kept"));
    let page = page(StatusCode::OK, &LoginPage { username: "", next, error: None, kept, notice, frame });
    let cookies = [Cookie::Session.clear(&shared.config), Cookie::Visit.set(&id, &shared.config)];
    (AppendHeaders(cookies), [(CLEAR_SITE_DATA, CLEARED)], page).into_response()
}

/// The way to sign in for who has sent a form after the session's end that is not kept.
pub(crate) fn interrupted_for_good(shared: &Shared, lost: Lost, next: &str) -> Response {
    let to = format!("/accounts/login/?next={}&lost={}", as_parameter(next), lost.word());
    sent_away(&to, &shared.config)
}

/// Gives the browser its session and leads it on.
pub(crate) fn lead(begun: &Begun, to: &str, config: &Config) -> Response {
    with_session(begun, Redirect::to(to).into_response(), config)
}

/// Gives the browser its session with a page.
fn with_session(begun: &Begun, page: Response, config: &Config) -> Response {
    let mut cookies = vec![Cookie::Session.set(&begun.session, config), Cookie::Visit.clear(config)];
    cookies.extend(begun.device.as_ref().map(|device| Cookie::Device.set(device, config)));
    (AppendHeaders(cookies), page).into_response()
}

/// Leads a browser whose session is over away, and has it forget what it keeps of the portal: its cache and its storage.
/// Of the cookies the session's alone goes: the others hold the choice of language, and that the browser is known, by
/// which strangers' guesses do not keep its owner out.
pub(crate) fn sent_away(to: &str, config: &Config) -> Response {
    let forget = [(CLEAR_SITE_DATA, CLEARED)];
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

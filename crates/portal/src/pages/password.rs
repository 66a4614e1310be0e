//! Change one's own password.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Deserialize;

use super::frame::Frame;
use super::{Trouble, in_words, page, page_to_wait};
use crate::Shared;
use crate::accounts::password_change;
use crate::accounts::passwords::BadPassword;
use crate::accounts::sessions::{Session, Standing};
use crate::accounts::sign_in::{self, Outcome};
use crate::error::Error;
use crate::http::cookie::Cookie;
use crate::http::forms::{CheckedForm, FormToken};
use crate::http::session::Changing;
use crate::http::visitor::Visitor;

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    frame: Frame,
    /// Somebody else set the password, and it is to be changed first.
    must: bool,
    changed: bool,
    current_error: Option<String>,
    new_error: Option<String>,
    again_error: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PasswordForm {
    #[serde(default)]
    current: String,
    #[serde(default)]
    new: String,
    #[serde(default)]
    again: String,
}

impl PasswordPage {
    fn new(frame: Frame, session: &Session) -> PasswordPage {
        let must = session.standing == Standing::MustChangePassword;
        let (current_error, new_error, again_error) = (None, None, None);
        PasswordPage { frame, must, changed: false, current_error, new_error, again_error }
    }
}

pub(crate) async fn get(Changing { session, frame }: Changing) -> Response {
    page(StatusCode::OK, &PasswordPage::new(frame, &session))
}

pub(crate) async fn post(
    State(shared): State<Arc<Shared>>,
    Changing { session, frame }: Changing,
    visitor: Visitor,
    CheckedForm(form): CheckedForm<PasswordForm>,
) -> Result<Response, Trouble> {
    let mut answer = PasswordPage::new(frame, &session);
    let invalid = StatusCode::UNPROCESSABLE_ENTITY;
    if form.new != form.again {
        answer.again_error = Some(answer.frame.say("password-differs"));
        return Ok(page(invalid, &answer));
    }
    if form.new == form.current {
        answer.new_error = Some(answer.frame.say("password-same"));
        return Ok(page(invalid, &answer));
    }
    match sign_in::confirm(&shared.database, &visitor, &session, &form.current).await? {
        Outcome::Right(()) => {}
        Outcome::Wrong => {
            answer.current_error = Some(answer.frame.say("password-wrong"));
            return Ok(page(invalid, &answer));
        }
        Outcome::Wait(wait) => {
            answer.current_error = Some(in_words(&answer.frame, wait));
            return Ok(page_to_wait(wait, &answer));
        }
    }
    let (by, device) = (visitor.by(&session.user), visitor.device.as_deref());
    match password_change::change(&shared.database, &by, &session, device, &form.new).await {
        Ok(id) => {
            answer.changed = true;
            answer.frame.token = FormToken::of(&id);
            let cookie = Cookie::Session.set(&id, &shared.config);
            Ok((AppendHeaders([cookie]), page(StatusCode::OK, &answer)).into_response())
        }
        Err(Error::Password(wrong)) => {
            answer.new_error = Some(answer.frame.say(bad_password_message(wrong)));
            Ok(page(invalid, &answer))
        }
        Err(error) => Err(error.into()),
    }
}

/// The message that tells why a password may not be set.
pub(crate) const fn bad_password_message(wrong: BadPassword) -> &'static str {
    match wrong {
        BadPassword::Length => "password-length",
        BadPassword::ContainsName => "password-contains-name",
        BadPassword::Common => "password-common",
    }
}

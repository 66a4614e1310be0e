//! Change one's own password.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Deserialize;

use super::{Header, Trouble, in_words, page, page_to_wait};
use crate::Shared;
use crate::accounts::password_change;
use crate::accounts::sign_in::{self, Outcome};
use crate::error::Error;
use crate::http::cookie::Cookie;
use crate::http::forms::{CheckedForm, FormToken};
use crate::http::session::SignedIn;
use crate::http::visitor::Visitor;

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    header: Header,
    token: FormToken,
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
    fn new(header: Header, token: FormToken) -> PasswordPage {
        let (current_error, new_error, again_error) = (None, None, None);
        PasswordPage { header, token, changed: false, current_error, new_error, again_error }
    }
}

pub(crate) async fn get(SignedIn { user, token, .. }: SignedIn) -> Response {
    page(StatusCode::OK, &PasswordPage::new(Header::of(&user), token))
}

pub(crate) async fn post(
    State(shared): State<Arc<Shared>>,
    SignedIn { user, session, .. }: SignedIn,
    visitor: Visitor,
    CheckedForm(form, token): CheckedForm<PasswordForm>,
) -> Result<Response, Trouble> {
    let mut answer = PasswordPage::new(Header::of(&user), token);
    let invalid = StatusCode::UNPROCESSABLE_ENTITY;
    if form.new != form.again {
        answer.again_error = Some("The two new passwords differ.".to_owned());
        return Ok(page(invalid, &answer));
    }
    match sign_in::confirm(&shared.database, &visitor, &session, &form.current).await? {
        Outcome::Right(()) => {}
        Outcome::Wrong => {
            answer.current_error = Some("That is not your password.".to_owned());
            return Ok(page(invalid, &answer));
        }
        Outcome::Wait(wait) => {
            answer.current_error = Some(in_words(wait));
            return Ok(page_to_wait(wait, &answer));
        }
    }
    let (by, device) = (visitor.by(&user), visitor.device.as_deref());
    match password_change::change(&shared.database, &by, &session, device, &form.new).await {
        Ok(id) => {
            answer.changed = true;
            answer.token = FormToken::of(&id);
            let cookie = Cookie::Session.set(&id, &shared.config);
            Ok((AppendHeaders([cookie]), page(StatusCode::OK, &answer)).into_response())
        }
        Err(Error::Invalid(wrong)) => {
            answer.new_error = Some(super::sentence(&wrong));
            Ok(page(invalid, &answer))
        }
        Err(error) => Err(error.into()),
    }
}

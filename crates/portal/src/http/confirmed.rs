//! Acts on accounts, programs and keys ask for the password again, when it was not given for a while: whoever finds an
//! unlocked screen, or a cookie, has the session but not the password.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::forms;
use super::session::SignedIn;
use super::visitor::Visitor;
use crate::Shared;
use crate::accounts::sessions::{self, Session};
use crate::accounts::sign_in::{self, Outcome};
use crate::error::Error;
use crate::pages::admin::page_of;
use crate::pages::frame::{Frame, Section};
use crate::pages::{Trouble, in_words, page, page_to_wait};

/// A form as [`CheckedForm`](forms::CheckedForm) has it, from a signed-in user who has given the password within the last
/// 10 minutes. A handler that takes it cannot be reached otherwise: others get a page that asks for the password, and
/// the form goes on from there.
#[derive(Debug)]
pub(crate) struct Confirmed<T>(pub T);

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    frame: Frame,
    /// Where the form goes.
    action: String,
    /// The form as it was typed, sealed: passwords among its fields do not stand in the page.
    form: String,
    error: Option<String>,
}

/// What [`ConfirmPage`] sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    confirm_form: Option<String>,
    confirm_password: String,
}

impl<T: DeserializeOwned> FromRequest<Arc<Shared>> for Confirmed<T> {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Confirmed<T>, Response> {
        let form = confirmed(request, shared).await?;
        forms::read(&form).map(Confirmed).map_err(IntoResponse::into_response)
    }
}

/// The text of a form that was confirmed, or the page that asks for it.
async fn confirmed(request: Request, shared: &Arc<Shared>) -> Result<Bytes, Response> {
    let (mut parts, body) = request.into_parts();
    let SignedIn { session, frame, .. } = SignedIn::from_request_parts(&mut parts, shared).await?;
    let visitor = match Visitor::from_request_parts(&mut parts, shared).await {
        Ok(visitor) => visitor,
        Err(never) => match never {},
    };
    let action = parts.uri.path().to_owned();
    let frame = within(frame, &action);
    let bytes = forms::checked(Request::from_parts(parts, body), shared).await?;
    let Answer { confirm_form, confirm_password } =
        forms::read(&bytes).map_err(IntoResponse::into_response)?;
    let Some(sealed) = confirm_form else {
        if session.is_confirmed {
            return Ok(bytes);
        }
        let form = seal(shared, &session, &action, &bytes).map_err(failed)?;
        return Err(page(StatusCode::FORBIDDEN, &ConfirmPage { frame, action, form, error: None }));
    };
    let form = open(shared, &session, &action, &sealed).map_err(|_| Trouble::Form.into_response())?;
    match sign_in::confirm(&shared.database, &visitor, &session, &confirm_password).await {
        Ok(Outcome::Right(())) => {
            let by = visitor.by(&session.user);
            sessions::confirm(&shared.database, &by, &session).await.map_err(failed)?;
            Ok(form.into())
        }
        Ok(Outcome::Wrong) => {
            let error = Some(frame.say("password-wrong"));
            let again = ConfirmPage { frame, action, form: sealed, error };
            Err(page(StatusCode::UNPROCESSABLE_ENTITY, &again))
        }
        Ok(Outcome::Wait(wait)) => {
            let error = Some(in_words(&frame, wait));
            Err(page_to_wait(wait, &ConfirmPage { frame, action, form: sealed, error }))
        }
        Err(error) => Err(failed(error)),
    }
}

fn failed(error: Error) -> Response {
    Trouble::from(error).into_response()
}

/// The frame of the page that asks. The form's own address shows no page: who chooses another language comes back to the
/// page with the form.
fn within(frame: Frame, action: &str) -> Frame {
    if action.starts_with("/admin/") {
        let frame = frame.within(Section::Admin);
        Frame { path: page_of(action).to_owned(), ..frame }
    } else {
        Frame { path: "/accounts/sessions/".to_owned(), ..frame }
    }
}

/// What a form is sealed for: it opens in its own session and at its own address alone.
fn purpose(session: &Session, action: &str) -> String {
    format!("form of session {} to {action}", session.id)
}

fn seal(shared: &Shared, session: &Session, action: &str, form: &[u8]) -> Result<String, Error> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(shared.sealer.seal(&purpose(session, action), form)?))
}

fn open(shared: &Shared, session: &Session, action: &str, sealed: &str) -> Result<Vec<u8>, Error> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).map_err(|_| Error::Seal)?;
    shared.sealer.open(&purpose(session, action), &sealed)
}

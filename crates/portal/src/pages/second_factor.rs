//! One's own second factor: set it up, see it, remove it.

use std::fmt::Write;
use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shares;
use axum::http::StatusCode;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use jiff::Timestamp;
use qrcodegen::{QrCode, QrCodeEcc};
use serde::Deserialize;

use super::frame::Frame;
use super::{Trouble, in_words, page, page_to_wait};
use crate::Shared;
use crate::accounts::second_factor::{self, Offer};
use crate::accounts::sessions::{Session, Standing};
use crate::accounts::sign_in::{self, Outcome};
use crate::error::Error;
use crate::http::cookie::Cookie;
use crate::http::forms::{CheckedForm, FormToken};
use crate::http::session::Enrolling;
use crate::http::visitor::Visitor;

const PATH: &str = "/accounts/second-factor/";

#[derive(Template)]
#[template(path = "second_factor.html")]
struct SecondFactorPage {
    frame: Frame,
    state: State,
    code_error: Option<String>,
    password_error: Option<String>,
}

/// What the page has to show.
enum State {
    /// There is none; this one is offered. Whether it `must` be taken.
    Offered { offer: Shown, must: bool },
    /// It was just set up: the recovery codes, this once.
    Enrolled { codes: Vec<String> },
    /// There is one.
    Kept { since: Timestamp, left: i64 },
}

/// An offer as the page shows it.
struct Shown {
    sealed: String,
    text: String,
    /// The QR code's side, in modules with its margin, and its dark modules as an SVG path.
    size: i32,
    path: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct EnrolForm {
    #[serde(default)]
    offer: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    password: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct RemoveForm {
    #[serde(default)]
    password: String,
}

pub(crate) async fn get(
    Shares(shared): Shares<Arc<Shared>>,
    Enrolling { session, frame }: Enrolling,
) -> Result<Response, Trouble> {
    let page_of = match second_factor::since(&shared.database, session.user.id).await? {
        Some(kept) => SecondFactorPage::new(frame, State::kept(kept)),
        None => {
            let state = State::offered(&shared, &session, &Offer::new())?;
            SecondFactorPage::new(frame, state)
        }
    };
    Ok(page(StatusCode::OK, &page_of))
}

pub(crate) async fn post(
    Shares(shared): Shares<Arc<Shared>>,
    Enrolling { session, frame }: Enrolling,
    visitor: Visitor,
    CheckedForm(form): CheckedForm<EnrolForm>,
) -> Result<Response, Trouble> {
    if second_factor::since(&shared.database, session.user.id).await?.is_some() {
        return Ok(Redirect::to(PATH).into_response());
    }
    // What is not an offer to this user was not made by this page: it is shown anew.
    let Ok(offer) = Offer::open(&shared.sealer, session.user.id, &form.offer) else {
        return Ok(Redirect::to(PATH).into_response());
    };
    let state = State::offered(&shared, &session, &offer)?;
    let mut answer = SecondFactorPage::new(frame, state);
    if let Some(refused) = confirm(&shared, &visitor, &session, &form.password, &mut answer).await? {
        return Ok(refused);
    }
    let by = visitor.by(&session.user);
    let chosen = (&offer, form.code.as_str());
    let Some(enrolled) =
        second_factor::enrol(&shared.database, &shared.sealer, &by, &session, chosen).await?
    else {
        answer.code_error = Some(answer.frame.say("factor-code-wrong"));
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &answer));
    };
    answer.state = State::Enrolled { codes: enrolled.recovery_codes };
    answer.frame.token = FormToken::of(&enrolled.session);
    let cookie = Cookie::Session.set(&enrolled.session, &shared.config);
    Ok((AppendHeaders([cookie]), page(StatusCode::OK, &answer)).into_response())
}

pub(crate) async fn remove(
    Shares(shared): Shares<Arc<Shared>>,
    Enrolling { session, frame }: Enrolling,
    visitor: Visitor,
    CheckedForm(form): CheckedForm<RemoveForm>,
) -> Result<Response, Trouble> {
    let Some(kept) = second_factor::since(&shared.database, session.user.id).await? else {
        return Ok(Redirect::to(PATH).into_response());
    };
    let mut answer = SecondFactorPage::new(frame, State::kept(kept));
    if let Some(refused) = confirm(&shared, &visitor, &session, &form.password, &mut answer).await? {
        return Ok(refused);
    }
    let removed = second_factor::remove(&shared.database, &visitor.by(&session.user), &session).await?;
    let cookie = removed.map(|id| Cookie::Session.set(&id, &shared.config));
    Ok((AppendHeaders(cookie), Redirect::to(PATH)).into_response())
}

/// The page that says so, where the password asked again is not the one.
async fn confirm(
    shared: &Shared,
    visitor: &Visitor,
    session: &Session,
    password: &str,
    answer: &mut SecondFactorPage,
) -> Result<Option<Response>, Error> {
    Ok(match sign_in::confirm(&shared.database, visitor, session, password).await? {
        Outcome::Right(()) => None,
        Outcome::Wrong => {
            answer.password_error = Some(answer.frame.say("password-wrong"));
            Some(page(StatusCode::UNPROCESSABLE_ENTITY, answer))
        }
        Outcome::Wait(wait) => {
            answer.password_error = Some(in_words(&answer.frame, wait));
            Some(page_to_wait(wait, answer))
        }
    })
}

impl SecondFactorPage {
    fn new(frame: Frame, state: State) -> SecondFactorPage {
        SecondFactorPage { frame, state, code_error: None, password_error: None }
    }
}

impl State {
    fn offered(shared: &Shared, session: &Session, offer: &Offer) -> Result<State, Error> {
        let (size, path) = qr(&offer.url(&session.user.username));
        let sealed = offer.seal(&shared.sealer, session.user.id)?;
        let offer = Shown { sealed, text: offer.text(), size, path };
        Ok(State::Offered { offer, must: session.standing == Standing::MustEnrol })
    }

    fn kept((since, left): (Timestamp, i64)) -> State {
        State::Kept { since, left }
    }
}

/// The side of a QR code of that text, in modules, and its dark modules, row by row. A name is never too long for one;
/// were it, the secret is there as text.
fn qr(text: &str) -> (i32, String) {
    /// As wide as ISO/IEC 18004 asks for.
    const MARGIN: i32 = 4;
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else { return (1, String::new()) };
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            // Writing into memory cannot fail.
            let _ = write!(path, "M{} {}h1v1h-1z", x + MARGIN, y + MARGIN);
        }
    }
    (code.size() + 2 * MARGIN, path)
}

//! Extractors for pages and calls that need somebody to have come so far.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};

use super::cookie::Cookie;
use super::forms::FormToken;
use super::kept_form::SessionOver;
use super::local_path::as_parameter;
use crate::Shared;
use crate::accounts::sessions::{self, Session, Standing};
use crate::accounts::users::User;
use crate::error::Error;
use crate::pages::Trouble;
use crate::pages::frame::Frame;
use crate::pages::login::sent_away;

/// The signed-in user. Without one, the browser is sent to sign in and comes back afterwards; one who must change a first
/// password or set up a second factor first is sent there.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub user: User,
    pub session: Session,
    pub frame: Frame,
}

/// The user who is signed in, or would be with a second factor set up.
#[derive(Debug)]
pub(crate) struct Enrolling {
    pub session: Session,
    pub frame: Frame,
}

/// The user who is signed in, or would be with a password of their own.
#[derive(Debug)]
pub(crate) struct Changing {
    pub session: Session,
    pub frame: Frame,
}

/// The user whose password was right and whose code is still to come.
#[derive(Debug)]
pub(crate) struct HalfSignedIn {
    pub user: User,
    pub frame: Frame,
}

impl FromRequestParts<Arc<Shared>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<SignedIn, Response> {
        let (session, frame) = at(parts, shared, &[Standing::SignedIn]).await?;
        Ok(SignedIn { user: session.user.clone(), session, frame })
    }
}

impl FromRequestParts<Arc<Shared>> for Enrolling {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Enrolling, Response> {
        let (session, frame) = at(parts, shared, &[Standing::SignedIn, Standing::MustEnrol]).await?;
        Ok(Enrolling { session, frame })
    }
}

impl FromRequestParts<Arc<Shared>> for Changing {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Changing, Response> {
        let (session, frame) = at(parts, shared, &[Standing::SignedIn, Standing::MustChangePassword]).await?;
        Ok(Changing { session, frame })
    }
}

impl FromRequestParts<Arc<Shared>> for HalfSignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<HalfSignedIn, Response> {
        let (session, frame) = at(parts, shared, &[Standing::AwaitsCode]).await?;
        // Nobody is signed in yet, and the page shows no way to where only they may go.
        Ok(HalfSignedIn { user: session.user, frame: Frame { who: None, ..frame } })
    }
}

/// The session, if its user has come as far as the page asks; otherwise the way to where they are.
async fn at(parts: &Parts, shared: &Shared, allowed: &[Standing]) -> Result<(Session, Frame), Response> {
    let found = session(parts, shared).await.map_err(|error| Trouble::from(error).into_response())?;
    let standing = found.as_ref().map(|(session, _)| session.standing);
    match found {
        Some((session, token)) if allowed.contains(&session.standing) => {
            let frame = Frame::read(&parts.headers, &parts.uri, token, &shared.config);
            let frame = frame.of(&session.user, &parts.uri, &shared.authorizer);
            return Ok((session, frame));
        }
        Some(_) | None => {}
    }
    let path = parts.uri.path();
    let to = match standing {
        Some(Standing::SignedIn) => "/".to_owned(),
        Some(Standing::MustChangePassword) => "/accounts/password/".to_owned(),
        Some(Standing::MustEnrol) => "/accounts/second-factor/".to_owned(),
        Some(Standing::AwaitsCode) => "/accounts/second-step/".to_owned(),
        None if path == "/" || path.starts_with("/accounts/second-step") => "/accounts/login/".to_owned(),
        None => {
            let next = parts.uri.path_and_query().map_or(path, |path| path.as_str());
            format!("/accounts/login/?next={}", as_parameter(next))
        }
    };
    // A cookie whose session is over, or was ended elsewhere: nothing of it stays in the browser.
    if standing.is_none() && Cookie::Session.read(&parts.headers, &shared.config).is_some() {
        let mut response = sent_away(&to, &shared.config);
        response.extensions_mut().insert(SessionOver);
        return Err(response);
    }
    Err(Redirect::to(&to).into_response())
}

/// The request's session, if it has one that holds.
pub(crate) async fn session(parts: &Parts, shared: &Shared) -> Result<Option<(Session, FormToken)>, Error> {
    let Some(id) = Cookie::Session.read(&parts.headers, &shared.config) else { return Ok(None) };
    let session = sessions::find(&shared.database, id, &shared.config).await?;
    Ok(session.map(|session| {
        let token = FormToken::of_user(id, session.user.id);
        (session, token)
    }))
}

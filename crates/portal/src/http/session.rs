//! Extractors for pages and calls that need a signed-in user.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};

use super::cookie;
use crate::Shared;
use crate::accounts::sessions;
use crate::accounts::users::User;
use crate::error::Error;
use crate::pages::Trouble;

/// The signed-in user. Without one, the browser is sent to sign in and comes back afterwards.
#[derive(Debug)]
pub(crate) struct SignedIn(pub User);

impl FromRequestParts<Arc<Shared>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<SignedIn, Response> {
        match user(parts, shared).await {
            Ok(Some(user)) => Ok(SignedIn(user)),
            Ok(None) if parts.uri.path() == "/" => Err(Redirect::to("/accounts/login/").into_response()),
            Ok(None) => {
                let next = parts.uri.path();
                Err(Redirect::to(&format!("/accounts/login/?next={next}")).into_response())
            }
            Err(error) => Err(Trouble::from(error).into_response()),
        }
    }
}

/// The user of the request's session, if it has one that holds.
pub(crate) async fn user(parts: &Parts, shared: &Shared) -> Result<Option<User>, Error> {
    match cookie::session(&parts.headers, &shared.config) {
        Some(id) => sessions::user(&shared.database, id).await,
        None => Ok(None),
    }
}

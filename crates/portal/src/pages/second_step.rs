//! The second step of signing in: the code.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;

use super::frame::Frame;
use super::login::{LoginQuery, arrived};
use super::{Trouble, in_words, page, page_to_wait};
use crate::Shared;
use crate::accounts::sign_in::{self, Outcome};
use crate::http::forms::CheckedForm;
use crate::http::local_path::local_path;
use crate::http::session::HalfSignedIn;
use crate::http::visitor::Visitor;

#[derive(Template)]
#[template(path = "second_step.html")]
struct SecondStepPage<'a> {
    username: &'a str,
    next: &'a str,
    /// A form that was kept while its user signs in, sealed; none where it is empty.
    kept: &'a str,
    error: Option<String>,
    frame: Frame,
}

/// The page that asks for the code.
pub(crate) fn ask(frame: Frame, username: &str, next: &str, kept: &str) -> Response {
    page(StatusCode::OK, &SecondStepPage { username, next, kept, error: None, frame })
}

#[derive(Debug, Deserialize)]
pub(crate) struct CodeForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
    #[serde(default)]
    kept: String,
}

pub(crate) async fn get(
    HalfSignedIn { user, frame }: HalfSignedIn,
    Query(query): Query<LoginQuery>,
) -> Response {
    let next = local_path(&query.next);
    ask(frame, &user.username, next, "")
}

pub(crate) async fn post(
    State(shared): State<Arc<Shared>>,
    HalfSignedIn { user, frame }: HalfSignedIn,
    visitor: Visitor,
    headers: HeaderMap,
    uri: Uri,
    CheckedForm(form): CheckedForm<CodeForm>,
) -> Result<Response, Trouble> {
    let (next, kept) = (local_path(&form.next), form.kept.as_str());
    let username = user.username.as_str();
    let outcome = sign_in::with_code(&shared.database, &shared.sealer, &visitor, &user, &form.code).await?;
    Ok(match outcome {
        Outcome::Right(begun) => arrived(&shared, &headers, &uri, &begun, next, kept).await?,
        Outcome::Wrong => {
            let error = Some(frame.say("step-wrong"));
            page(StatusCode::UNPROCESSABLE_ENTITY, &SecondStepPage { username, next, kept, error, frame })
        }
        Outcome::Wait(wait) => {
            let error = Some(in_words(&frame, wait));
            page_to_wait(wait, &SecondStepPage { username, next, kept, error, frame })
        }
    })
}

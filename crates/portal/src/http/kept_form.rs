//! A form that is sent after its session has ended: nothing is saved, and the page to sign in says so. It keeps the form,
//! sealed, and gives it back after sign-in to the person whose form it was. Forms with passwords and other secrets, which are
//! those about accounts, programs and keys, are not kept.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use askama::Template;
use axum::body::{Body, BodyDataStream};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::{Stream, StreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::cookie::Cookie;
use super::forms::{self, FormToken};
use crate::Shared;
use crate::accounts::sessions::{self, Standing};
use crate::error::Error;
use crate::pages::frame::Frame;
use crate::pages::{admin, login, page};

/// The largest form that is kept, in bytes: sealed, it has to fit into the form to sign in.
const MOST: usize = 10 * 1024;
/// How long its sender may take to send it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it can be given back, in seconds.
const GOOD_FOR: i64 = 8 * 3_600;
/// The purpose that a form is sealed for.
const PURPOSE: &str = "form of a session that is over";
/// Where forms are kept of. All of them only ask the services for a change.
const KEPT: [&str; 5] = ["/orders/", "/items/", "/branches/", "/scan/", "/stock/"];
/// Of these, where they are not.
const NOT_KEPT: &str = "/stock/views/";
/// The query of a form that is given back.
pub(super) const GIVEN_BACK: &str = "given-back=1";

/// In the extensions of the answer to a request whose session is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct SessionOver;

/// The sealed form.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// The session's id.
    session: String,
    /// When it was sent, in seconds since 1970.
    at: i64,
    path: String,
    form: String,
}

/// Says whose form it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Owned {
    form_of: String,
}

#[derive(Template)]
#[template(path = "kept_form.html")]
struct KeptFormPage {
    frame: Frame,
    action: String,
    fields: Vec<(String, String)>,
}

/// Keeps a form whose session turns out to be over. The handlers' own check of the session finds that; until then the form is
/// not read.
pub(super) async fn keep(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    // Half a session is none whose forms people fill.
    if request.method() != Method::POST || request.uri().path() == "/accounts/second-step/" {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let (headers, uri) = (parts.headers.clone(), parts.uri.clone());
    let unread = Unread::new(body);
    let response = next.run(Request::from_parts(parts, Body::from_stream(unread.stream()))).await;
    if response.extensions().get::<SessionOver>().is_none() {
        return response;
    }
    let Some(session) = Cookie::Session.read(&headers, &shared.config) else { return response };
    let path = uri.path();
    let page = page_of(path);
    let is_kept = KEPT.iter().any(|begin| path.starts_with(begin)) && !path.starts_with(NOT_KEPT);
    if !is_kept {
        return login::interrupted_for_good(&shared, Lost::NotKept, &page);
    }
    // A long form is answered unread.
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let form = if length.is_some_and(|length: usize| length <= MOST) { unread.read().await } else { None };
    match form.and_then(|form| seal(&shared, session, path, form).ok()) {
        Some(kept) => login::interrupted(&shared, &headers, &uri, &kept, &page),
        None => login::interrupted_for_good(&shared, Lost::TooLong, &page),
    }
}

/// Why a form whose session is over is not kept. It was not carried out either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It is too long.
    TooLong,
    /// It may have secrets, or has nothing that somebody typed.
    NotKept,
}

impl Lost {
    /// As the address of the page to sign in has it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Lost::TooLong => "too-long",
            Lost::NotKept => "not-kept",
        }
    }

    /// The message that tells it.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Lost::TooLong => "login-lost",
            Lost::NotKept => "login-ended",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Lost> {
        [Lost::TooLong, Lost::NotKept].into_iter().find(|lost| lost.word() == word)
    }
}

/// The page with the form; for forms that stand on other pages, where these begin.
fn page_of(path: &str) -> String {
    const WITH_FORM: [&str; 9] = [
        "/new/",
        "/edit/",
        "/import/",
        "/adjust/",
        "/submit/",
        "/fulfill/",
        "/cancel/",
        "/password/",
        "/second-factor/",
    ];
    match path.split('/').nth(1).unwrap_or_default() {
        "admin" => admin::page_of(path).to_owned(),
        _ if WITH_FORM.iter().any(|end| path.ends_with(end)) => path.to_owned(),
        "accounts" | "preferences" => "/".to_owned(),
        section => format!("/{section}/"),
    }
}

fn seal(shared: &Shared, session: &str, path: &str, form: String) -> Result<String, Error> {
    let at = Timestamp::now().as_second();
    let kept = Kept { session: session.to_owned(), at, path: path.to_owned(), form };
    let kept = serde_json::to_vec(&kept).map_err(|_| Error::Seal)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(shared.sealer.seal(PURPOSE, &kept)?))
}

fn open(shared: &Shared, sealed: &str) -> Option<Kept> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let kept: Kept = serde_json::from_slice(&shared.sealer.open(PURPOSE, &sealed).ok()?).ok()?;
    let age = Timestamp::now().as_second() - kept.at;
    (0..=GOOD_FOR).contains(&age).then_some(kept)
}

/// The page that gives a kept form back to who has just signed in, if it was theirs.
pub(crate) async fn give_back(
    shared: &Shared,
    headers: &HeaderMap,
    uri: &Uri,
    session: &str,
    sealed: &str,
) -> Result<Option<Response>, Error> {
    let Some(kept) = open(shared, sealed) else { return Ok(None) };
    let Some(found) = sessions::find(&shared.database, session, &shared.config).await? else {
        return Ok(None);
    };
    let Owned { form_of } = forms::read(kept.form.as_bytes()).unwrap_or_default();
    let owner = FormToken::of_user(&kept.session, found.user.id);
    let is_theirs = bool::from(owner.owner().as_bytes().ct_eq(form_of.as_bytes()));
    if found.standing != Standing::SignedIn || !is_theirs {
        return Ok(None);
    }
    let fields: Vec<(String, String)> = forms::read(kept.form.as_bytes()).unwrap_or_default();
    let fields =
        fields.into_iter().filter(|(name, _)| !matches!(name.as_str(), "form_token" | "form_of")).collect();
    let frame = Frame::read(headers, uri, FormToken::of_user(session, found.user.id), &shared.config);
    let action = format!("{}?{GIVEN_BACK}", kept.path);
    Ok(Some(page(StatusCode::OK, &KeptFormPage { frame, action, fields })))
}

/// A request's body, which somebody else may read first.
#[derive(Clone)]
struct Unread(Arc<Mutex<BodyDataStream>>);

impl Unread {
    fn new(body: Body) -> Unread {
        Unread(Arc::new(Mutex::new(body.into_data_stream())))
    }

    fn stream(&self) -> impl Stream<Item = Result<axum::body::Bytes, axum::Error>> + Send + 'static {
        let body = Arc::clone(&self.0);
        stream::poll_fn(move |context| -> Poll<Option<_>> {
            body.lock().unwrap_or_else(PoisonError::into_inner).poll_next_unpin(context)
        })
    }

    /// The rest of the body, where it is small enough and comes in time.
    async fn read(&self) -> Option<String> {
        let read = async {
            let (mut form, mut rest) = (Vec::new(), std::pin::pin!(self.stream()));
            while let Some(part) = rest.next().await {
                form.extend_from_slice(&part.ok()?);
                if form.len() > MOST {
                    return None;
                }
            }
            String::from_utf8(form).ok()
        };
        tokio::time::timeout(PATIENCE, read).await.ok().flatten()
    }
}

//! Forms that only pages of this portal can send: each holds a token that is made of the session's id, or before there
//! is a session of the id of the visit. Another site knows neither, nor can it read the page.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, RawFormRejection};
use axum::extract::{FromRequest, FromRequestParts, RawForm, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use platform::http::{NotReceived, receive};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use subtle::ConstantTimeEq;

use super::cookie::Cookie;
use crate::accounts::random_id;
use crate::pages::Trouble;
use crate::pages::frame::Frame;
use crate::{Config, Shared};

/// What the forms of a page carry: a form in a template includes `form_token.html`, which has it from the frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FormToken {
    token: String,
    /// The user of the session, signed so that nobody else can read or write the name.
    owner: String,
}

impl fmt::Display for FormToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.token)
    }
}

impl FormToken {
    /// The token of whoever has this id in a cookie.
    pub(crate) fn of(id: &str) -> FormToken {
        FormToken { token: signed(id, "form"), owner: String::new() }
    }

    /// The same with whose session that is: a form that is sent after the session's end is given back to that user alone.
    pub(crate) fn of_user(id: &str, user: i64) -> FormToken {
        FormToken { owner: signed(id, &format!("form of user {user}")), ..FormToken::of(id) }
    }

    /// The owner of the form; empty for a form without a session.
    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    /// For a page without forms.
    pub(crate) fn none() -> FormToken {
        FormToken { token: String::new(), owner: String::new() }
    }

    fn is(&self, carried: &str) -> bool {
        self.token.as_bytes().ct_eq(carried.as_bytes()).into()
    }

    fn of_cookies(headers: &HeaderMap, config: &Config) -> Option<FormToken> {
        let id = Cookie::Session.read(headers, config).or_else(|| Cookie::Visit.read(headers, config));
        id.map(FormToken::of)
    }
}

/// A text signed by who knows the id.
fn signed(id: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, id.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, text.as_bytes()))
}

/// The frame of a page that is shown without a session, and the cookie to send with it where the browser has none.
#[derive(Debug)]
pub(crate) struct Visit {
    pub frame: Frame,
    pub cookie: Option<(header::HeaderName, String)>,
}

impl FromRequestParts<Arc<Shared>> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Visit, Self::Rejection> {
        let config = &shared.config;
        let (token, cookie) = match FormToken::of_cookies(&parts.headers, config) {
            Some(token) => (token, None),
            None => {
                let id = random_id::make();
                (FormToken::of(&id), Some(Cookie::Visit.set(&id, config)))
            }
        };
        Ok(Visit { frame: Frame::read(&parts.headers, &parts.uri, token, config), cookie })
    }
}

/// A form that a page of this portal sent for this very browser; without the right token the handler is not reached.
#[derive(Debug)]
pub(crate) struct CheckedForm<T>(pub T);

#[derive(Debug, Deserialize)]
struct Carried {
    #[serde(default)]
    form_token: String,
}

impl<T: DeserializeOwned> FromRequest<Arc<Shared>> for CheckedForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<CheckedForm<T>, Response> {
        let form = checked(request, shared).await?;
        read(&form).map(CheckedForm).map_err(IntoResponse::into_response)
    }
}

/// The same for a form that may bring a file, which it does without a script. It may also be one without.
#[derive(Debug)]
pub(crate) struct CheckedUpload<T> {
    pub form: T,
    /// The bytes of the file, where one was chosen.
    pub file: Option<Bytes>,
}

impl<T: DeserializeOwned> FromRequest<Arc<Shared>> for CheckedUpload<T> {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<CheckedUpload<T>, Response> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let Some(boundary) = content_type.and_then(|value| multer::parse_boundary(value).ok()) else {
            return CheckedForm::from_request(request, shared)
                .await
                .map(|CheckedForm(form)| CheckedUpload { form, file: None });
        };
        let Some(expected) = FormToken::of_cookies(request.headers(), &shared.config) else {
            return Err(Trouble::Form.into_response());
        };
        let received = receive::<_, Bytes>(request, shared).await;
        let bytes = received.map_err(|why| not_received(&why, BytesRejection::status).into_response())?;
        let (fields, file) = parts(bytes, boundary).await.map_err(|_| Trouble::Form.into_response())?;
        let carried = fields.iter().find(|(name, _)| name == "form_token").map_or("", |(_, token)| token);
        if !expected.is(carried) {
            return Err(Trouble::Form.into_response());
        }
        let fields = MapDeserializer::<_, serde::de::value::Error>::new(fields.into_iter());
        let form = T::deserialize(fields).map_err(|_| Trouble::Form.into_response())?;
        Ok(CheckedUpload { form, file })
    }
}

/// The fields of a form in parts (RFC 7578), and the file that it brings.
async fn parts(
    bytes: Bytes,
    boundary: String,
) -> Result<(Vec<(String, String)>, Option<Bytes>), multer::Error> {
    let body = futures_util::stream::once(async { Ok::<_, std::convert::Infallible>(bytes) });
    let mut parts = multer::Multipart::new(body, boundary);
    let (mut fields, mut file) = (Vec::new(), None);
    while let Some(part) = parts.next_field().await? {
        let name = part.name().unwrap_or_default().to_owned();
        if part.file_name().is_some() {
            // Where no file was chosen, browsers send an empty one.
            file = Some(part.bytes().await?).filter(|bytes| !bytes.is_empty());
        } else {
            fields.push((name, part.text().await?));
        }
    }
    Ok((fields, file))
}

/// The fields of a form.
pub(super) fn read<T: DeserializeOwned>(form: &[u8]) -> Result<T, Trouble> {
    serde_html_form::from_bytes(form).map_err(|_| Trouble::Form)
}

/// The text of a form that carries the right token.
pub(super) async fn checked(request: Request, shared: &Arc<Shared>) -> Result<Bytes, Response> {
    // Without a cookie no form can be right, so it is not read.
    let Some(expected) = FormToken::of_cookies(request.headers(), &shared.config) else {
        return Err(Trouble::Form.into_response());
    };
    let received = receive::<_, RawForm>(request, shared).await;
    let RawForm(bytes) =
        received.map_err(|why| not_received(&why, RawFormRejection::status).into_response())?;
    let carried = serde_html_form::from_bytes::<Carried>(&bytes).map(|carried| carried.form_token);
    let carried = carried.unwrap_or_default();
    if expected.is(&carried) { Ok(bytes) } else { Err(Trouble::Form.into_response()) }
}

fn not_received<R>(why: &NotReceived<R>, status: impl Fn(&R) -> StatusCode) -> Trouble {
    match why {
        NotReceived::Rejected(rejection) if status(rejection) == StatusCode::PAYLOAD_TOO_LARGE => {
            Trouble::TooLarge
        }
        NotReceived::Rejected(_) => Trouble::Form,
        NotReceived::Slow | NotReceived::Crowded => Trouble::TooMany,
    }
}

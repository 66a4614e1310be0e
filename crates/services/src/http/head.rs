//! What a request says besides its body: who asks, in which request, under which conditions.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use contract::ProblemKind;
use identity::Caller;
use platform::http::{Client, ProblemResponse, RequestId, ServerRequestId};

use super::App;
use crate::error::Error;
use crate::problem;
use crate::rate_limit::{Limiter, Turned};
use crate::request::{IdempotencyKey, IfMatch, RequestContext};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The head of a request from a known caller. A handler that takes it cannot be reached without a valid token.
#[derive(Debug)]
pub(crate) struct Head {
    pub caller: Arc<Caller>,
    pub if_match: Option<IfMatch>,
    pub if_none_match: Option<String>,
    pub uri: axum::http::Uri,
    method: axum::http::Method,
    request_id: Option<String>,
    server_request_id: Option<String>,
    ip: Option<std::net::IpAddr>,
    key: Option<String>,
}

impl Head {
    /// The context of the request, with the key of its first answer where the client gave one.
    pub(crate) fn context(&self, body: &[u8]) -> RequestContext {
        let path = self.uri.path();
        let idempotency = self
            .key
            .as_ref()
            .map(|key| IdempotencyKey::new(self.caller.user_id(), key, self.method.as_str(), path, body));
        RequestContext {
            request_id: self.request_id.clone(),
            server_request_id: self.server_request_id.clone(),
            path: Some(path.to_owned()),
            ip: self.ip,
            idempotency,
        }
    }
}

impl FromRequestParts<Arc<App>> for Head {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Head, ProblemResponse> {
        let extensions = &parts.extensions;
        let client = extensions.get::<Client>();
        let caller = authenticate(&parts.headers, app).await;
        if let Some(limiter) = extensions.get::<Arc<Limiter>>() {
            count(limiter, caller.as_ref().ok(), client).await?;
        }
        let caller = caller?;
        Ok(Head {
            caller,
            if_match: text(&parts.headers, &header::IF_MATCH)?.map(IfMatch::parse),
            if_none_match: text(&parts.headers, &header::IF_NONE_MATCH)?.map(str::to_owned),
            uri: parts.uri.clone(),
            method: parts.method.clone(),
            request_id: extensions.get::<RequestId>().map(|id| id.0.clone()),
            server_request_id: extensions.get::<ServerRequestId>().map(|id| id.0.clone()),
            ip: client.map(|client| client.ip),
            key: idempotency_key(&parts.headers)?,
        })
    }
}

async fn authenticate(headers: &HeaderMap, app: &App) -> Result<Arc<Caller>, ProblemResponse> {
    let unauthorized = || {
        let detail = "Send a valid token: Authorization: Bearer … (the portal gives tokens).";
        ProblemResponse::new(ProblemKind::Unauthorized, detail)
    };
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().and_then(|value| value.to_str().ok()).ok_or_else(unauthorized)?;
    let (scheme, token) = value.split_once(' ').ok_or_else(unauthorized)?;
    if values.next().is_some() || !scheme.eq_ignore_ascii_case("bearer") {
        return Err(unauthorized());
    }
    app.verifier.verify(token.trim()).await.map_err(|error| match error {
        identity::TokenError::NoKeys => {
            let detail = "The token cannot be checked now: the portal's keys are out of reach.";
            ProblemResponse::new(ProblemKind::Unavailable, detail)
        }
        error => {
            tracing::info!(%error, "a token was refused");
            unauthorized()
        }
    })
}

/// Counts the request against the limits of its caller; one without a valid token against those of its address.
async fn count(
    limiter: &Arc<Limiter>,
    caller: Option<&Arc<Caller>>,
    client: Option<&Client>,
) -> Result<(), ProblemResponse> {
    let counted = match (caller, client) {
        (Some(caller), _) => {
            let subject = caller.user_id().as_ref();
            limiter.admit_caller(subject).await
        }
        (None, Some(client)) => limiter.admit_address(client.ip).await,
        (None, None) => Ok(()),
    };
    counted.map_err(|turned| match turned {
        Turned::Wait(time) => {
            let detail = "More requests than are allowed. Wait as Retry-After says, then go on more slowly.";
            ProblemResponse::new(ProblemKind::TooManyRequests, detail).retry_after(time)
        }
        Turned::Uncounted(error) => problem::of_error(&Error::from(error), &RequestContext::default()).into(),
    })
}

pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ProblemResponse> {
    let malformed = || {
        let detail = "Idempotency-Key must be one header of 1 to 255 visible ASCII characters and spaces.";
        ProblemResponse::new(ProblemKind::Malformed, detail)
    };
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = values.next() else { return Ok(None) };
    let key = key.to_str().map_err(|_| malformed())?;
    let visible = key.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if values.next().is_some() || !(1..=255).contains(&key.len()) || !visible {
        return Err(malformed());
    }
    Ok(Some(key.to_owned()))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, ProblemResponse> {
    let malformed = |_| {
        ProblemResponse::new(ProblemKind::Malformed, format!("The header {name} must be visible ASCII text."))
    };
    headers.get(name).map(|value| value.to_str().map_err(malformed)).transpose()
}

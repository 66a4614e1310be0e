//! Tokens: for the signed-in user, for programs (OAuth 2.0 client credentials, RFC 6749 §4.4), and what verifies them.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use contract::ProblemKind;
use contract::token::TokenOut;
use platform::http::{NotReceived, ProblemResponse, Query, receive};
use serde::{Deserialize, Serialize};

use super::session;
use super::visitor::Visitor;
use crate::accounts::sessions::Standing;
use crate::pages::problem::tell_log;
use crate::tokens::Token;
use crate::{Shared, clients};

/// Tokens are kept by nobody on the way (RFC 6749 §5.1).
const NOT_KEPT: [(HeaderName, &str); 2] = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];

fn given(token: Token) -> Response {
    let Token { access_token, expires_in, .. } = token;
    let token = TokenOut { access_token, token_type: "bearer".to_owned(), expires_in };
    (NOT_KEPT, axum::Json(token)).into_response()
}

/// A token for the signed-in user.
pub(super) async fn of_session(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let published = shared.feed.now();
    let session = match session::session(&parts, &shared).await {
        Ok(session) => session.map(|(session, _)| session),
        Err(error) => return failed(&error),
    };
    let token = match session {
        Some(session) if session.standing == Standing::SignedIn => {
            shared.minter(&published).for_user(&shared.database, session.user.id, Some(session.id)).await
        }
        Some(session) if session.standing == Standing::MustChangePassword => {
            let detail = "Change your first password at /accounts/password/ first.";
            return ProblemResponse::new(ProblemKind::Forbidden, detail).into_response();
        }
        Some(session) if session.standing == Standing::MustEnrol => {
            let detail = "Set up a second factor at /accounts/second-factor/ first: your group needs one.";
            return ProblemResponse::new(ProblemKind::Forbidden, detail).into_response();
        }
        Some(_) | None => Ok(None),
    };
    match token {
        Ok(Some(token)) => given(token),
        Ok(None) => {
            let detail = "Sign in at /accounts/login/ first.";
            ProblemResponse::new(ProblemKind::Unauthorized, detail).into_response()
        }
        Err(error) => failed(&error),
    }
}

fn failed(error: &crate::Error) -> Response {
    tell_log(error, "a token could not be made");
    let (kind, detail) = match error {
        crate::Error::Database(_) => (ProblemKind::Unavailable, "Try again in a moment."),
        _ => (ProblemKind::Internal, "The token could not be made."),
    };
    ProblemResponse::new(kind, detail).into_response()
}

/// What [`jwks`] may be asked.
#[derive(Debug, Deserialize)]
pub(super) struct JwksQuery {
    after: Option<i64>,
}

/// The public keys; with `after`, what services follow, once it is another version than that.
pub(super) async fn jwks(
    State(shared): State<Arc<Shared>>,
    Visitor { ip, .. }: Visitor,
    Query(JwksQuery { after }): Query<JwksQuery>,
) -> Response {
    match after {
        None => {
            let keys = shared.feed.now().jwks();
            ([(header::CACHE_CONTROL, "public, max-age=60")], axum::Json(keys)).into_response()
        }
        Some(after) => {
            let feed = shared.feed.after(after, ip).await;
            ([(header::CACHE_CONTROL, "no-store")], axum::Json(feed)).into_response()
        }
    }
}

/// What the token endpoint refuses with (RFC 6749 §5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The request is not as the RFC has it.
    Request(&'static str),
    /// The client is unknown, its secret is wrong, or it may not have tokens (any more).
    Client,
    /// Another grant than client credentials.
    GrantType,
    /// Scopes were asked for.
    Scope,
    /// The database is away.
    Unavailable,
    /// There is too much to do.
    Busy,
    /// A defect.
    Internal,
}

#[derive(Serialize)]
struct RefusedOut {
    error: &'static str,
    error_description: &'static str,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let bad = StatusCode::BAD_REQUEST;
        let (status, error, error_description) = match self {
            Refused::Request(description) => (bad, "invalid_request", description),
            Refused::Client => (
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "The client is not known, its secret is wrong, or it was disabled or has expired.",
            ),
            Refused::GrantType => {
                (bad, "unsupported_grant_type", "The only grant_type here is client_credentials.")
            }
            Refused::Scope => (
                bad,
                "invalid_scope",
                "Leave scope out: a token always has the roles and branches of its client.",
            ),
            Refused::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "The database is away. Try again in a moment.",
            ),
            Refused::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "There is too much to do. Try again in a moment.",
            ),
            Refused::Internal => {
                (StatusCode::INTERNAL_SERVER_ERROR, "server_error", "The log has the details.")
            }
        };
        let mut response =
            (status, NOT_KEPT, axum::Json(RefusedOut { error, error_description })).into_response();
        let also = match status {
            StatusCode::UNAUTHORIZED => (header::WWW_AUTHENTICATE, "Basic realm=\"quartermaster\""),
            StatusCode::SERVICE_UNAVAILABLE => (header::RETRY_AFTER, "1"),
            _ => return response,
        };
        response.headers_mut().insert(also.0, HeaderValue::from_static(also.1));
        response
    }
}

/// A token for a program.
pub(super) async fn of_client(
    State(shared): State<Arc<Shared>>,
    from: Visitor,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let credentials = match receive::<_, Form<Vec<(String, String)>>>(request, &()).await {
        Ok(Form(form)) => asked(&headers, &form),
        Err(NotReceived::Slow | NotReceived::Crowded) => Err(Refused::Busy),
        Err(NotReceived::Rejected(_)) => {
            Err(Refused::Request("Send a form: Content-Type application/x-www-form-urlencoded."))
        }
    };
    let credentials = match credentials {
        Ok(credentials) => credentials,
        Err(refused) => return refused.into_response(),
    };
    let published = shared.feed.now();
    let Credentials { id, secret } = &credentials;
    let asked = clients::token(&shared.database, shared.minter(&published), from.stranger(""), (id, secret));
    match asked.await {
        Ok(Some(token)) => given(token),
        Ok(None) => {
            // Another text than an id may be the secret, in the wrong place.
            match clients::number(id) {
                Some(_) => tracing::info!(client = id.as_str(), "a client was refused a token"),
                None => tracing::info!("what is no client's id was refused a token"),
            }
            Refused::Client.into_response()
        }
        Err(error) => {
            tell_log(&error, "a token for a client could not be made");
            let away = matches!(error, crate::Error::Database(_));
            if away { Refused::Unavailable } else { Refused::Internal }.into_response()
        }
    }
}

/// An id and a secret, of which each may stand in the place of the other.
#[derive(PartialEq, Eq)]
pub(crate) struct Credentials {
    id: String,
    secret: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// Whose token is asked for. Parameters that are not known are ignored, empty ones count as left out, and none may come
/// twice (RFC 6749 §3.2); credentials come in the header or in the form, not in both (§2.3).
pub(crate) fn asked(headers: &HeaderMap, form: &[(String, String)]) -> Result<Credentials, Refused> {
    let one = |name: &str| {
        let mut values = form.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Refused::Request("A parameter came twice.")),
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
        }
    };
    match one("grant_type")? {
        Some("client_credentials") => {}
        Some(_) => return Err(Refused::GrantType),
        None => return Err(Refused::Request("Send grant_type=client_credentials.")),
    }
    if one("scope")?.is_some() {
        return Err(Refused::Scope);
    }
    let in_form = (one("client_id")?, one("client_secret")?);
    match (basic(headers)?, in_form) {
        // A client_id beside the header is allowed when it is the same.
        (Some(basic), (id, None)) if id.is_none_or(|id| id == basic.id) => Ok(basic),
        (Some(_), _) => {
            Err(Refused::Request("Send the credentials in the header or in the form, not in both."))
        }
        (None, (Some(id), Some(secret))) => Ok(Credentials { id: id.to_owned(), secret: secret.to_owned() }),
        (None, _) => Err(Refused::Client),
    }
}

/// The credentials of HTTP Basic. Ids and secrets of ours have no character that form-encoding would change
/// (RFC 6749 §2.3.1), so they are taken as they are.
fn basic(headers: &HeaderMap) -> Result<Option<Credentials>, Refused> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Refused::Request("The header Authorization came twice."));
    }
    let credentials = value.to_str().ok().and_then(|value| {
        let (scheme, encoded) = value.split_once(' ')?;
        let decoded =
            BASE64_STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        let text = String::from_utf8(decoded).ok()?;
        let (id, secret) = text.split_once(':')?;
        Some(Credentials { id: id.to_owned(), secret: secret.to_owned() })
    });
    credentials.map(Some).ok_or(Refused::Client)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(authorization: Option<&str>, form: &[(&str, &str)]) -> Result<Credentials, Refused> {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        let form: Vec<(String, String)> =
            form.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        super::asked(&headers, &form)
    }

    const GRANT: (&str, &str) = ("grant_type", "client_credentials");
    const ID: (&str, &str) = ("client_id", "client-7");
    const SECRET: (&str, &str) = ("client_secret", "s");

    fn basic(text: &str) -> Option<String> {
        Some(format!("Basic {}", BASE64_STANDARD.encode(text)))
    }

    #[test]
    fn credentials_come_in_the_header_or_in_the_form() {
        let expected = || Ok(Credentials { id: "client-7".to_owned(), secret: "s".to_owned() });
        assert_eq!(asked(None, &[GRANT, ID, SECRET, ("audience", "x"), ("scope", "")]), expected());
        assert_eq!(asked(basic("client-7:s").as_deref(), &[GRANT]), expected());
        assert_eq!(asked(basic("client-7:s").as_deref(), &[GRANT, ID]), expected());
    }

    #[test]
    fn what_the_rfc_does_not_allow_is_refused_by_its_words() {
        for (authorization, form, word) in [
            (None, &[ID, SECRET][..], "invalid_request"),
            (None, &[GRANT, GRANT, ID, SECRET], "invalid_request"),
            (None, &[GRANT, ID, ID, SECRET], "invalid_request"),
            (basic("client-7:s"), &[GRANT, ID, SECRET], "invalid_request"),
            (basic("client-7:s"), &[GRANT, ("client_id", "client-8")], "invalid_request"),
            (None, &[("grant_type", "password"), ID, SECRET], "unsupported_grant_type"),
            (None, &[GRANT, ID, SECRET, ("scope", "all")], "invalid_scope"),
            (None, &[GRANT], "invalid_client"),
            (None, &[GRANT, ID], "invalid_client"),
            (basic("client-7"), &[GRANT], "invalid_client"),
            (Some("Basic ???".to_owned()), &[GRANT], "invalid_client"),
            (Some("Bearer x".to_owned()), &[GRANT], "invalid_client"),
        ] {
            let refused = asked(authorization.as_deref(), form).unwrap_err();
            let found = match &refused {
                Refused::Request(_) => "invalid_request",
                Refused::Client => "invalid_client",
                Refused::GrantType => "unsupported_grant_type",
                Refused::Scope => "invalid_scope",
                Refused::Unavailable | Refused::Busy | Refused::Internal => "another",
            };
            assert_eq!(found, word, "{authorization:?} {form:?}");
        }
    }
}

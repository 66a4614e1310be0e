//! The page for what went wrong. Whatever a handler gives back as [`Trouble`] is told here, in the person's language.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use client::ClientError;
use identity::{Role, Roles};

use super::admin::roles_in_words;
use super::frame::Frame;
use super::page;
use crate::Shared;
use crate::error::Error;
use crate::http::forms::FormToken;

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    frame: Frame,
    title: String,
    advice: String,
    again: bool,
}

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The portal's database does not answer.
    Database,
    /// A defect, or a setting that is wrong; the log has it.
    Internal,
    /// The form is not one of this portal's pages for this browser.
    Form,
    /// There is no such page, or not for this person.
    NoSuchPage,
    /// It is there, but not for people of these roles.
    NotAllowed,
    /// The same of a page with a form: people of those roles have it, or such of all branches.
    Needs { roles: Roles, everywhere: bool },
    /// The services do not answer, and nothing can be shown without them.
    Away,
    /// What was sent is larger than the page takes.
    TooLarge,
    /// There is too much to do, here or in the services.
    TooMany,
    /// The session ended while the page was made.
    SessionEnded,
}

impl Trouble {
    /// What the services' refusal to show something means for a page.
    pub(crate) fn of_services(error: ClientError) -> Trouble {
        match &error {
            error if error.is_away() => Trouble::Away,
            ClientError::Refused { status: 401, .. } => Trouble::SessionEnded,
            ClientError::Refused { status: 403, .. } => Trouble::NotAllowed,
            ClientError::Refused { status: 404 | 422, .. } => Trouble::NoSuchPage,
            ClientError::Refused { status: 429, .. } => Trouble::TooMany,
            _ => {
                let kind = error.problem().map(|problem| problem.type_uri.as_str());
                tracing::error!(%error, kind, "the services' answer is of no use to a page");
                Trouble::Internal
            }
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Trouble::Database | Trouble::Away => StatusCode::SERVICE_UNAVAILABLE,
            Trouble::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Trouble::Form | Trouble::NotAllowed | Trouble::Needs { .. } => StatusCode::FORBIDDEN,
            Trouble::NoSuchPage => StatusCode::NOT_FOUND,
            Trouble::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Trouble::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Trouble::SessionEnded => StatusCode::SEE_OTHER,
        }
    }

    /// The messages of its title and of what to do.
    const fn messages(self) -> (&'static str, &'static str) {
        match self {
            Trouble::Database => ("trouble-database", "trouble-database-advice"),
            Trouble::Internal | Trouble::SessionEnded => ("trouble-internal", "trouble-internal-advice"),
            Trouble::Form => ("trouble-form", "trouble-form-advice"),
            Trouble::NoSuchPage => ("trouble-no-page", "trouble-no-page-advice"),
            Trouble::NotAllowed | Trouble::Needs { .. } => {
                ("trouble-not-allowed", "trouble-not-allowed-advice")
            }
            Trouble::Away => ("trouble-away", "trouble-away-advice"),
            Trouble::TooLarge => ("trouble-too-large", "trouble-too-large-advice"),
            Trouble::TooMany => ("trouble-too-many", "trouble-too-many-advice"),
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        // What comes with every crowd is not worth a line each.
        if matches!(error, Error::Busy | Error::Gone) {
            tracing::debug!(%error, "a password was not hashed");
            return Trouble::TooMany;
        }
        if matches!(error, Error::NotTheirs) {
            tracing::warn!("a form that no page offers asked for more than its sender has");
        } else {
            tell_log(&error, "a page failed");
        }
        match error {
            Error::NotTheirs => Trouble::NotAllowed,
            Error::Database(_) => Trouble::Database,
            Error::Busy | Error::Gone => Trouble::TooMany,
            Error::Invalid(_)
            | Error::Password(_)
            | Error::Key(_)
            | Error::SigningKey { .. }
            | Error::Client(_)
            | Error::Seal
            | Error::Audit(_)
            | Error::Hash => Trouble::Internal,
        }
    }
}

/// Writes an error to the log, but for what a text that somebody typed says of itself: it may be a secret in the wrong
/// field.
pub(crate) fn tell_log(error: &Error, what: &'static str) {
    match error {
        Error::Invalid(_) => {
            tracing::error!("{what}: a field was refused that its page does not expect to be")
        }
        error => tracing::error!(?error, "{what}"),
    }
}

/// The status alone; [`tell`] makes the page, since that needs the language of the request.
impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut response = match self {
            Trouble::SessionEnded => Redirect::to("/accounts/login/").into_response(),
            other => other.status().into_response(),
        };
        if self == Trouble::TooMany {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// A page whose token was revoked while it was made: another session of the user's has ended, or this one. It is asked for
/// once more, with a token that is new then; without a session that leads to sign in.
fn once_more(uri: &Uri) -> Response {
    const MARK: &str = "again=1";
    let query = uri.query().unwrap_or_default();
    let to = if query.split('&').any(|pair| pair == MARK) {
        "/accounts/login/".to_owned()
    } else if query.is_empty() {
        format!("{}?{MARK}", uri.path())
    } else {
        format!("{}?{query}&{MARK}", uri.path())
    };
    Redirect::to(&to).into_response()
}

/// Puts the page that tells of it in place of a [`Trouble`].
pub(crate) async fn tell(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
    let response = next.run(request).await;
    let Some(trouble) = response.extensions().get::<Trouble>().copied() else { return response };
    if trouble == Trouble::SessionEnded {
        return if method == Method::GET { once_more(&uri) } else { response };
    }
    let frame = Frame::read(&headers, &uri, FormToken::none(), &shared.config);
    let (title, advice) = trouble.messages();
    let advice = match trouble {
        Trouble::Needs { roles, everywhere } if roles != Roles::default() => {
            let message = if everywhere { "trouble-needs-everywhere" } else { "trouble-needs" };
            let roles: Vec<Role> = roles.iter().collect();
            frame.about(message, "roles", roles_in_words(&frame, &roles))
        }
        _ => frame.say(advice),
    };
    let title = frame.say(title);
    // A page can be asked for again; what was sent with a form cannot.
    let again = method == Method::GET;
    let mut told = page(trouble.status(), &ProblemPage { frame, title, advice, again });
    if let Some(wait) = response.headers().get(header::RETRY_AFTER) {
        told.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    told
}

//! The page for what went wrong.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::page;
use crate::error::Error;

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    title: &'static str,
    advice: &'static str,
}

/// An error on its way to a person: calm words, and the details to the log.
#[derive(Debug)]
pub(crate) struct Trouble(Error);

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble(error)
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        tracing::error!(error = ?self.0, "a page failed");
        let (status, title, advice) = match self.0 {
            Error::Database(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The portal cannot reach its database",
                "Nothing is lost. Try again in a moment.",
            ),
            Error::Invalid(_)
            | Error::Key(_)
            | Error::SigningKey { .. }
            | Error::Client(_)
            | Error::Seal
            | Error::Hash => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong in the portal",
                "The log has the details. Try again, or ask an administrator.",
            ),
        };
        page(status, &ProblemPage { title, advice })
    }
}

/// The page for a form without the right token: another site's, or one of a page that was open since before a sign-in.
pub(crate) fn form_refused() -> Response {
    let title = "This form is no longer valid";
    let advice =
        "Nothing was changed. Go back, reload the page and send the form again; cookies must be allowed.";
    page(StatusCode::FORBIDDEN, &ProblemPage { title, advice })
}

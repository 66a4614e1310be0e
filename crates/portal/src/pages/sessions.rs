//! Where one is signed in, and how to end it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;

use super::frame::Frame;
use super::{Bare, Trouble, page};
use crate::Shared;
use crate::accounts::sessions::{self, Shown, Which};
use crate::http::confirmed::Confirmed;
use crate::http::session::SignedIn;
use crate::http::visitor::Visitor;

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage {
    frame: Frame,
    sessions: Vec<Shown>,
    own: i64,
}

impl SessionsPage {
    fn device(&self, session: &Shown) -> String {
        match device(&session.user_agent) {
            (Some(browser), Some(system)) => {
                self.frame.about_all("sessions-device", &[("browser", &browser), ("system", &system)])
            }
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => self.frame.say("sessions-device-unknown"),
        }
    }

    fn age(&self, at: &Timestamp) -> String {
        self.frame.about("ago", "age", self.frame.age(*at, Timestamp::now()))
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct EndForm {
    session: i64,
}

pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    SignedIn { user, session, frame }: SignedIn,
) -> Result<Response, Trouble> {
    let sessions = sessions::of_user(&shared.database, user.id, shared.config.sessions).await?;
    Ok(page(StatusCode::OK, &SessionsPage { frame, sessions, own: session.id }))
}

pub(crate) async fn end(
    State(shared): State<Arc<Shared>>,
    SignedIn { user, .. }: SignedIn,
    visitor: Visitor,
    Confirmed(form): Confirmed<EndForm>,
) -> Result<Response, Trouble> {
    sessions::end(&shared.database, &visitor.by(&user), user.id, Which::One(form.session)).await?;
    Ok(Redirect::to("/accounts/sessions/?done=session-ended").into_response())
}

pub(crate) async fn end_others(
    State(shared): State<Arc<Shared>>,
    SignedIn { user, session, .. }: SignedIn,
    visitor: Visitor,
    Confirmed(Bare {}): Confirmed<Bare>,
) -> Result<Response, Trouble> {
    let which = Which::AllBut(Some(session.id));
    sessions::end(&shared.database, &visitor.by(&user), user.id, which).await?;
    Ok(Redirect::to("/accounts/sessions/?done=sessions-ended").into_response())
}

/// Browser and system, as far as the browser tells: enough for its owner to know it again.
fn device(agent: &str) -> (Option<&'static str>, Option<&'static str>) {
    let first = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    // The order matters: most name the others too.
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    (browser, system)
}

#[cfg(test)]
mod tests {
    use super::device;

    #[test]
    fn browsers_are_named_as_their_owners_know_them() {
        for (agent, named) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
                (Some("Edge"), Some("Windows")),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                (Some("Firefox"), Some("Linux")),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                (Some("Safari"), Some("iPhone")),
            ),
            ("curl/8.5.0", (Some("curl"), None)),
            ("", (None, None)),
        ] {
            assert_eq!(device(agent), named);
        }
    }
}

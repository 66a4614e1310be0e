//! The keys that sign tokens.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::{Tab, Tabs, open};
use crate::Shared;
use crate::error::Error;
use crate::http::confirmed::Confirmed;
use crate::http::on_behalf::OnBehalf;
use crate::http::visitor::Visitor;
use crate::keys::{self, KeyLife, KeyState};
use crate::pages::frame::Frame;
use crate::pages::{Bare, Trouble, page};

/// A new key is published for so long before it signs, as `quartermaster keys rotate` has it.
const PUBLISH_AHEAD: Duration = Duration::from_secs(600);

#[derive(Template)]
#[template(path = "admin/keys.html")]
struct KeysPage {
    frame: Frame,
    tabs: Tabs,
    keys: Vec<KeyLife>,
}

pub(crate) async fn get(State(shared): State<Arc<Shared>>, visitor: OnBehalf) -> Result<Response, Trouble> {
    let (visitor, tabs) = open(visitor, Tab::Keys)?;
    let keys = keys::list(&shared.database).await?;
    Ok(page(StatusCode::OK, &KeysPage { frame: visitor.frame, tabs, keys }))
}

pub(crate) async fn rotate(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    from: Visitor,
    Confirmed(Bare {}): Confirmed<Bare>,
) -> Result<Response, Trouble> {
    let (visitor, _) = open(visitor, Tab::Keys)?;
    let (by, key) = (from.by(&visitor.user), &shared.config.key_encryption_key);
    keys::rotate(&shared.database, &by, key, PUBLISH_AHEAD).await?;
    Ok(Redirect::to("/admin/keys/?done=key-made").into_response())
}

pub(crate) async fn retire(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    from: Visitor,
    Path(kid): Path<String>,
    Confirmed(Bare {}): Confirmed<Bare>,
) -> Result<Response, Trouble> {
    let (visitor, _) = open(visitor, Tab::Keys)?;
    let done = match keys::retire(&shared.database, &from.by(&visitor.user), &kid, false).await {
        Ok(()) => "key-retired",
        Err(Error::Invalid(_)) => "key-kept",
        Err(error) => return Err(error.into()),
    };
    Ok(Redirect::to(&format!("/admin/keys/?done={done}")).into_response())
}

impl KeysPage {
    fn state(&self, key: &KeyLife) -> String {
        self.frame.say(match key.state {
            KeyState::Next => "key-next",
            KeyState::Signing => "key-signing",
            KeyState::Retiring => "key-retiring",
            KeyState::Retired => "key-is-retired",
        })
    }

    fn badge(&self, key: &KeyLife) -> &'static str {
        match key.state {
            KeyState::Next => "bg-blue-lt",
            KeyState::Signing => "bg-green-lt",
            KeyState::Retiring => "bg-orange-lt",
            KeyState::Retired => "bg-secondary-lt",
        }
    }

    fn can_retire(&self, key: &KeyLife) -> bool {
        key.state == KeyState::Retiring
    }
}

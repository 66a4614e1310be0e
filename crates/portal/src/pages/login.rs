//! Sign in and sign out.

use std::net::SocketAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use platform::http::RequestId;
use serde::Deserialize;

use super::{Trouble, page};
use crate::Shared;
use crate::accounts::{sessions, users};
use crate::audit::By;
use crate::http::cookie;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    username: &'a str,
    next: &'a str,
    failed: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LoginQuery {
    #[serde(default)]
    next: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LoginForm {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

pub(crate) async fn get(Query(query): Query<LoginQuery>) -> Response {
    let next = local_path(&query.next);
    page(StatusCode::OK, &LoginPage { username: "", next, failed: false })
}

pub(crate) async fn post(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    headers: HeaderMap,
    Form(form): Form<LoginForm>,
) -> Result<Response, Trouble> {
    let next = local_path(&form.next);
    let username = form.username.trim();
    let Some(user) = users::sign_in(&shared.database, username, &form.password).await? else {
        tracing::info!(username, ip = %address.ip(), "a sign-in failed");
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &LoginPage { username, next, failed: true }));
    };
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
    let ip = address.ip().to_canonical();
    let by =
        By { user_id: None, name: String::new(), ip: Some(ip), request_id: Some(request_id) }.user(&user);
    // Whatever session the browser had, it gets a new one: an id planted before sign-in opens nothing.
    if let Some(before) = cookie::session(&headers, &shared.config) {
        sessions::end(&shared.database, before).await?;
    }
    let id = sessions::begin(&shared.database, &by, &user, agent).await?;
    tracing::info!(username = user.username, %ip, "signed in");
    let cookie = cookie::begin(&id, &shared.config);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response())
}

pub(crate) async fn logout(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    if let Some(id) = cookie::session(&headers, &shared.config) {
        sessions::end(&shared.database, id).await?;
    }
    let cookie = cookie::end(&shared.config);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/accounts/login/")).into_response())
}

/// Where to go after sign-in: a path of this portal, never another site.
fn local_path(next: &str) -> &str {
    let local = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n', '\t']);
    if local { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn only_paths_of_this_portal_are_followed_after_sign_in() {
        for path in ["/", "/orders?x=1"] {
            assert_eq!(local_path(path), path);
        }
        for path in ["", "orders", "//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil"] {
            assert_eq!(local_path(path), "/");
        }
    }
}

//! Where a request is from.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use platform::http::{Client, Hangup, RequestId, ServerRequestId};

use super::cookie::Cookie;
use crate::Shared;
use crate::accounts::grant::Grant;
use crate::accounts::hashing::Hashing;
use crate::accounts::users::User;
use crate::audit::By;

/// Who sends a request, as far as the request itself tells: for throttle, audit and sessions.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// The address of the person's machine.
    pub ip: IpAddr,
    /// The id of the request.
    pub request_id: String,
    /// The id that the server made for it, where its sender chose `request_id`.
    pub server_request_id: Option<String>,
    /// What the browser calls itself.
    pub agent: String,
    /// The id of the browser, if it has one.
    pub device: Option<String>,
    /// The id of the session, if it has one; whether it holds is another question.
    pub session: Option<String>,
    /// Whether the person still waits for the answer.
    pub hangup: Hangup,
    /// Where passwords wait to be hashed.
    pub hashing: Arc<Hashing>,
}

impl Visitor {
    /// The visitor as the user of a session.
    pub(crate) fn by(&self, user: &User) -> By {
        self.stranger("").user(user)
    }

    /// The visitor as somebody who is not signed in and calls themselves `name`.
    pub(crate) fn stranger(&self, name: &str) -> By {
        By {
            user_id: None,
            name: name.to_owned(),
            ip: Some(self.ip),
            request_id: Some(self.request_id.clone()),
            server_request_id: self.server_request_id.clone(),
            has: Some(Grant::nothing()),
            os_user: None,
        }
    }
}

impl FromRequestParts<Arc<Shared>> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Visitor, Self::Rejection> {
        let (headers, config) = (&parts.headers, &shared.config);
        let client = parts.extensions.get::<Client>();
        let cookie = |cookie: Cookie| cookie.read(headers, config).map(str::to_owned);
        Ok(Visitor {
            ip: client.map_or(IpAddr::from([0, 0, 0, 0]), |client| client.ip),
            request_id: parts.extensions.get().map(|RequestId(id)| id.clone()).unwrap_or_default(),
            server_request_id: parts.extensions.get().map(|ServerRequestId(id)| id.clone()),
            agent: headers
                .get(header::USER_AGENT)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
            device: cookie(Cookie::Device),
            session: cookie(Cookie::Session),
            hangup: parts.extensions.get().cloned().unwrap_or_default(),
            hashing: Arc::clone(&shared.hashing),
        })
    }
}

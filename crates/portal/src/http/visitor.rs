//! Where a request is from.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use platform::http::RequestId;

use super::cookie::Cookie;
use crate::Shared;
use crate::accounts::users::User;
use crate::audit::By;

/// Who sends a request, as far as the request itself tells: for throttle, audit and sessions.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// The address of the person's machine.
    pub ip: IpAddr,
    /// The id of the request.
    pub request_id: String,
    /// What the browser calls itself.
    pub agent: String,
    /// The id of the browser, if it has one.
    pub device: Option<String>,
    /// The id of the session, if it has one; whether it holds is another question.
    pub session: Option<String>,
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
        }
    }
}

impl FromRequestParts<Arc<Shared>> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Visitor, Self::Rejection> {
        let (headers, config) = (&parts.headers, &shared.config);
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
        let cookie = |cookie: Cookie| cookie.read(headers, config).map(str::to_owned);
        Ok(Visitor {
            ip: address(peer, headers, &config.trusted_proxies),
            request_id: parts.extensions.get().map(|RequestId(id)| id.clone()).unwrap_or_default(),
            agent: headers
                .get(header::USER_AGENT)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
            device: cookie(Cookie::Device),
            session: cookie(Cookie::Session),
        })
    }
}

/// The address of the peer; behind proxies of the company's, that which the outermost of them was asked from. What is
/// left of it in `X-Forwarded-For` anybody could have written.
fn address(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let mut address = peer.unwrap_or(IpAddr::from([0, 0, 0, 0]));
    let named: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|addresses| addresses.split(','))
        .collect();
    for before in named.iter().rev() {
        if !trusted.contains(&address) {
            break;
        }
        let Ok(before) = before.trim().parse::<IpAddr>() else { break };
        address = before.to_canonical();
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_believed_from_trusted_proxies_alone() {
        let trusted: Vec<IpAddr> = ["10.0.0.1", "10.0.0.2"].iter().map(|ip| ip.parse().unwrap()).collect();
        for (peer, forwarded, expected) in [
            ("192.0.2.9", "198.51.100.1", "192.0.2.9"),
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "1.2.3.4, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
            ("10.0.0.1", "nonsense", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            let peer: IpAddr = peer.parse().unwrap();
            let found = address(Some(peer.to_canonical()), &headers, &trusted);
            assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {forwarded}");
        }
    }
}

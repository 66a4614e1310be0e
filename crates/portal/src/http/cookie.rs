//! The session cookie.

use axum::http::{HeaderMap, header};

use crate::Config;

/// The `__Host-` prefix makes browsers refuse the cookie from anywhere but this very host over TLS; without TLS, on
/// loopback, they would refuse it altogether.
fn name(config: &Config) -> &'static str {
    if config.cookie_secure { "__Host-sid" } else { "sid" }
}

/// The session id that the browser sent.
pub(crate) fn session<'a>(headers: &'a HeaderMap, config: &Config) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(key, value)| (key == name(config)).then_some(value))
}

/// Gives the browser a session.
pub(crate) fn begin(id: &str, config: &Config) -> String {
    set(id, "", config)
}

/// Takes the session from the browser.
pub(crate) fn end(config: &Config) -> String {
    set("", "; Max-Age=0", config)
}

fn set(value: &str, age: &str, config: &Config) -> String {
    let secure = if config.cookie_secure { "; Secure" } else { "" };
    format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", name(config))
}

//! The portal's cookies.

use axum::http::{HeaderMap, header};

use crate::Config;

/// A cookie. Each is out of reach of scripts, and sent to this host alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The id of the session.
    Session,
    /// The id that forms are bound to before there is a session.
    Visit,
    /// The id of the browser, by which accounts know it.
    Device,
    /// The language that the person chose.
    Language,
    /// The appearance that the person chose.
    Theme,
}

impl Cookie {
    /// The `__Host-` prefix makes browsers refuse the cookie from anywhere but this very host over TLS; without TLS, on
    /// loopback, they would refuse it altogether.
    fn name(self, config: &Config) -> &'static str {
        match (self, config.cookie_secure) {
            (Cookie::Session, true) => "__Host-sid",
            (Cookie::Session, false) => "sid",
            (Cookie::Visit, true) => "__Host-visit",
            (Cookie::Visit, false) => "visit",
            (Cookie::Device, true) => "__Host-device",
            (Cookie::Device, false) => "device",
            (Cookie::Language, true) => "__Host-language",
            (Cookie::Language, false) => "language",
            (Cookie::Theme, true) => "__Host-theme",
            (Cookie::Theme, false) => "theme",
        }
    }

    /// What the browser sent.
    pub(crate) fn read<'a>(self, headers: &'a HeaderMap, config: &Config) -> Option<&'a str> {
        named(self.name(config), headers)
    }

    /// The header that gives the browser a value.
    pub(crate) fn set(self, value: &str, config: &Config) -> (header::HeaderName, String) {
        let age = match self {
            Cookie::Session | Cookie::Visit => "",
            Cookie::Device | Cookie::Language | Cookie::Theme => "; Max-Age=31536000",
        };
        self.header(value, age, config)
    }

    /// The header that takes the value from the browser.
    pub(crate) fn clear(self, config: &Config) -> (header::HeaderName, String) {
        self.header("", "; Max-Age=0", config)
    }

    fn header(self, value: &str, age: &str, config: &Config) -> (header::HeaderName, String) {
        // Whoever follows a link from elsewhere is still signed in; what changes something is asked for with a token.
        let site = match self {
            Cookie::Session | Cookie::Language | Cookie::Theme => "Lax",
            Cookie::Visit | Cookie::Device => "Strict",
        };
        let secure = if config.cookie_secure { "; Secure" } else { "" };
        let name = self.name(config);
        (header::SET_COOKIE, format!("{name}={value}; Path=/; HttpOnly; SameSite={site}{secure}{age}"))
    }
}

/// The value of the first cookie of that name which has one.
pub(crate) fn named<'a>(name: &str, headers: &'a HeaderMap) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(key, value)| (key == name && !value.is_empty()).then_some(value))
}

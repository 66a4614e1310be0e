//! What every answer tells browsers to forbid.

use std::fmt;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;

use super::Client;

/// The random word of one answer that lets its own scripts and styles run and no others.
///
/// A page that has a script or a style in its text makes one, writes it into the `nonce` attributes of its tags, and
/// gives it along: `(Extension(nonce), Html(text))`. Pages whose scripts are files of their own need none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(String);

impl Nonce {
    /// A new one, of 128 random bits.
    pub fn random() -> Nonce {
        Nonce(BASE64_STANDARD_NO_PAD.encode(rand::random::<[u8; 16]>()))
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The policy of pages: files of this very origin, nothing in the page's own text but what has the answer's nonce,
/// and nobody may show it in a frame.
macro_rules! page_policy {
    ($nonce:literal) => {
        concat!(
            "default-src 'none'; script-src 'self'",
            $nonce,
            "; style-src 'self'",
            $nonce,
            "; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
             form-action 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
    };
}
const PAGE_POLICY: &str = page_policy!("");
/// The policy of everything else: what is not meant as a page does nothing when it is opened as one.
const OTHER_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The same for every answer. The referrer stays within the origin, and is not left out altogether, since browsers
/// would then send forms with `Origin: null`, which the check against forged requests refuses.
const ALWAYS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(self), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), \
         microphone=(), midi=(), payment=(), serial=(), usb=()",
    ),
];

/// Two years, as the browsers' lists ask for.
const HSTS: &str = "max-age=63072000; includeSubDomains";

/// Middleware, outside all others: adds the headers that an answer does not set itself.
pub(super) async fn security_headers(request: Request, next: Next) -> Response {
    let https = request.extensions().get::<Client>().is_some_and(|client| client.https);
    let mut response = next.run(request).await;
    secure(&mut response, https);
    response
}

/// Adds the headers that an answer does not set itself.
pub(super) fn secure(response: &mut Response, https: bool) {
    let nonce = response.extensions_mut().remove::<Nonce>();
    let headers = response.headers_mut();
    headers.reserve(ALWAYS.len() + 3);
    let policy = policy(headers, nonce.as_ref());
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // Answers of the API and pages show what is meant for one caller alone.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
}

fn policy(headers: &HeaderMap, nonce: Option<&Nonce>) -> HeaderValue {
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if !content_type.starts_with(b"text/html") {
        return HeaderValue::from_static(OTHER_POLICY);
    }
    let Some(nonce) = nonce else { return HeaderValue::from_static(PAGE_POLICY) };
    let policy = page_policy!(" 'nonce-{}'").replace("{}", &nonce.0);
    // Base64 is visible ASCII, so this never falls back.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(PAGE_POLICY))
}

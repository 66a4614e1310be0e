//! Every route of both surfaces tells browsers what to forbid.

use platform::http::TrustedProxies;
use platform::serve::Transport;
use reqwest::{Method, Response};
use tokio_util::sync::CancellationToken;

use super::company::{Company, cookie, http};
use crate::support::App;
use crate::support::routes::portal_paths;

const ALWAYS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(self)"),
];

#[track_caller]
fn assert_safe(response: &Response, at: &str) {
    let headers = response.headers();
    let value = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
    for (name, part) in ALWAYS {
        assert!(value(name).contains(part), "{at}: {name}: {}", value(name));
    }
    let policy = value("content-security-policy");
    for part in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{at}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{at}: {policy}");
    let cache = value("cache-control");
    let public = ["/static/", "/docs", "jwks.json"].iter().any(|public| at.contains(public));
    assert!(cache == "no-store" || (public && cache.starts_with("public")), "{at}: {cache}");
}

/// Every operation of the OpenAPI document, its ids filled in.
pub(super) fn operations() -> Vec<(Method, String)> {
    let document = services::http::openapi();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            operations.push((method, path.replace("{id}", "1")));
        }
    }
    operations
}

#[tokio::test]
async fn every_route_of_the_services_has_them_with_a_token_without_one_and_in_error() {
    let app = App::start().await;
    let (admin, nobody) = (app.admin(), app.nobody());
    let mut asked = 0;
    for (method, path) in operations() {
        for (user, query) in [(&admin, ""), (&nobody, ""), (&admin, "?unknown=1")] {
            let request = user.request(method.clone(), &format!("{path}{query}"));
            assert_safe(&request.send().await.unwrap(), &format!("{method} {path}{query}"));
            asked += 1;
        }
        let wrong = nobody.request(Method::PATCH, &path).send().await.unwrap();
        assert_eq!(wrong.status(), 405, "{path}");
        assert_safe(&wrong, &format!("PATCH {path}"));
    }
    assert!(asked > 70, "{asked}");
    let documents = ["/openapi.json", "/docs", "/docs/", "/docs/docs.js", "/docs/none", "/problems"];
    for path in documents.into_iter().chain(["/problems/not-found", "/problems/none", "/nowhere"]) {
        assert_safe(&nobody.request(Method::GET, path).send().await.unwrap(), path);
    }
    for (method, path, body, status) in [
        (Method::POST, "/v1/orders", "x".repeat(2_000_000), 413),
        (Method::POST, "/v1/orders", "{".to_owned(), 400),
        (Method::GET, "/v1/orders/none", String::new(), 400),
    ] {
        let request = admin.request(method, path).header("content-type", "application/json").body(body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_safe(&response, path);
    }
}

#[tokio::test]
async fn every_route_of_the_portal_has_them_signed_in_and_not() {
    let company = Company::start(Transport::default(), None).await;
    company.user("mia").await;
    let http = http(None);
    let session = cookie(&company.sign_in(&http, "mia", super::company::PASSWORD).await);
    for path in portal_paths() {
        let request = |method: &Method| http.request(method.clone(), format!("{}{path}", company.portal));
        for cookie in [session.as_str(), ""] {
            let answer = request(&Method::GET).header("cookie", cookie).send().await.unwrap();
            assert_safe(&answer, &path);
        }
        for method in [Method::POST, Method::PATCH] {
            let form = request(&method).header("content-type", "application/x-www-form-urlencoded");
            let answer = form.body("x".repeat(2_000_000)).send().await.unwrap();
            assert_safe(&answer, &format!("{method} {path}"));
        }
    }
}

#[tokio::test]
async fn tls_at_a_trusted_proxy_keeps_browsers_with_tls() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let app = App::start().await;
    let router = services::http::router(app.surface.clone(), &services::http::HttpSettings::default());
    let trusted_proxies = TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()]);
    let transport = Transport { trusted_proxies, ..Transport::default() };
    let stop = CancellationToken::new();
    tokio::spawn(transport.serve(listener, router, stop.clone()));
    let asked = async |proto: &str| {
        let request = http(None).get(format!("{base}/health")).header("x-forwarded-proto", proto);
        request.send().await.unwrap().headers().contains_key("strict-transport-security")
    };
    assert!(asked("https").await);
    assert!(!asked("http").await);
    let direct = app.nobody().request(Method::GET, "/health").header("x-forwarded-proto", "https");
    let answer = direct.send().await.unwrap();
    assert!(!answer.headers().contains_key("strict-transport-security"), "the peer is not trusted");
    stop.cancel();
}

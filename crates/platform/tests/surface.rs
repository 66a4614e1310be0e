//! What stands around every route: headers on every answer, errors and panics among them, and a log that keeps secrets.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures_util::FutureExt;
use platform::http::{Client, Nonce, Surface};
use platform::telemetry::{self, LogFormat};
use tokio::sync::{Notify, mpsc};
use tower::ServiceExt;

const SECRET: &str = "correct-horse-battery";

fn router() -> Router {
    let routes = Router::new()
        .route("/page", get(async || Html("<p>")))
        .route("/page-with-script", get(page_with_script))
        .route("/kept", get(async || ([("cache-control", "public, max-age=60")], "kept")))
        .route("/panic", get(panic).post(panic))
        .route("/slow", get(std::future::pending::<()>).post(std::future::pending::<()>))
        .route("/body", post(async |body: String| body))
        .fallback(nowhere);
    around(routes)
}

fn around(routes: Router) -> Router {
    let surface = Surface {
        body_limit: 100,
        request_timeout: Duration::from_millis(50),
        compression: true,
        cors: None,
        tells_hangups: false,
    };
    surface.around(routes)
}

async fn panic() -> Response {
    panic!("over {SECRET}");
}

async fn nowhere() -> StatusCode {
    tracing::info!("nothing is here");
    StatusCode::NOT_FOUND
}

async fn page_with_script() -> Response {
    let nonce = Nonce::random();
    let text = format!("<script nonce=\"{nonce}\">1</script>");
    (Extension(nonce), Html(text)).into_response()
}

async fn ask(method: &str, path: &str, body: &str, https: bool) -> Response {
    let mut request = Request::builder().method(method).uri(path).body(Body::from(body.to_owned())).unwrap();
    request.extensions_mut().insert(Client { ip: "127.0.0.1".parse().unwrap(), https });
    router().oneshot(request).await.unwrap()
}

/// A surface whose route waits until it is notified and then tells that it ended.
fn waiting() -> (Router, Arc<Notify>, mpsc::Receiver<()>) {
    let (gate, (ended, ends)) = (Arc::new(Notify::new()), mpsc::channel(1));
    let opened = Arc::clone(&gate);
    let wait = async move || {
        opened.notified().await;
        ended.send(()).await.unwrap();
    };
    let routes = Router::new().route("/wait", get(wait.clone()).post(wait));
    (around(routes), gate, ends)
}

fn policy(headers: &HeaderMap) -> &str {
    headers["content-security-policy"].to_str().unwrap()
}

#[tokio::test]
async fn every_answer_has_the_headers_also_those_that_the_layers_give() {
    for (method, path, body, status) in [
        ("GET", "/page", "", 200),
        ("GET", "/nowhere", "", 404),
        ("PUT", "/page", "", 405),
        ("POST", "/body", &"x".repeat(200), 413),
        ("GET", "/panic", "", 500),
        ("POST", "/panic", "", 500),
        ("GET", "/slow", "", 503),
        ("POST", "/slow", "", 503),
    ] {
        let answer = ask(method, path, body, false).await;
        let (headers, at) = (answer.headers(), format!("{method} {path}"));
        assert_eq!(answer.status().as_u16(), status, "{at}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(
                headers.get(name).map(|value| value.as_bytes()),
                Some(value.as_bytes()),
                "{at}: {name}"
            );
        }
        assert!(headers["permissions-policy"].to_str().unwrap().contains("camera=(self)"), "{at}");
        assert!(policy(headers).starts_with("default-src 'none'"), "{at}");
        assert!(policy(headers).contains("frame-ancestors 'none'"), "{at}");
        assert!(!policy(headers).contains("unsafe"), "{at}");
        assert!(!headers.contains_key("strict-transport-security"), "{at}: plain http");
        assert!(headers.contains_key("x-request-id"), "{at}");
    }
}

#[tokio::test]
async fn browsers_are_told_to_stay_with_tls_where_it_is_spoken() {
    let answer = ask("GET", "/nowhere", "", true).await;
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=63072000; includeSubDomains");
}

#[tokio::test]
async fn an_answer_that_sets_a_header_itself_keeps_it() {
    let answer = ask("GET", "/kept", "", false).await;
    assert_eq!(answer.headers()["cache-control"], "public, max-age=60");
}

#[tokio::test]
async fn a_pages_own_script_runs_by_a_nonce_that_no_other_answer_has() {
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let answer = ask("GET", "/page-with-script", "", false).await;
        let policy = policy(answer.headers()).to_owned();
        let nonce = policy.split("script-src 'self' 'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        assert_eq!(nonce.len(), 22);
        let text = axum::body::to_bytes(answer.into_body(), 1_000).await.unwrap();
        assert_eq!(text, format!("<script nonce=\"{nonce}\">1</script>"));
        nonces.push(nonce.to_owned());
    }
    assert_ne!(nonces[0], nonces[1]);
    let plain = ask("GET", "/page", "", false).await;
    assert!(policy(plain.headers()).contains("script-src 'self';"));
}

/// Not a test of its own: what the next one runs as a program with a log.
#[tokio::test]
#[ignore = "run by the test below"]
async fn a_program_that_panics() {
    telemetry::start("trace", LogFormat::Text).unwrap();
    for method in ["GET", "POST"] {
        assert_eq!(ask(method, "/panic", "", false).await.status(), 500);
        assert_eq!(ask(method, &format!("/{SECRET}?token={SECRET}"), SECRET, false).await.status(), 404);
    }
}

#[test]
fn a_panic_tells_the_log_its_place_and_not_its_message() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_program_that_panics", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{log}");
    assert_eq!(log.matches("a defect: the program panicked").count(), 2, "{log}");
    assert!(
        log.contains("surface.rs") && log.contains("(no route)") && log.contains("nothing is here"),
        "{log}"
    );
    assert!(!log.contains(SECRET), "{log}");
}

#[tokio::test]
async fn a_change_runs_to_its_end_when_its_client_hangs_up_and_a_read_does_not() {
    for (method, runs_on) in [("POST", true), ("GET", false)] {
        let (router, gate, mut ends) = waiting();
        let request = Request::builder().method(method).uri("/wait").body(Body::empty()).unwrap();
        assert!(router.oneshot(request).now_or_never().is_none());
        gate.notify_one();
        assert_eq!(ends.recv().await.is_some(), runs_on, "{method}");
    }
}

#[tokio::test]
async fn a_change_runs_to_its_end_when_its_answer_takes_too_long() {
    let (router, gate, mut ends) = waiting();
    let request = Request::builder().method("POST").uri("/wait").body(Body::empty()).unwrap();
    assert_eq!(router.oneshot(request).await.unwrap().status(), 503);
    gate.notify_one();
    ends.recv().await.unwrap();
}

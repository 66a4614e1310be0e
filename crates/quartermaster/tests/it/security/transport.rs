//! TLS with certificates that are exchanged while connections live, addresses behind proxies, and clients that take
//! their time.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use platform::http::{Client as Sender, TrustedProxies};
use platform::serve::{Limits, Tls, Transport};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::{Method, RequestBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::company::{Company, PASSWORD, cookie, http};

/// Certificates of an authority of the test's own.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Authority { issuer, folder: tempfile::tempdir().unwrap() }
    }

    fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Writes a new certificate and its key into the files.
    fn issue(&self) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        self.write("key.pem", &key.serialize_pem());
        self.write("cert.pem", &certificate.pem());
    }

    /// As careful operators do: written beside it, and put in its place at once.
    fn write(&self, name: &str, text: &str) {
        let (place, beside) = (self.path(name), self.path("new"));
        std::fs::write(&beside, text).unwrap();
        std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::rename(beside, place).unwrap();
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn tls(&self) -> Tls {
        self.issue();
        Tls::load(&self.path("cert.pem"), &self.path("key.pem")).unwrap()
    }
}

pub(super) struct Served {
    pub(super) port: u16,
    _stop: DropGuard,
}

pub(super) async fn serve(transport: Transport, router: Router) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, stop) = (listener.local_addr().unwrap().port(), CancellationToken::new());
    if let Some(tls) = &transport.tls {
        tokio::spawn(tls.clone().follow_files(stop.clone()));
    }
    tokio::spawn(transport.serve(listener, router, stop.clone()));
    Served { port, _stop: stop.drop_guard() }
}

fn hello() -> Router {
    Router::new().route("/", get(async || "hello"))
}

#[tokio::test]
async fn portal_and_services_speak_tls_with_browsers_and_with_each_other() {
    let authority = Authority::new();
    let ca = authority.pem();
    let transport = Transport { tls: Some(authority.tls()), ..Transport::default() };
    let company = Company::start(transport, Some(&ca)).await;
    company.user("mia").await;
    let http = http(Some(&ca));
    let signed_in = company.sign_in(&http, "mia", PASSWORD).await;
    assert_eq!(signed_in.status(), 303);
    assert!(signed_in.headers().contains_key("strict-transport-security"));
    let session = cookie(&signed_in);
    assert!(session.starts_with("__Host-"), "{session}");
    let stock = format!("{}/stock/", company.portal);
    let page = http.get(&stock).header("cookie", &session).send().await.unwrap();
    let page = page.text().await.unwrap();
    // The portal has asked the services, which have asked the portal for its keys.
    assert!(page.contains("Nothing was found."), "{page}");
    let plain = http.get(company.services.replace("https", "http")).send().await;
    assert!(plain.is_err(), "there is no plain http at that port");
    let stranger = super::company::http(Some(&Authority::new().pem()));
    assert!(stranger.get(&company.portal).send().await.is_err());
}

#[tokio::test]
async fn a_new_certificate_is_used_for_new_connections_while_old_ones_live_on() {
    let (old, new) = (Authority::new(), Authority::new());
    let transport = Transport { tls: Some(old.tls()), ..Transport::default() };
    let served = serve(transport, hello()).await;
    let url = format!("https://localhost:{}/", served.port);
    let (of_old, of_new) = (http(Some(&old.pem())), http(Some(&new.pem())));
    assert_eq!(of_old.get(&url).send().await.unwrap().text().await.unwrap(), "hello");
    assert!(of_new.get(&url).send().await.is_err());

    // What cannot be used changes nothing.
    old.write("cert.pem", "no certificate");
    assert!(Tls::load(&old.path("cert.pem"), &old.path("key.pem")).is_err());
    tokio::time::timeout(Duration::from_secs(2), async {
        while http(Some(&old.pem())).get(&url).send().await.is_ok() {}
    })
    .await
    .unwrap_err();

    new.issue();
    old.write("key.pem", &text(&new.path("key.pem")));
    old.write("cert.pem", &text(&new.path("cert.pem")));
    let changed = async { while http(Some(&new.pem())).get(&url).send().await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(30), changed).await.unwrap();
    assert!(http(Some(&old.pem())).get(&url).send().await.is_err(), "a new connection gets the new one");
    assert_eq!(of_old.get(&url).send().await.unwrap().text().await.unwrap(), "hello", "an old one lives on");
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_certificate_that_cannot_be_used_is_said_with_its_file() {
    let (one, other) = (Authority::new(), Authority::new());
    one.issue();
    other.issue();
    let (cert, key) = (one.path("cert.pem"), one.path("key.pem"));
    for (cert, key, said) in [
        (&cert, &one.path("none.pem"), "none.pem: is no PEM file with a private key"),
        (&key, &key, "key.pem: has no certificate"),
        (&cert, &other.path("key.pem"), "cannot be used together"),
    ] {
        let error = Tls::load(cert, key).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[tokio::test]
async fn the_clients_address_is_believed_of_trusted_proxies_alone() {
    let router = || {
        Router::new()
            .route("/", get(async |axum::Extension(client): axum::Extension<Sender>| client.ip.to_string()))
    };
    let trusting = TrustedProxies::new(vec!["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()]);
    let behind = serve(Transport { trusted_proxies: trusting, ..Transport::default() }, router()).await;
    let direct = serve(Transport::default(), router()).await;
    let ask = async |served: &Served| {
        let request = http(None).get(format!("http://127.0.0.1:{}/", served.port));
        let request = request.header("x-forwarded-for", "198.51.100.1, 2001:db8::9, 10.0.0.2");
        request.send().await.unwrap().text().await.unwrap()
    };
    assert_eq!(ask(&behind).await, "2001:db8::9");
    assert_eq!(ask(&direct).await, "127.0.0.1", "what an untrusted peer says of itself is ignored");
}

fn limited(limits: Limits) -> Transport {
    Transport { limits, ..Transport::default() }
}

/// What comes back until the server closes the connection.
pub(super) async fn rest(connection: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = connection.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(30), read).await.unwrap().ok();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_client_that_sends_its_head_slowly_is_cut_off_and_others_go_on() {
    let limits = Limits { head_time: Duration::from_millis(200), connections: 2, ..Limits::default() };
    let served = serve(limited(limits), hello()).await;
    let connect = async || TcpStream::connect(("127.0.0.1", served.port)).await.unwrap();
    // As many as there may be, each with a head that never ends.
    let (mut one, mut other) = (connect().await, connect().await);
    for connection in [&mut one, &mut other] {
        connection.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
    }
    let mut third = connect().await;
    third.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(rest(&mut third).await.ends_with("hello"), "it waited until there was room");
    assert!(!rest(&mut one).await.contains("200 OK"));
    assert!(!rest(&mut other).await.contains("200 OK"));
}

/// Tells that it was asked, and waits until it may answer.
fn held(asked: &Arc<Notify>, answer: &Arc<Notify>) -> Router {
    let (asked, answer) = (Arc::clone(asked), Arc::clone(answer));
    let slow = async move || {
        asked.notify_one();
        answer.notified().await;
        "hello"
    };
    Router::new().route("/", get(slow))
}

const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn connections_beyond_the_limit_wait_until_one_that_nobody_uses_makes_room() {
    let served = serve(limited(Limits { connections: 1, ..Limits::default() }), hello()).await;
    let mut first = TcpStream::connect(("127.0.0.1", served.port)).await.unwrap();
    first.write_all(ASK).await.unwrap();
    let mut byte = [0];
    first.read_exact(&mut byte).await.unwrap();
    let mut second = TcpStream::connect(("127.0.0.1", served.port)).await.unwrap();
    second.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(200), second.read(&mut byte)).await;
    assert!(early.is_err(), "it waits");
    assert!(rest(&mut second).await.ends_with("hello"));
    assert!(rest(&mut first).await.ends_with("hello"), "it was answered, and has ended");
}

#[tokio::test]
async fn a_connection_with_a_request_makes_room_after_its_answer_and_says_so() {
    let (asked, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let limits = Limits { connections: 1, ..Limits::default() };
    let served = serve(limited(limits), held(&asked, &answer)).await;
    let mut first = TcpStream::connect(("127.0.0.1", served.port)).await.unwrap();
    first.write_all(ASK).await.unwrap();
    asked.notified().await;
    let mut second = TcpStream::connect(("127.0.0.1", served.port)).await.unwrap();
    second.write_all(ASK).await.unwrap();
    // Longer than those that wait let others be.
    let cut = tokio::time::timeout(Duration::from_secs(2), first.read(&mut [0])).await;
    assert!(cut.is_err(), "it is not cut off");
    answer.notify_one();
    let told = rest(&mut first).await;
    assert!(told.contains("connection: close") && told.ends_with("hello"), "{told}");
    asked.notified().await;
    answer.notify_one();
    second.read_exact(&mut [0]).await.unwrap();
}

#[tokio::test]
async fn beyond_the_most_requests_at_work_clients_are_told_to_come_back_and_readiness_is_told() {
    let (asked, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let limits = Limits { requests: 1, ..Limits::default() };
    let router = held(&asked, &answer).route("/ready", get(async || "ready"));
    let served = serve(limited(limits), router).await;
    let ask = async |path: &str| {
        let request = http(None).get(format!("http://127.0.0.1:{}{path}", served.port));
        request.header("x-request-id", "mine").send().await.unwrap()
    };
    let (first, ()) = tokio::join!(ask("/"), async {
        asked.notified().await;
        let second = ask("/").await;
        assert_eq!(second.status(), 503);
        for (name, value) in [("retry-after", "1"), ("x-request-id", "mine"), ("cache-control", "no-store")] {
            assert_eq!(second.headers()[name], value);
        }
        let problem: serde_json::Value = second.json().await.unwrap();
        assert_eq!((&problem["instance"], &problem["request_id"]), (&"/".into(), &"mine".into()));
        assert!(problem["detail"].as_str().unwrap().contains("Nothing was changed; repeat"), "{problem}");
        assert_eq!(ask("/ready").await.text().await.unwrap(), "ready");
        answer.notify_one();
    });
    assert_eq!(first.status(), 200);
    answer.notify_one();
    assert_eq!(ask("/").await.status(), 200, "there is a place again");
}

#[tokio::test]
async fn a_page_of_an_origin_that_is_set_hears_that_there_is_no_room_and_when_to_come_back() {
    let (asked, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let cors = services::http::cors(&["https://shop.example".to_owned()]);
    let transport = Transport { cors, ..limited(Limits { requests: 1, ..Limits::default() }) };
    let served = serve(transport, held(&asked, &answer)).await;
    let url = format!("http://127.0.0.1:{}/", served.port);
    let send = async |request: RequestBuilder, origin| request.header("origin", origin).send().await.unwrap();
    let client = http(None);
    let (_, ()) = tokio::join!(client.get(&url).send(), async {
        asked.notified().await;
        let heard = send(client.get(&url), "https://shop.example").await;
        assert_eq!(heard.status(), 503);
        assert_eq!(heard.headers()["retry-after"], "1");
        assert_eq!(heard.headers()["access-control-allow-origin"], "https://shop.example");
        let readable = heard.headers()["access-control-expose-headers"].to_str().unwrap();
        assert!(readable.contains("retry-after"), "{readable}");
        let preflight = client.request(Method::OPTIONS, &url).header("access-control-request-method", "POST");
        let may = send(preflight, "https://shop.example").await;
        assert_eq!(may.status(), 200, "else no page hears the rest");
        assert_eq!(may.headers()["x-content-type-options"], "nosniff", "what comes with every answer");
        let other = send(client.get(&url), "https://evil.example").await;
        assert_eq!(other.status(), 503);
        assert_eq!(other.headers().get("access-control-allow-origin"), None);
        answer.notify_one();
    });
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let served = serve(Transport::default(), hello()).await;
    let ask = async |head: String| {
        let mut connection = TcpStream::connect(("127.0.0.1", served.port)).await.unwrap();
        connection.write_all(head.as_bytes()).await.ok();
        rest(&mut connection).await
    };
    let end = "host: x\r\nconnection: close\r\n\r\n";
    let line = ask(format!("GET /{} HTTP/1.1\r\n{end}", "x".repeat(100_000))).await;
    assert!(line.is_empty() || line.starts_with("HTTP/1.1 4"), "{line}");
    let value = ask(format!("GET / HTTP/1.1\r\nx-long: {}\r\n{end}", "x".repeat(100_000))).await;
    assert!(value.is_empty() || value.starts_with("HTTP/1.1 431"), "{value}");
    let many: String = (0..100).map(|n| format!("x-{n}: 1\r\n")).collect();
    let many = ask(format!("GET / HTTP/1.1\r\n{many}{end}")).await;
    assert!(many.starts_with("HTTP/1.1 431"), "{many}");
    let usual = ask(format!("GET / HTTP/1.1\r\nx-long: {}\r\n{end}", "x".repeat(8_000))).await;
    assert!(usual.starts_with("HTTP/1.1 200"), "{usual}");
}

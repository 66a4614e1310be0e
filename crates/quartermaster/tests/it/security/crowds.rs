//! More connections than there may be: of one address, and of all. What may not wait gets in.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use platform::http::TrustedProxies;
use platform::serve::{Limits, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::transport::{Served, rest, serve};

fn routes() -> Router {
    Router::new()
        .route("/", get(async || "hello"))
        .route("/ready", get(async || "ready"))
        .route("/.well-known/jwks.json", get(async || "keys"))
        .route("/take", post(async |body: String| body))
}

fn limited(limits: Limits) -> Transport {
    Transport { limits, ..Transport::default() }
}

/// A connection from that address of this machine.
async fn connect_from(served: &Served, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from.parse::<IpAddr>().unwrap(), 0)).unwrap();
    socket.connect(SocketAddr::from(([127, 0, 0, 1], served.port))).await.unwrap()
}

/// What is answered to one request on a connection of its own.
async fn ask_from(served: &Served, from: &str, path: &str) -> String {
    let mut connection = connect_from(served, from).await;
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    rest(&mut connection).await
}

/// A connection whose request never ends, and which has a place.
async fn held_from(served: &Served, from: &str) -> TcpStream {
    let mut connection = connect_from(served, from).await;
    connection.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 4];
    connection.read_exact(&mut first).await.unwrap();
    let unfinished = b"POST /take HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf";
    connection.write_all(unfinished).await.unwrap();
    connection
}

#[tokio::test]
async fn one_address_has_its_share_of_connections_and_others_get_in() {
    let limits = Limits { connections: 10, of_one_address: 2, ..Limits::default() };
    let served = serve(limited(limits), routes()).await;
    let _held = [held_from(&served, "127.0.0.1").await, held_from(&served, "127.0.0.1").await];
    let refused = ask_from(&served, "127.0.0.1", "/").await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("connection: close"), "{refused}");
    assert!(refused.contains("retry-after: 1") && refused.contains("too many connections"), "{refused}");
    assert!(ask_from(&served, "127.0.0.1", "/ready").await.ends_with("ready"));
    assert!(ask_from(&served, "127.0.0.2", "/").await.ends_with("hello"));
}

#[tokio::test]
async fn an_address_has_its_share_again_once_connections_have_ended() {
    let limits = Limits { connections: 10, of_one_address: 1, ..Limits::default() };
    let served = serve(limited(limits), routes()).await;
    let held = held_from(&served, "127.0.0.1").await;
    assert!(ask_from(&served, "127.0.0.1", "/").await.starts_with("HTTP/1.1 503"));
    drop(held);
    while ask_from(&served, "127.0.0.1", "/").await.starts_with("HTTP/1.1 503") {}
}

#[tokio::test]
async fn connections_of_a_trusted_proxy_are_not_counted_as_one_address() {
    let trusted_proxies = TrustedProxies::new(vec!["127.0.0.1/32".parse().unwrap()]);
    let limits = Limits { connections: 10, of_one_address: 1, ..Limits::default() };
    let served = serve(Transport { limits, trusted_proxies, ..Transport::default() }, routes()).await;
    let _held = [held_from(&served, "127.0.0.1").await, held_from(&served, "127.0.0.1").await];
    assert!(ask_from(&served, "127.0.0.1", "/").await.ends_with("hello"));
}

#[tokio::test]
async fn what_may_not_wait_is_answered_while_others_hold_every_connection() {
    let served = serve(limited(Limits { connections: 2, ..Limits::default() }), routes()).await;
    let held = [held_from(&served, "127.0.0.1").await, held_from(&served, "127.0.0.2").await];
    let mut waiting = connect_from(&served, "127.0.0.3").await;
    waiting.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(ask_from(&served, "127.0.0.1", "/ready").await.ends_with("ready"));
    assert!(ask_from(&served, "127.0.0.3", "/.well-known/jwks.json?after=1").await.ends_with("keys"));
    let early = tokio::time::timeout(Duration::from_millis(100), waiting.read(&mut [0])).await;
    assert!(early.is_err(), "the rest waits");
    drop(held);
    assert!(rest(&mut waiting).await.ends_with("hello"));
}

#[tokio::test]
async fn newcomers_get_in_however_many_send_nothing() {
    let limits = Limits { connections: 1, guests: 8, ..Limits::default() };
    let served = serve(limited(limits), routes()).await;
    let _held = held_from(&served, "127.0.0.1").await;
    let mut silent = Vec::new();
    for n in 0..60 {
        silent.push(connect_from(&served, &format!("127.0.0.{}", 2 + n % 20)).await);
    }
    assert!(ask_from(&served, "127.0.0.1", "/ready").await.ends_with("ready"));
    assert!(ask_from(&served, "127.0.0.50", "/ready").await.ends_with("ready"));
    // Those that had to go were closed, the newest is still there.
    assert_eq!(silent[0].read(&mut [0]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn a_guest_that_has_to_go_is_told_to_come_back() {
    let limits = Limits { connections: 1, guests: 2, ..Limits::default() };
    let served = serve(limited(limits), routes()).await;
    let _held = held_from(&served, "127.0.0.1").await;
    let mut first = connect_from(&served, "127.0.0.2").await;
    first.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    // Each newcomer sends the one before away.
    let mut later = Vec::new();
    let told = async {
        let mut told = Vec::new();
        first.read_to_end(&mut told).await.ok();
        String::from_utf8(told).unwrap()
    };
    let mut told = std::pin::pin!(told);
    let told = loop {
        tokio::select! {
            told = &mut told => break told,
            () = tokio::time::sleep(Duration::from_millis(50)) => {
                later.push(connect_from(&served, "127.0.0.2").await);
            }
        }
    };
    assert!(told.starts_with("HTTP/1.1 503") && told.contains("retry-after: 1"), "{told}");
}

#[tokio::test]
async fn a_connection_that_follows_the_keys_is_not_asked_to_make_room() {
    let (limits, keys) = (Limits { connections: 1, ..Limits::default() }, "/.well-known/jwks.json");
    let follow = async || {
        tokio::time::sleep(Duration::from_secs(3)).await;
        "keys"
    };
    let router = Router::new().route(keys, get(follow)).route("/", get(async || "hello"));
    let served = serve(limited(limits), router).await;
    let mut following = connect_from(&served, "127.0.0.1").await;
    following.write_all(format!("GET {keys} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    // Somebody else wants room meanwhile, and asks every half second.
    let mut other = connect_from(&served, "127.0.0.2").await;
    other.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = vec![0; 500];
    let read = following.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]);
    assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn a_body_that_pauses_for_too_long_is_broken_off() {
    let limits = Limits { body_pause: Duration::from_millis(200), ..Limits::default() };
    let served = serve(limited(limits), routes()).await;
    let mut connection = connect_from(&served, "127.0.0.1").await;
    let unfinished = b"POST /take HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf";
    connection.write_all(unfinished).await.unwrap();
    let told = rest(&mut connection).await;
    assert!(told.starts_with("HTTP/1.1 400"), "{told}");
}

#[tokio::test]
async fn heads_that_can_be_read_in_two_ways_are_refused() {
    let served = serve(Transport::default(), routes()).await;
    let ask = async |head: &str, body: &str| {
        let mut connection = connect_from(&served, "127.0.0.1").await;
        connection.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
        rest(&mut connection).await
    };
    let chunks = "4\r\nbody\r\n0\r\n\r\n";
    for (head, body) in [
        ("GET / HTTP/1.1", ""),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: a", ""),
        ("GET / HTTP/1.1\r\nhost: a/b", ""),
        ("GET / HTTP/1.1\r\nhost:", ""),
        ("GET / HTTP/1.0\r\nhost: a\r\nhost: b", ""),
        (
            "POST /take HTTP/1.1\r\nhost: a\r\ntransfer-encoding: identity\r\ntransfer-encoding: chunked",
            chunks,
        ),
        ("POST /take HTTP/1.1\r\nhost: a\r\ntransfer-encoding: identity, chunked", chunks),
    ] {
        let answer = ask(head, body).await;
        assert_eq!(answer.get(8..13), Some(" 400 "), "{head:?}: {answer}");
        assert!(answer.contains("connection: close") || answer.ends_with("\r\n\r\n"), "{head:?}: {answer}");
    }
    let chunked = "POST /take HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked";
    assert!(ask(chunked, chunks).await.contains("body"));
    assert!(ask("GET / HTTP/1.0", "").await.ends_with("hello"));
}

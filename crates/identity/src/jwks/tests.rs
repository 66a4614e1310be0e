use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::jwk::Jwk;

/// A portal that publishes keys, counts how often it is asked, and can fall ill.
struct FakePortal {
    url: String,
    asked: Arc<AtomicUsize>,
    ill: Arc<AtomicBool>,
    keys: Arc<std::sync::Mutex<JwkSet>>,
}

impl FakePortal {
    async fn start(key: Jwk) -> FakePortal {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let portal = FakePortal {
            url,
            asked: Arc::default(),
            ill: Arc::default(),
            keys: Arc::new(std::sync::Mutex::new(JwkSet { keys: vec![key] })),
        };
        let (asked, ill, keys) =
            (Arc::clone(&portal.asked), Arc::clone(&portal.ill), Arc::clone(&portal.keys));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await.unwrap();
                asked.fetch_add(1, Ordering::SeqCst);
                let status = if ill.load(Ordering::SeqCst) { "500 Ill" } else { "200 OK" };
                let body = serde_json::to_string(&*keys.lock().unwrap()).unwrap();
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                stream.write_all((head + &body).as_bytes()).await.unwrap();
            }
        });
        portal
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn key(byte: u8) -> Jwk {
    Jwk::ed25519(&[byte; 32])
}

/// Makes the last attempt and the keys look older than they are.
async fn let_time_pass(store: &KeyStore, time: Duration) {
    let earlier = |instant: &mut Instant| *instant = instant.checked_sub(time).unwrap();
    if let Some(attempt) = store.portal.as_ref().unwrap().last.lock().await.as_mut() {
        earlier(&mut attempt.ended);
    }
    if let Some(fetched) = store.known.write().unwrap().fetched.as_mut() {
        earlier(fetched);
    }
}

#[tokio::test]
async fn keys_are_fetched_once_however_many_ask_at_once() {
    let portal = FakePortal::start(key(1)).await;
    let store = Arc::new(KeyStore::at(&portal.url).unwrap());
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let store = Arc::clone(&store);
        asking.spawn(async move { store.find(&key(1).kid).await.unwrap().is_some() });
    }
    assert!(asking.join_all().await.into_iter().all(|found| found));
    assert_eq!(portal.asked(), 1);
}

#[tokio::test]
async fn unknown_names_ask_the_portal_again_but_not_at_once() {
    let portal = FakePortal::start(key(1)).await;
    let store = Arc::new(KeyStore::at(&portal.url).unwrap());
    for byte in 2..20 {
        assert!(store.find(&key(byte).kid).await.unwrap().is_none());
    }
    assert_eq!(portal.asked(), 1);
    portal.keys.lock().unwrap().keys.push(key(2));
    let_time_pass(&store, REFETCH_AFTER).await;
    assert!(store.find(&key(2).kid).await.unwrap().is_some());
    assert_eq!(portal.asked(), 2);
}

#[tokio::test]
async fn known_keys_stay_while_the_portal_is_away() {
    let portal = FakePortal::start(key(1)).await;
    let store = Arc::new(KeyStore::at(&portal.url).unwrap());
    assert!(store.find(&key(1).kid).await.unwrap().is_some());
    portal.ill.store(true, Ordering::SeqCst);
    let_time_pass(&store, REFETCH_AFTER).await;
    assert!(store.find(&key(2).kid).await.unwrap().is_none());
    assert_eq!(portal.asked(), 2);
    assert!(store.find(&key(1).kid).await.unwrap().is_some());
}

#[tokio::test]
async fn without_any_key_it_says_so_and_soon_tries_again() {
    let portal = FakePortal::start(key(1)).await;
    portal.ill.store(true, Ordering::SeqCst);
    let store = Arc::new(KeyStore::at(&portal.url).unwrap());
    for _ in 0..3 {
        assert_eq!(store.find(&key(1).kid).await.err(), Some(NoKeys));
    }
    assert_eq!(portal.asked(), 1);
    portal.ill.store(false, Ordering::SeqCst);
    let_time_pass(&store, RETRY_AFTER).await;
    assert!(store.find(&key(1).kid).await.unwrap().is_some());
}

#[tokio::test]
async fn a_key_that_is_no_longer_published_is_forgotten() {
    let portal = FakePortal::start(key(1)).await;
    let store = Arc::new(KeyStore::at(&portal.url).unwrap());
    assert!(store.find(&key(1).kid).await.unwrap().is_some());
    portal.keys.lock().unwrap().keys = vec![key(2)];
    let_time_pass(&store, REFRESH_AFTER + REFETCH_AFTER).await;
    assert!(store.find(&key(1).kid).await.unwrap().is_some(), "requests do not wait for the refresh");
    store.refresh().await;
    assert!(store.find(&key(1).kid).await.unwrap().is_none());
    assert!(store.find(&key(2).kid).await.unwrap().is_some());
    assert_eq!(portal.asked(), 2);
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let portal = FakePortal::start(key(1)).await;
    portal.keys.lock().unwrap().keys = vec![key(1); 1_000];
    let store = Arc::new(KeyStore::at(&portal.url).unwrap());
    assert_eq!(store.find(&key(1).kid).await.err(), Some(NoKeys));
}

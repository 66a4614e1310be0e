use std::sync::Arc;
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
    feed: Arc<std::sync::Mutex<TokenFeed>>,
}

impl FakePortal {
    async fn start(key: Jwk) -> FakePortal {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let portal = FakePortal {
            url,
            asked: Arc::default(),
            ill: Arc::default(),
            feed: Arc::new(std::sync::Mutex::new(TokenFeed {
                keys: JwkSet { keys: vec![key] },
                version: 1,
                ..TokenFeed::default()
            })),
        };
        let (asked, ill, feed) =
            (Arc::clone(&portal.asked), Arc::clone(&portal.ill), Arc::clone(&portal.feed));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await.unwrap();
                asked.fetch_add(1, Ordering::SeqCst);
                let status = if ill.load(Ordering::SeqCst) { "500 Ill" } else { "200 OK" };
                let body = serde_json::to_string(&*feed.lock().unwrap()).unwrap();
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                stream.write_all((head + &body).as_bytes()).await.unwrap();
            }
        });
        portal
    }

    /// What it publishes from now on.
    fn publish(&self, keys: Vec<Jwk>, revoked: &[(&str, i64)]) {
        let mut feed = self.feed.lock().unwrap();
        feed.keys.keys = keys;
        feed.revoked = revoked.iter().map(|(subject, second)| ((*subject).to_owned(), *second)).collect();
        feed.version += 1;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn key(byte: u8) -> Jwk {
    Jwk::ed25519(&[byte; 32])
}

/// Makes the last attempt look older than it is.
async fn let_time_pass(store: &KeyStore, time: Duration) {
    if let Some(attempt) = store.portal.as_ref().unwrap().last.lock().await.as_mut() {
        attempt.ended = attempt.ended.checked_sub(time).unwrap();
    }
}

/// Waits until it is so, for 10 s at most.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what}");
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
    portal.publish(vec![key(1), key(2)], &[]);
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
async fn changes_at_the_portal_are_followed_without_being_asked_for() {
    let portal = FakePortal::start(key(1)).await;
    let store = Arc::new(KeyStore::at(&portal.url).unwrap());
    let following = store.follow().unwrap();
    until("the first key", || store.known(&key(1).kid).is_some()).await;
    let before = store.generation();
    let now = jiff::Timestamp::now().as_second();
    portal.publish(vec![key(2)], &[("7", now)]);
    until("the next key", || store.known(&key(2).kid).is_some()).await;
    assert!(store.known(&key(1).kid).is_none(), "a key that is no longer published is forgotten");
    assert_ne!(store.generation(), before);
    assert!(store.has_revoked("7", now) && !store.has_revoked("7", now + 1));

    portal.ill.store(true, Ordering::SeqCst);
    let asked = portal.asked();
    until("another try", || portal.asked() > asked + 1).await;
    assert!(store.known(&key(2).kid).is_some() && store.has_revoked("7", now), "both hold while it is away");
    portal.publish(vec![key(3)], &[]);
    portal.ill.store(false, Ordering::SeqCst);
    until("the key after that", || store.known(&key(3).kid).is_some()).await;

    drop(following);
    until("the end of the task", || Arc::strong_count(&store) == 1).await;
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let portal = FakePortal::start(key(1)).await;
    portal.publish(vec![key(1); LARGEST_FEED / 100], &[]);
    let store = Arc::new(KeyStore::at(&portal.url).unwrap());
    assert_eq!(store.find(&key(1).kid).await.err(), Some(NoKeys));
}

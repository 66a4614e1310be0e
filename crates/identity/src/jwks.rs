//! The portal's public keys and revocations, as the services hold them: followed all the time, asked for anew when a key
//! is unknown, and kept while the portal is away.

mod follow;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use thiserror::Error;
use tokio::sync::Mutex;

use crate::feed::{Revocations, TokenFeed};
use crate::jwk::JwkSet;
use crate::owners::Owners;

pub(crate) use follow::Following;

/// An unknown key name asks the portal again, but not more often than this.
const REFETCH_AFTER: Duration = Duration::from_secs(5);
/// After a fetch that failed the next one comes sooner, so that a portal that starts last is soon found.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Shorter than the portal lets a connection be idle (10 s), so that it is not ended just as it is used again.
const IDLE: Duration = Duration::from_secs(8);
const FETCH_PATIENCE: Duration = Duration::from_secs(2);
/// A key takes about 200 bytes and a revocation 30: this is room for half a million.
const LARGEST_FEED: usize = 16 * 1024 * 1024;

/// Why keys cannot be fetched at all.
#[derive(Debug, Error)]
pub enum KeySourceError {
    /// No HTTP client could be made.
    #[error("no HTTP client for the portal's keys")]
    Client(#[source] reqwest::Error),
    /// Nothing can be followed in the background.
    #[error("the portal's keys can be followed inside a runtime alone")]
    NoRuntime(#[source] tokio::runtime::TryCurrentError),
}

/// No key is known and the portal does not give any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoKeys;

/// The keys and revocations that are known, and where to ask for more.
#[derive(Debug)]
pub(crate) struct KeyStore {
    known: RwLock<Known>,
    revocations: RwLock<Revocations>,
    owners: Owners,
    /// The version of the feed that the owners are of.
    version: AtomicI64,
    /// Another one whenever the keys change.
    generation: AtomicU64,
    /// `None` when the keys are fixed.
    portal: Option<Portal>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, DecodingKey>,
    /// As the portal last published them; `None` until it was heard.
    published: Option<JwkSet>,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.keys.keys()).finish()
    }
}

#[derive(Debug)]
struct Portal {
    url: String,
    http: reqwest::Client,
    /// Held while a fetch for an unknown key runs, so that there is one at a time; when the last one ended, and how.
    last: Mutex<Option<Attempt>>,
}

#[derive(Debug, Clone, Copy)]
struct Attempt {
    ended: Instant,
    failed: bool,
}

impl Attempt {
    fn is_recent(self) -> bool {
        self.ended.elapsed() < if self.failed { RETRY_AFTER } else { REFETCH_AFTER }
    }
}

#[derive(Debug, Error)]
enum FetchError {
    #[error("the request failed")]
    Http(#[from] reqwest::Error),
    #[error("the answer is not a JWK Set")]
    NotKeys(#[from] serde_json::Error),
    #[error("the answer is longer than a JWK Set of ours")]
    TooLong,
}

impl KeyStore {
    /// These keys, for ever.
    pub(crate) fn fixed(set: &JwkSet) -> KeyStore {
        KeyStore::of_feed(&TokenFeed { keys: set.clone(), ..TokenFeed::default() })
    }

    /// These keys and revocations, as they are now.
    pub(crate) fn of_feed(feed: &TokenFeed) -> KeyStore {
        let store = KeyStore::of(None);
        store.learn(feed);
        store
    }

    /// The keys that the portal publishes at `url`.
    pub(crate) fn at(url: &str) -> Result<KeyStore, KeySourceError> {
        KeyStore::with_ca(url, None)
    }

    /// The same; with `ca` (PEM), that authority alone is believed of the portal's certificate.
    pub(crate) fn with_ca(url: &str, ca: Option<&[u8]>) -> Result<KeyStore, KeySourceError> {
        // The connection that follows the portal is kept, whoever else wants one there.
        let mut http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(IDLE)
            .tcp_nodelay(true);
        if let Some(ca) = ca {
            let ca = reqwest::Certificate::from_pem_bundle(ca).map_err(KeySourceError::Client)?;
            http = http.tls_certs_only(ca);
        }
        let http = http.build().map_err(KeySourceError::Client)?;
        Ok(KeyStore::of(Some(Portal { url: url.to_owned(), http, last: Mutex::default() })))
    }

    fn of(portal: Option<Portal>) -> KeyStore {
        KeyStore {
            known: RwLock::default(),
            revocations: RwLock::default(),
            owners: Owners::default(),
            version: AtomicI64::new(0),
            generation: AtomicU64::new(0),
            portal,
        }
    }

    /// The key of that name; `None` when the portal does not publish it.
    pub(crate) async fn find(&self, kid: &str) -> Result<Option<DecodingKey>, NoKeys> {
        if let Some(key) = self.known(kid) {
            return Ok(Some(key));
        }
        let Some(portal) = &self.portal else { return Ok(None) };
        let mut last = portal.last.lock().await;
        // Whoever held the lock may have fetched it.
        if let Some(key) = self.known(kid) {
            return Ok(Some(key));
        }
        if !last.is_some_and(Attempt::is_recent) {
            *last = Some(self.fetch(portal).await);
        }
        drop(last);
        match self.known(kid) {
            Some(key) => Ok(Some(key)),
            None if self.was_never_told() => Err(NoKeys),
            None => Ok(None),
        }
    }

    /// Another number whenever the keys have changed: what was verified under the number before is to be verified anew.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Whether a token of `subject` made in the second `issued_at` is revoked.
    pub(crate) fn has_revoked(&self, subject: &str, issued_at: i64) -> bool {
        self.revocations.read().unwrap_or_else(PoisonError::into_inner).contain(subject, issued_at)
    }

    /// Who answers for which client, as far as the portal has said.
    pub(crate) fn owners(&self) -> &Owners {
        &self.owners
    }

    fn known(&self, kid: &str) -> Option<DecodingKey> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).keys.get(kid).cloned()
    }

    fn was_never_told(&self) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).published.is_none()
    }

    /// Takes what the portal publishes: its keys in place of those that were known, its revocations beside them.
    pub(crate) fn learn(&self, feed: &TokenFeed) {
        let now = jiff::Timestamp::now().as_second();
        self.revocations.write().unwrap_or_else(PoisonError::into_inner).learn(&feed.revoked, now);
        // An answer that comes late says what was.
        if self.version.fetch_max(feed.version, Ordering::AcqRel) <= feed.version {
            self.owners.replace(&feed.owners);
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.published.as_ref() != Some(&feed.keys) {
            *known = Known { keys: usable(&feed.keys), published: Some(feed.keys.clone()) };
            tracing::debug!(keys = ?known, "the portal's keys are others now");
            // While the keys are locked: whoever sees the new number sees the new keys.
            self.generation.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Asks the portal at once; what is known stays when it is away.
    async fn fetch(&self, portal: &Portal) -> Attempt {
        let fetched = portal.get(0, FETCH_PATIENCE).await;
        let failed = fetched.is_err();
        match fetched {
            Ok(feed) => self.learn(&feed),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(url = portal.url, error, "the portal's keys could not be fetched");
            }
        }
        Attempt { ended: Instant::now(), failed }
    }
}

impl Portal {
    /// What it publishes, once that is another version than `after`.
    async fn get(&self, after: i64, patience: Duration) -> Result<TokenFeed, FetchError> {
        let request = self.http.get(&self.url).query(&[("after", after)]).timeout(patience);
        let mut answer = request.send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > LARGEST_FEED {
                return Err(FetchError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(serde_json::from_slice(&body)?)
    }
}

fn usable(set: &JwkSet) -> HashMap<String, DecodingKey> {
    set.keys.iter().filter_map(|jwk| Some((jwk.kid.clone(), jwk.decoding_key()?))).collect()
}

#[cfg(test)]
mod tests;

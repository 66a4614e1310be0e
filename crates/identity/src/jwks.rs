//! The portal's public keys, as the services hold them: fetched when needed, refreshed behind requests, and kept while
//! the portal is away.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use thiserror::Error;
use tokio::sync::Mutex;

use crate::jwk::JwkSet;

/// An unknown key name asks the portal again, but not more often than this.
const REFETCH_AFTER: Duration = Duration::from_secs(5);
/// After a fetch that failed the next one comes sooner, so that a portal that starts last is soon found.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Known keys are fetched anew at this age, so that a retired key is forgotten.
const REFRESH_AFTER: Duration = Duration::from_mins(5);
const FETCH_PATIENCE: Duration = Duration::from_secs(2);
/// A key takes about 200 bytes: this is room for 300.
const LARGEST_SET: usize = 64 * 1024;

/// Why keys cannot be fetched at all.
#[derive(Debug, Error)]
#[error("no HTTP client for the portal's keys")]
pub struct KeySourceError(#[source] reqwest::Error);

/// No key is known and the portal does not give any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoKeys;

/// The keys that are known, and where to ask for more.
#[derive(Debug)]
pub(crate) struct KeyStore {
    known: RwLock<Known>,
    /// `None` when the keys are fixed.
    portal: Option<Portal>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, DecodingKey>,
    /// When they were last had from the portal.
    fetched: Option<Instant>,
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
    /// Held while a fetch runs, so that there is one at a time; when the last one ended, and how.
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
        let known = Known { keys: usable(set), fetched: None };
        KeyStore { known: RwLock::new(known), portal: None }
    }

    /// The keys that the portal publishes at `url`.
    pub(crate) fn at(url: &str) -> Result<KeyStore, KeySourceError> {
        let http = reqwest::Client::builder()
            .timeout(FETCH_PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(KeySourceError)?;
        let portal = Portal { url: url.to_owned(), http, last: Mutex::default() };
        Ok(KeyStore { known: RwLock::default(), portal: Some(portal) })
    }

    /// The key of that name; `None` when the portal does not publish it.
    pub(crate) async fn find(self: &Arc<KeyStore>, kid: &str) -> Result<Option<DecodingKey>, NoKeys> {
        if let Some(key) = self.known(kid) {
            self.refresh_behind();
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
            None if self.age().is_none() => Err(NoKeys),
            None => Ok(None),
        }
    }

    fn known(&self, kid: &str) -> Option<DecodingKey> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).keys.get(kid).cloned()
    }

    /// How long ago the keys were had from the portal; `None` if never.
    fn age(&self) -> Option<Duration> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.fetched.map(|fetched| fetched.elapsed())
    }

    /// Fetches keys that have grown old, while requests go on with what is known.
    fn refresh_behind(self: &Arc<KeyStore>) {
        let old = self.age().is_some_and(|age| age > REFRESH_AFTER);
        let Some(portal) = self.portal.as_ref().filter(|_| old) else { return };
        // Cheap to ask here, and asked again by the task.
        if portal.last.try_lock().is_ok_and(|last| !last.is_some_and(Attempt::is_recent)) {
            let store = Arc::clone(self);
            tokio::spawn(async move { store.refresh().await });
        }
    }

    async fn refresh(&self) {
        let Some(portal) = &self.portal else { return };
        let Ok(mut last) = portal.last.try_lock() else { return };
        if !last.is_some_and(Attempt::is_recent) {
            *last = Some(self.fetch(portal).await);
        }
    }

    /// Replaces what is known by what the portal publishes; keeps it when the portal is away.
    async fn fetch(&self, portal: &Portal) -> Attempt {
        let fetched = portal.get().await;
        let failed = fetched.is_err();
        match fetched {
            Ok(set) => {
                let known = Known { keys: usable(&set), fetched: Some(Instant::now()) };
                tracing::debug!(keys = ?known, "fetched the portal's keys");
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(url = portal.url, error, "the portal's keys could not be fetched");
            }
        }
        Attempt { ended: Instant::now(), failed }
    }
}

impl Portal {
    async fn get(&self) -> Result<JwkSet, FetchError> {
        let mut answer = self.http.get(&self.url).send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > LARGEST_SET {
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

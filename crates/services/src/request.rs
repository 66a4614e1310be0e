//! Who asks, and in which request: what every change carries into the ledger and the audit.

use std::net::IpAddr;
use std::sync::Arc;

use identity::Caller;
use sha2::{Digest, Sha256};

/// Who makes a change: a user, a program, or the operator's command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The token's subject; `None` for the command line.
    pub user_id: Option<Arc<str>>,
    /// The name shown to people.
    pub name: Arc<str>,
}

impl Actor {
    /// The caller as an actor.
    pub(crate) fn of(caller: &Caller) -> Actor {
        Actor { user_id: Some(Arc::clone(caller.user_id())), name: Arc::clone(caller.username()) }
    }
}

/// The request that a change was made in.
#[derive(Debug, Clone, Default)]
pub struct RequestContext {
    /// Its id, for the audit and the log.
    pub request_id: Option<String>,
    /// The id that the server made for it, where the client chose `request_id`.
    pub server_request_id: Option<String>,
    /// Its path, for problems.
    pub path: Option<String>,
    /// The address it came from.
    pub ip: Option<IpAddr>,
    /// The key under which its first answer is kept.
    pub idempotency: Option<IdempotencyKey>,
}

/// A caller's key for one request, and a digest of that request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Whose key it is.
    pub caller: String,
    /// 1 to 255 characters.
    pub key: String,
    /// SHA-256 of method, path and body.
    pub request_hash: [u8; 32],
}

impl IdempotencyKey {
    /// The key for a request of `caller`.
    pub fn new(caller: &str, key: &str, method: &str, path: &str, body: &[u8]) -> IdempotencyKey {
        let mut hash = Sha256::new();
        for part in [method.as_bytes(), path.as_bytes()] {
            hash.update(part);
            hash.update([0]);
        }
        hash.update(body);
        IdempotencyKey {
            caller: caller.to_owned(),
            key: key.to_owned(),
            request_hash: hash.finalize().into(),
        }
    }

    /// The number under which the database locks this key while its first request runs. Two keys that share a
    /// number by chance (1 in 2^64) only make one of them wait.
    pub(crate) fn lock_number(&self) -> i64 {
        let mut hash = Sha256::new();
        hash.update(self.caller.as_bytes());
        hash.update([0]);
        hash.update(self.key.as_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        i64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

/// What `If-Match` asks for: that the thing is still at one of these versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: any version, as long as it exists.
    Any,
    /// These entity tags, quotes included.
    Tags(Vec<String>),
}

impl IfMatch {
    /// Reads the header's value.
    pub fn parse(value: &str) -> IfMatch {
        match value.trim() {
            "*" => IfMatch::Any,
            tags => IfMatch::Tags(tags.split(',').map(|tag| tag.trim().to_owned()).collect()),
        }
    }

    /// Whether `version` is asked for. Weak tags never match (RFC 9110 §13.1.1).
    pub(crate) fn admits(&self, version: i64) -> bool {
        match self {
            IfMatch::Any => true,
            IfMatch::Tags(tags) => tags.contains(&crate::answer::etag(version)),
        }
    }
}

/// Refuses a change of something that is not at the version the client has read.
///
/// # Errors
/// [`Error::Stale`](crate::error::Error::Stale).
pub(crate) fn require_version(if_match: Option<&IfMatch>, version: i64) -> Result<(), crate::error::Error> {
    match if_match {
        Some(asked) if !asked.admits(version) => Err(crate::error::Error::Stale),
        _ => Ok(()),
    }
}

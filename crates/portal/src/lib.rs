//! The portal for people: sign-in, tokens, and the pages for stock, orders, catalogue, audit and administration. Owner of
//! the `portal_*` tables.
//!
//! Stock and orders are reached only through the services' HTTP API with the signed-in user's own token
//! (`upstream`); this crate has no SQL for them.

pub mod accounts;
mod audit;
mod audit_entries;
mod chart;
mod client_uses;
pub mod clients;
mod collation;
mod directory;
mod error;
mod feed;
#[cfg(test)]
mod fuzz;
mod http;
pub mod keys;
mod migrations;
mod pages;
mod print;
pub mod resealing;
mod revocations;
mod sealed;
mod secrets;
mod table;
mod tokens;
mod upstream;
pub mod verify;
mod words;

use std::sync::Arc;
use std::time::Duration;

use client::Patience;
use platform::pg::Database;
use policy::Authorizer;
use tokio_util::sync::CancellationToken;

use accounts::hashing::Hashing;
use feed::{Feed, Published};
use http::streams::Streams;
use tokens::Minter;

pub use audit::By;
pub use error::Error;
pub use migrations::{ROLES, SCHEMA, migrations};
pub use sealed::AUDIT;
pub use secrets::{KeyEncryptionKey, SealedUnder, Sealer};
pub use tokens::mint_for;

/// How the portal behaves.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the services are, as in `http://127.0.0.1:8001`.
    pub services_url: String,
    /// The certificates (PEM) of the authority to believe for the services, and no other; `None` for the system's.
    pub services_ca: Option<Vec<u8>>,
    /// Who makes the tokens: their `iss`. The services are told the same word.
    pub issuer: String,
    /// Whether cookies are sent over TLS alone. Off only for plain http on loopback.
    pub cookie_secure: bool,
    /// Seals the secrets in the portal's tables.
    pub key_encryption_key: KeyEncryptionKey,
    /// Whether Admins need a second factor, whatever their group says.
    pub admin_second_factor: bool,
    /// For how long sessions hold.
    pub sessions: accounts::sessions::Limits,
    /// How long to wait for the services. A page must come within 2 s, so less than that in all.
    pub patience: Patience,
}

/// For whom the portal makes tokens.
pub const AUDIENCE: &str = "quartermaster";

/// The portal, ready to serve.
#[derive(Debug, Clone)]
pub struct Portal {
    pub(crate) shared: Arc<Shared>,
}

/// What the handlers work with.
#[derive(Debug)]
pub(crate) struct Shared {
    pub config: Config,
    pub database: Database,
    pub feed: Feed,
    pub sealer: Sealer,
    pub upstream: upstream::Upstream,
    pub authorizer: Arc<Authorizer>,
    pub hashing: Arc<Hashing>,
    pub streams: Arc<Streams>,
}

impl Shared {
    /// Who signs tokens with the keys of this version.
    pub(crate) fn minter<'a>(&'a self, published: &'a Published) -> Minter<'a> {
        Minter { issuer: &self.config.issuer, published }
    }
}

impl Portal {
    /// Loads the signing keys, making the first one where there is none. The `authorizer` has the services' policies: it
    /// decides what pages offer.
    ///
    /// # Errors
    /// When the database is away or was not migrated, or the keys are encrypted under another key.
    pub async fn build(
        config: Config,
        database: Database,
        authorizer: Arc<Authorizer>,
    ) -> Result<Portal, Error> {
        keys::ensure_one(&database, &config.key_encryption_key).await?;
        let feed = Feed::of(Published::load(&database, &config.key_encryption_key).await?);
        let upstream = upstream::Upstream::new(&config)?;
        let sealer = Sealer::new(&config.key_encryption_key)?;
        authorizer.know_owners(feed.owners().clone());
        let hashing = Arc::new(Hashing::new());
        let streams = Arc::default();
        let shared = Shared { config, database, feed, sealer, upstream, authorizer, hashing, streams };
        Ok(Portal { shared: Arc::new(shared) })
    }

    /// Follows changes of keys and revocations, and clears away what has ended, until `stop`.
    pub async fn keep_house(&self, stop: CancellationToken) {
        let Shared { config, database, feed, .. } = self.shared.as_ref();
        tokio::join!(
            feed.follow(database, &config.key_encryption_key, stop.clone()),
            self.clear_away(stop.clone())
        );
    }

    /// Now and every hour.
    async fn clear_away(&self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(Duration::from_secs(3_600));
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = self.tidy().await {
                tracing::warn!(%error, "what has ended could not be removed; tried again later");
            }
        }
    }

    async fn tidy(&self) -> Result<(), Error> {
        self.shared.upstream.purge(jiff::Timestamp::now());
        let database = &self.shared.database;
        accounts::sessions::purge(database, self.shared.config.sessions).await?;
        accounts::throttle::purge(database).await?;
        accounts::devices::purge(database).await?;
        client_uses::settle(database).await?;
        revocations::purge(database).await?;
        keys::retire_ended(database).await
    }

    /// The portal's HTTP surface.
    pub fn router(&self) -> axum::Router {
        http::router::router(Arc::clone(&self.shared))
    }
}

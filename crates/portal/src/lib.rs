//! The portal for people: sign-in, tokens, dashboard. Owner of the `portal_*` tables.
//!
//! Stock and orders are reached only through the services' HTTP API with the signed-in user's own token
//! (`upstream`); this crate has no SQL for them.

pub mod accounts;
mod audit;
mod error;
mod http;
mod migrations;
mod pages;
mod sealed;
mod secrets;
mod tokens;
mod upstream;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use client::Patience;
use platform::pg::Database;
use tokio_util::sync::CancellationToken;

pub use audit::By;
pub use error::Error;
pub use migrations::{ROLES, migrations};
pub use sealed::AUDIT;
pub use secrets::{KeyEncryptionKey, Sealer};
pub use tokens::{Keys, mint_for};

/// How the portal behaves.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the services are, as in `http://127.0.0.1:8001`.
    pub services_url: String,
    /// Who makes the tokens: their `iss`. The services are told the same word.
    pub issuer: String,
    /// Whether cookies are sent over TLS alone. Off only for plain http on loopback.
    pub cookie_secure: bool,
    /// Seals the secrets in the portal's tables.
    pub key_encryption_key: KeyEncryptionKey,
    /// Proxies of the company's, whose word for where a request is from is taken.
    pub trusted_proxies: Vec<IpAddr>,
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
    pub keys: Keys,
    pub sealer: Sealer,
    pub upstream: upstream::Upstream,
}

impl Portal {
    /// Loads the signing keys, making the first one where there is none.
    ///
    /// # Errors
    /// When the database is away or was not migrated.
    pub async fn build(config: Config, database: Database) -> Result<Portal, Error> {
        let keys = Keys::load(&database).await?;
        let upstream = upstream::Upstream::new(&config.services_url, config.patience)?;
        let sealer = Sealer::new(&config.key_encryption_key)?;
        Ok(Portal { shared: Arc::new(Shared { config, database, keys, sealer, upstream }) })
    }

    /// Removes what has ended by itself, now and every hour, until `stop`: sessions, guesses, devices.
    pub async fn keep_house(&self, stop: CancellationToken) {
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
        let database = &self.shared.database;
        accounts::sessions::purge(database, self.shared.config.sessions).await?;
        accounts::throttle::purge(database).await?;
        accounts::devices::purge(database).await?;
        Ok(())
    }

    /// The portal's HTTP surface.
    pub fn router(&self) -> axum::Router {
        http::router::router(Arc::clone(&self.shared))
    }
}

//! The services as the portal's pages need them: asked with the user's own token, and when they do not answer, what they
//! last said, so that a page is never empty because of a bad line.

use std::any::Any;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use client::{ClientError, Services};
use jiff::Timestamp;
use quick_cache::sync::Cache;

use crate::Config;

/// How many answers are kept, over all users. A page of a list is some tens of kilobytes.
const REMEMBERED: usize = 2_000;

/// An answer, and when it came.
type Answer = (Timestamp, Arc<dyn Any + Send + Sync>);

/// The services, with what they last said to each user.
pub(crate) struct Upstream {
    services: Services,
    patience: Duration,
    last: Cache<(i64, String), Answer>,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream").field("services", &self.services).finish_non_exhaustive()
    }
}

impl Upstream {
    pub(crate) fn new(config: &Config) -> Result<Upstream, ClientError> {
        let services = Services::at(&config.services_url, config.patience, config.services_ca.as_deref())?;
        Ok(Upstream { services, patience: config.patience.in_all, last: Cache::new(REMEMBERED) })
    }

    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    /// The answer, if it comes before a page has waited long enough, however many calls it takes.
    pub(crate) async fn in_time<T>(
        &self,
        asked: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, ClientError> {
        tokio::time::timeout(self.patience, asked).await.unwrap_or(Err(ClientError::NoAnswer(None)))
    }

    /// Keeps what the services said to a user under that name.
    pub(crate) fn remember<T: Any + Send + Sync>(&self, user_id: i64, name: String, value: T) -> Arc<T> {
        let value = Arc::new(value);
        let kept: Arc<dyn Any + Send + Sync> = Arc::clone(&value) as _;
        self.last.insert((user_id, name), (Timestamp::now(), kept));
        value
    }

    /// What they last said to the user under that name, and when.
    pub(crate) fn recall<T: Any + Send + Sync>(
        &self,
        user_id: i64,
        name: String,
    ) -> Option<(Timestamp, Arc<T>)> {
        let (at, value) = self.last.get(&(user_id, name))?;
        Some((at, value.downcast().ok()?))
    }
}

//! Following the portal: one request is always waiting there, and is answered as soon as a key or a revocation changes.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::{KeySourceError, KeyStore};

/// Longer than the portal lets a request wait (20 s).
const PATIENCE: Duration = Duration::from_secs(25);
/// Between two requests, so that a portal which answers at once whatever it is asked is not asked without end.
const PAUSE: Duration = Duration::from_millis(100);
/// Between two requests while the portal is away.
const PAUSE_WHILE_AWAY: Duration = Duration::from_millis(500);

/// The task that follows the portal; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Following(JoinHandle<()>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl KeyStore {
    /// Follows the portal from now on.
    ///
    /// # Errors
    /// When there is no runtime to do it in.
    pub(crate) fn follow(self: &Arc<KeyStore>) -> Result<Following, KeySourceError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(KeySourceError::NoRuntime)?;
        let store = Arc::clone(self);
        Ok(Following(runtime.spawn(async move { store.keep_up().await })))
    }

    async fn keep_up(&self) {
        let Some(portal) = &self.portal else { return };
        let (mut after, mut away) = (0, false);
        loop {
            match portal.get(after, PATIENCE).await {
                Ok(feed) => {
                    if std::mem::take(&mut away) {
                        tracing::info!(url = portal.url, "the portal is back");
                    }
                    after = feed.version;
                    self.learn(&feed);
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => {
                    if !std::mem::replace(&mut away, true) {
                        let error: &dyn std::error::Error = &error;
                        tracing::warn!(
                            url = portal.url,
                            error,
                            "the portal is away: its last known keys and revocations hold until it is back"
                        );
                    }
                    tokio::time::sleep(PAUSE_WHILE_AWAY).await;
                }
            }
        }
    }
}

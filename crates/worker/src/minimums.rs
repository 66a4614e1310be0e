//! Bringing the items' minimums to their stock levels.

use std::time::Duration;

use platform::pg::Database;
use tokio_util::sync::CancellationToken;

/// How often it is looked for what is new.
const EVERY: Duration = Duration::from_secs(2);
/// The pause between two transactions while there is more, so that requests go first.
const PAUSE: Duration = Duration::from_millis(5);

/// Works until `stop`.
pub(crate) async fn keep_bringing(database: Database, stop: CancellationToken) {
    loop {
        let wait = match services::minimums::bring(&database).await {
            Ok(true) => PAUSE,
            Ok(false) => EVERY,
            Err(error) => {
                tracing::warn!(%error, "minimums could not be brought to stock levels; tried again later");
                EVERY
            }
        };
        if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
            return;
        }
    }
}

//! Keeping the totals that reports are made of.

use std::time::{Duration, Instant};

use platform::pg::{Database, PgError};
use services::totals::{Keeper, Step};
use tokio_util::sync::CancellationToken;

/// How often the ledger is looked at for what is new.
const EVERY: Duration = Duration::from_secs(2);
/// How soon after transactions that ran are asked for again.
const SOON: Duration = Duration::from_millis(200);
/// How old the counts of stock levels may become at least, and longer where counting takes long.
const COUNTED_EVERY: Duration = Duration::from_secs(10);
/// Counting takes at most one part in so many of the time.
const SHARE: u32 = 20;

/// Works until `stop`. Any number of workers may: one at a time adds and counts.
pub(crate) async fn keep(database: Database, stop: CancellationToken) {
    let keeper = Keeper::new(database);
    let mut counting = COUNTED_EVERY;
    loop {
        let wait = match work(&keeper, &mut counting).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::warn!(%error, "the totals could not be kept; tried again later");
                EVERY
            }
        };
        if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
            return;
        }
    }
}

/// One step and, when it is time, a count; gives how long to wait then.
async fn work(keeper: &Keeper, counting: &mut Duration) -> Result<Duration, PgError> {
    let step = keeper.step().await?;
    let begun = Instant::now();
    if keeper.count(*counting).await? {
        *counting = (begun.elapsed() * SHARE).max(COUNTED_EVERY);
    }
    Ok(match step {
        Step::More => Duration::ZERO,
        Step::Waiting => SOON,
        Step::UpToDate => EVERY,
    })
}

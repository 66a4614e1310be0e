//! What runs beside the requests: forgetting what is kept for a time only, keeping the totals of reports, bringing
//! minimums to stock levels, and sealing the audits.

mod minimums;
mod push;
mod seals;
mod totals;

use std::time::Duration;

use platform::pg::{Database, PgError};
use tokio_util::sync::CancellationToken;

pub use push::{PushError, push};
pub use seals::{Audited, Sealing};

/// How the worker behaves.
#[derive(Debug)]
pub struct Config {
    /// How long answers are kept under their Idempotency-Key.
    pub idempotency_retention: Duration,
    /// How the audits are sealed; `None` where they are not.
    pub sealing: Option<Sealing>,
}

/// How often the worker looks for what is to be forgotten.
const EVERY: Duration = Duration::from_secs(600);
/// How many rows one transaction removes, so that none runs for long.
const AT_ONCE: u32 = 5_000;

/// Works until `stop`. Any number of workers may run: what one removed, the others do not find, and what one sealed, the
/// others do not seal again.
pub async fn run(database: Database, config: Config, stop: CancellationToken) {
    let Config { idempotency_retention, sealing } = config;
    let forgetting = keep_forgetting(database.clone(), idempotency_retention, stop.clone());
    let totals = totals::keep(database.clone(), stop.clone());
    let minimums = minimums::keep_bringing(database, stop.clone());
    let sealing = async {
        if let Some(sealing) = sealing {
            seals::keep_sealing(sealing, stop).await;
        }
    };
    tokio::join!(forgetting, totals, minimums, sealing);
}

async fn keep_forgetting(database: Database, retention: Duration, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        match forget_answers(&database, retention, &stop).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "old answers were forgotten"),
            Err(error) => tracing::warn!(%error, "old answers could not be forgotten; tried again later"),
        }
    }
}

async fn forget_answers(
    database: &Database,
    retention: Duration,
    stop: &CancellationToken,
) -> Result<u64, PgError> {
    let mut forgotten = 0;
    while !stop.is_cancelled() {
        let removed = services::retention::purge_idempotency_keys(database, retention, AT_ONCE).await?;
        forgotten += removed;
        if removed < u64::from(AT_ONCE) {
            break;
        }
    }
    Ok(forgotten)
}

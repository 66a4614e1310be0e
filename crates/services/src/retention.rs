//! What is kept for a time only.

use std::time::Duration;

use jiff::Timestamp;
use platform::pg::{Database, PgError};

use crate::store::idempotency;

/// Forgets at most `limit` answers kept under Idempotency-Keys that are older than `age`; says how many.
///
/// # Errors
/// When the database refuses or is away.
pub async fn purge_idempotency_keys(database: &Database, age: Duration, limit: u32) -> Result<u64, PgError> {
    // An age that leads out of time itself keeps everything.
    let before = Timestamp::now().checked_sub(age).unwrap_or(Timestamp::MIN);
    idempotency::delete_before(&*database.get().await?, before, i64::from(limit)).await
}

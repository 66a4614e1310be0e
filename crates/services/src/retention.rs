//! What is kept for a time only.

use jiff::Timestamp;
use platform::pg::{Database, PgError};

use crate::store::idempotency;

/// Forgets at most `limit` answers kept under Idempotency-Keys that were given before `before`; says how many.
///
/// # Errors
/// When the database refuses or is away.
pub async fn purge_idempotency_keys(
    database: &Database,
    before: Timestamp,
    limit: u32,
) -> Result<u64, PgError> {
    idempotency::delete_before(&*database.get().await?, before, i64::from(limit)).await
}

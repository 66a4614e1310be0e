//! Revoking tokens before their time. Tokens say the second they were made in, so a revocation names a second too:
//! every token of the subject made in it or before is refused, and none is made in it afterwards.
//!
//! Two rules make that exact. Whoever mints holds a shared lock on the subject while it reads what the token will say;
//! whoever revokes holds the lock alone until its change is committed. So what was read before the change was minted
//! in the second of the revocation or before. And all seconds are of one clock, the database's.

use std::collections::HashMap;

use identity::TOKEN_REACH;
use platform::pg::{Database, PgError, Transaction};
use platform::statement;

use crate::error::Error;

statement! {
    /// Held while a token is made; `$1` is its subject.
    LOCK_SHARED: "portal" = "select pg_advisory_xact_lock_shared(hashtextextended('portal tokens of ' || $1, 0))";
    /// Held while tokens are revoked; the same lock.
    LOCK_ALONE: "portal" = "select pg_advisory_xact_lock(hashtextextended('portal tokens of ' || $1, 0))";
    /// Revokes what was made until now. A token made after the revocation before may say the second that follows it, so
    /// this one's second is later than the last one's.
    REVOKE: "portal" = "
        insert into portal_revocations as known (subject, revoked_at)
        values ($1, date_trunc('second', clock_timestamp()))
        on conflict (subject) do update
        set revoked_at = greatest(excluded.revoked_at, known.revoked_at + interval '1 second')";
    /// The revocations whose tokens may still live.
    LIVE: "portal" = "
        select subject, extract(epoch from revoked_at)::bigint from portal_revocations
        where revoked_at >= now() - make_interval(secs => $1)";
    /// Forgets the others.
    PURGE: "portal" = "
        delete from portal_revocations where revoked_at < now() - make_interval(secs => $1)";
}

/// Keeps the subject's tokens from being revoked until the transaction ends. The statement that reads what the token
/// will say comes after it.
pub(crate) async fn hold_off(transaction: &Transaction, subject: &str) -> Result<(), PgError> {
    transaction.query(&LOCK_SHARED, &[&subject]).await?;
    Ok(())
}

/// Revokes every token of the subject, in the transaction of the change that calls for it. Nothing but COMMIT should
/// follow soon: until then nobody gets a token for the subject.
pub(crate) async fn revoke(transaction: &Transaction, subject: &str) -> Result<(), PgError> {
    transaction.query(&LOCK_ALONE, &[&subject]).await?;
    transaction.execute(&REVOKE, &[&subject]).await?;
    Ok(())
}

/// By subject, the second of its revocation.
pub(crate) async fn live(transaction: &Transaction) -> Result<HashMap<String, i64>, PgError> {
    let rows = transaction.query(&LIVE, &[&reach()]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Forgets revocations whose tokens have all ended.
pub(crate) async fn purge(database: &Database) -> Result<(), Error> {
    database.get().await?.execute(&PURGE, &[&reach()]).await?;
    Ok(())
}

fn reach() -> f64 {
    // A minute more: those who follow forget by their own clocks.
    f64::from(i32::try_from(TOKEN_REACH + 60).unwrap_or(i32::MAX))
}

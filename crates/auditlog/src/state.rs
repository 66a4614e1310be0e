//! How far an audit is sealed, for health pages.

use jiff::Timestamp;
use platform::pg::Queries;
use seal::{Seal, Signed};

use crate::error::AuditError;
use crate::log::Log;
use crate::row;

/// How far an audit is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealState {
    /// The number of the newest seal and when it was made; `None` before the first.
    pub last: Option<(i64, Timestamp)>,
    /// How many ids were given out since: as many entries at most wait for their seal.
    pub lag: i64,
}

/// How far an audit is sealed. It costs the same however large the audit is.
///
/// # Errors
/// When the database is away, or the newest seal was made unreadable.
pub async fn state(conn: &Queries, log: &'static Log) -> Result<SealState, AuditError> {
    let row = conn.query_one(log.statements.sequence, &[]).await?;
    let given_out: i64 = row.get(0);
    let last = last_seal(conn, log).await?.map(|signed| signed.statement);
    Ok(SealState {
        lag: (given_out - last.as_ref().map_or(0, |seal| seal.through)).max(0),
        last: last.and_then(|seal| Some((seal.number, seal.at.timestamp()?))),
    })
}

/// The newest seal of an audit.
///
/// # Errors
/// When the database is away, or the seal was made unreadable.
pub async fn last_seal(conn: &Queries, log: &'static Log) -> Result<Option<Signed<Seal>>, AuditError> {
    let Some(row) = conn.query_opt(log.statements.last_seal, &[]).await? else { return Ok(None) };
    let seal = row::seal(log.name, &row)?;
    let unreadable = || AuditError::UnreadableSeal { log: log.name, number: row.get(0) };
    Ok(Some(seal.ok_or_else(unreadable)?))
}

/// Seals after a number, so many at most, each with the bytes of its leaves; `None` for one that cannot be read.
pub(crate) async fn seals_after(
    conn: &Queries,
    log: &Log,
    number: i64,
    most: i64,
) -> Result<Vec<(i64, Option<Signed<Seal>>, i64)>, AuditError> {
    let rows = conn.query(log.statements.seals, &[&number, &most]).await?;
    let read = |row: &platform::pg::Row| {
        let bytes: Option<i32> = row.try_get(9).map_err(platform::pg::PgError::from)?;
        Ok((row.get(0), row::seal(log.name, row)?, i64::from(bytes.unwrap_or_default())))
    };
    rows.iter().map(read).collect()
}

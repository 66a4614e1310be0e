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
    /// How many seconds an entry has been waiting for its seal, where that is longer than a minute: while it waits, who
    /// runs the database can alter it unseen. Never before the first seal.
    pub late: Option<i64>,
}

/// After how many seconds an entry that waits is late.
const PATIENCE: i64 = 60;

/// How far an audit is sealed. It costs the same however large the audit is.
///
/// # Errors
/// When the database is away, or the newest seal was made unreadable.
pub async fn state(conn: &Queries, log: &'static Log) -> Result<SealState, AuditError> {
    let row = conn.query_one(log.statements.sequence, &[]).await?;
    let given_out: i64 = row.get(0);
    let last = last_seal(conn, log).await?.map(|signed| signed.statement);
    let lag = (given_out - last.as_ref().map_or(0, |seal| seal.through)).max(0);
    let late = match &last {
        Some(seal) if lag > 0 => waited(conn, log, seal.through).await?,
        _ => None,
    };
    Ok(SealState { lag, late, last: last.and_then(|seal| Some((seal.number, seal.at.timestamp()?))) })
}

/// For how many seconds the next entry beyond an id has been waiting, where that is too long.
async fn waited(conn: &Queries, log: &Log, through: i64) -> Result<Option<i64>, AuditError> {
    let row = conn.query_one(log.statements.waiting, &[&through]).await?;
    let (oldest, now) = (row::instant(&row, 0)?, row::instant(&row, 1)?);
    let seconds = oldest.zip(now).map_or(0, |(oldest, now)| now.0.saturating_sub(oldest.0) / 1_000_000);
    Ok((seconds > PATIENCE).then_some(seconds))
}

/// What an operator should look at in how an audit is sealed.
///
/// # Errors
/// As [`state`].
pub async fn warning(conn: &Queries, log: &'static Log) -> Result<Option<String>, AuditError> {
    let late = state(conn, log).await?.late;
    Ok(late.map(|seconds| {
        format!("seals: entries of the audit have been waiting for {seconds} s, and can be altered unseen")
    }))
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

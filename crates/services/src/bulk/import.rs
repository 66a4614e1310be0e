//! The way of every import: read the file, write in one transaction, commit only if that is wanted.
//!
//! The file is read as a stream. Counts and orders, which must be posted in another order than the file's, are sorted
//! in the database; so however large the file is, little of it is held here.

use std::sync::atomic::{AtomicU64, Ordering};

use platform::pg::{Database, Dedicated, PgError};

use super::faults::Faults;
use super::table::{Row, TableFile, write_rejects};
use super::work::{Work, Written, actor};
use super::{BadRow, BulkError, Import, Kind, Progress, Report, SHOWN, branches, items, orders, stock};
use crate::request::RequestContext;
use crate::store::stock as levels;

/// What an import's writing connection asks of the server: plans made once, as for posting; a statement of a large
/// file may run long, and waits for those that post at the same time.
const SETTINGS: &[(&str, &str)] =
    &[("plan_cache_mode", "force_generic_plan"), ("statement_timeout", "0"), ("lock_timeout", "60s")];
/// What the connections ask that keep the file's rows and faults: they wait while others write.
pub(super) const STAGING_SETTINGS: &[(&str, &str)] =
    &[("statement_timeout", "0"), ("idle_in_transaction_session_timeout", "0"), ("work_mem", "64MB")];
/// How often an import is tried when it collides with postings.
const TRIES: u32 = 4;

/// Imports a file; `progress` is told as rows are done. Nothing is written when the report says so, or on an error.
///
/// # Errors
/// [`BulkError`] when the file as a whole cannot be read, or the database refuses.
pub async fn import(
    database: &Database,
    import: &Import<'_>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, BulkError> {
    let file = TableFile::new(import.file, import.format, import.kind.columns())?;
    let mut tries = 0;
    loop {
        tries += 1;
        match attempt(database, import, &file, progress).await {
            Err(BulkError::Database(error)) if collided(&error) && tries < TRIES => {
                tracing::debug!(tries, "the import collided and is tried again");
            }
            done => return done,
        }
    }
}

/// Another transaction was in the way: the same import, run again, sees what that one did.
fn collided(error: &PgError) -> bool {
    error.is_retryable() || error.constraint().is_some()
}

/// The whole of it, once.
async fn attempt(
    database: &Database,
    import: &Import<'_>,
    file: &TableFile<'_>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, BulkError> {
    let mut faults = Faults::new(database, import.kind.columns());
    let staged = Staged::read(database, import.kind, file, &mut faults).await?;
    let conn = database.dedicated("services", SETTINGS).await?;
    let done = Counter { done: AtomicU64::new(0), of: staged.rows, tell: progress };
    let (mut written, bad, committed) = write(&conn, import, &staged, &mut faults, &done).await?;
    written.changes.sort_by_key(|change| change.line);
    Ok(Report {
        rows: staged.rows,
        created: written.created,
        changed: written.changed,
        unchanged: written.unchanged,
        bad,
        faults: faults.told(),
        bad_rows: faults.rows(),
        written: committed,
        changes: written.changes,
    })
}

/// A file that was read once: its faults are known as far as each row shows them by itself.
pub(super) struct Staged<'f> {
    file: &'f TableFile<'f>,
    kind: Kind,
    /// Holds the rows that are to be sorted, in a transaction that is never committed.
    conn: Dedicated,
    rows: u64,
}

impl<'f> Staged<'f> {
    async fn read(
        database: &Database,
        kind: Kind,
        file: &'f TableFile<'f>,
        faults: &mut Faults<'_>,
    ) -> Result<Staged<'f>, BulkError> {
        let conn = database.dedicated("services", STAGING_SETTINGS).await?;
        conn.begin().await?;
        let mut table = file.read()?;
        let rows = match kind {
            Kind::Stock => stock::stage(&conn, &mut table, faults).await?,
            Kind::Orders => orders::stage(&conn, &mut table, faults).await?,
            Kind::Branches | Kind::Items => {
                let (mut row, mut rows) = (Row::default(), 0);
                while table.next(&mut row)? {
                    rows += 1;
                }
                rows
            }
        };
        Ok(Staged { file, kind, conn, rows })
    }

    /// Writes the rows but those left out.
    async fn write(&self, work: &Work<'_>, faults: &mut Faults<'_>) -> Result<Written, BulkError> {
        match self.kind {
            Kind::Branches => branches::write(work, &mut self.file.read()?, faults).await,
            Kind::Items => items::write(work, &mut self.file.read()?, faults).await,
            Kind::Stock => stock::write(work, &self.conn, faults).await,
            Kind::Orders => orders::write(work, &self.conn, faults).await,
        }
    }
}

/// Writes the rows in one transaction, and commits it if that is wanted; gives the faults to show and says whether it
/// did. What a refused row did before it was refused is undone by beginning anew without it. The commit comes last, so
/// that an error before it means that nothing was written.
async fn write(
    conn: &Dedicated,
    import: &Import<'_>,
    staged: &Staged<'_>,
    faults: &mut Faults<'_>,
    done: &Counter<'_>,
) -> Result<(Written, Vec<BadRow>, bool), BulkError> {
    loop {
        done.begin();
        conn.begin().await?;
        let now = levels::clock(conn).await?;
        let request_id = Some(format!("import-{}", uuid::Uuid::now_v7()));
        let context = RequestContext { request_id, ..RequestContext::default() };
        let report = |rows: usize| done.add(rows);
        let actor = actor(import.actor);
        let work = Work { conn, actor, context, now, done: &report };
        let written = staged.write(&work, faults).await?;
        if import.skip_bad.is_some() && written.spoilt {
            conn.rollback().await?;
            continue;
        }
        let wanted = !import.dry_run && (import.skip_bad.is_some() || faults.told() == 0);
        let bad = faults.first(SHOWN).await?;
        if !wanted {
            conn.rollback().await?;
            return Ok((written, bad, false));
        }
        if let (Some(path), false) = (import.skip_bad, bad.is_empty()) {
            write_rejects(staged.file, faults, path).await?;
        }
        conn.commit().await.map_err(|error| match error {
            PgError::UnknownOutcome => BulkError::OutcomeUnknown,
            error => BulkError::Database(error),
        })?;
        return Ok((written, bad, true));
    }
}

/// Counts rows for those who watch.
struct Counter<'a> {
    done: AtomicU64,
    of: u64,
    tell: &'a (dyn Fn(Progress) + Sync),
}

impl Counter<'_> {
    fn begin(&self) {
        self.done.store(0, Ordering::Relaxed);
    }

    fn add(&self, rows: usize) {
        let rows = u64::try_from(rows).unwrap_or(0);
        let done = self.done.fetch_add(rows, Ordering::Relaxed) + rows;
        (self.tell)(Progress { done, of: self.of });
    }
}

//! The way of every import: read the file, write in one transaction, commit only if that is wanted.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use platform::pg::{Database, Dedicated, PgError};

use super::table::Table;
use super::work::{Effect, Work, Written, actor};
use super::{BadRow, BulkError, Import, Kind, Progress, Report, branches, items, orders, stock};
use crate::request::RequestContext;
use crate::store::stock as levels;

/// What an import's connection asks of the server: plans made once, as for posting; a statement of a large file may
/// run long, and waits for those that post at the same time.
const SETTINGS: &[(&str, &str)] =
    &[("plan_cache_mode", "force_generic_plan"), ("statement_timeout", "0"), ("lock_timeout", "60s")];
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
    let (table, mut bad) = Table::read(import.bytes, import.format, import.kind.columns())?;
    let mut report =
        Report { rows: u64::try_from(table.rows.len() + bad.len()).unwrap_or(u64::MAX), ..Report::default() };
    let rows = Rows::parse(import.kind, &table, &mut bad);
    let conn = database.dedicated("services", SETTINGS).await?;
    let done = Counter { done: AtomicU64::new(0), of: report.rows, tell: progress };
    let mut tries = 0;
    let (effects, written) = loop {
        tries += 1;
        match write(&conn, import, &rows, &bad, &done).await {
            Ok((effects, more_bad, written)) => {
                bad.extend(more_bad);
                break (effects, written);
            }
            Err(BulkError::Database(error)) if collided(&error) && tries < TRIES && !conn.is_closed() => {
                tracing::debug!(tries, "the import collided and is tried again");
                conn.rollback().await?;
            }
            Err(error) => return Err(error),
        }
    };
    bad.sort_by_key(|bad| bad.line);
    let count = |wanted| {
        u64::try_from(effects.iter().filter(|effect| **effect == wanted).count()).unwrap_or(u64::MAX)
    };
    report.created = count(Effect::Created);
    report.changed = count(Effect::Changed);
    report.unchanged = count(Effect::Unchanged);
    report.written = written;
    if import.skip_bad && !bad.is_empty() {
        let lines = bad.iter().map(|bad| bad.line).collect();
        report.rejects = table.rejects(&table.lines_with(&lines, import.kind.together()), &bad)?;
    }
    report.bad = bad;
    Ok(report)
}

/// Another transaction was in the way: the same import, run again, sees what that one did.
fn collided(error: &PgError) -> bool {
    error.is_retryable() || error.constraint().is_some()
}

/// Writes the rows in one transaction, and commits it if that is wanted. What a refused row did before it was refused
/// is undone by beginning anew without it.
async fn write(
    conn: &Dedicated,
    import: &Import<'_>,
    rows: &Rows,
    bad_before: &[BadRow],
    done: &Counter<'_>,
) -> Result<(Vec<Effect>, Vec<BadRow>, bool), BulkError> {
    let mut bad: Vec<BadRow> = Vec::new();
    let mut left_out = BTreeSet::new();
    loop {
        done.begin();
        conn.begin().await?;
        let now = levels::clock(conn).await?;
        let request_id = Some(format!("import-{}", uuid::Uuid::now_v7()));
        let context = RequestContext { request_id, ..RequestContext::default() };
        let report = |rows: usize| done.add(rows);
        let actor = actor(import.actor);
        let work = Work { conn, actor, context, now, done: &report };
        let Written { effects, bad: refused } = rows.write(&work, &left_out).await?;
        let again = import.skip_bad && !refused.is_empty();
        left_out.extend(refused.iter().map(|bad| bad.line));
        bad.extend(refused);
        if again {
            conn.rollback().await?;
            continue;
        }
        let clean = bad_before.is_empty() && bad.is_empty();
        if import.dry_run || !(clean || import.skip_bad) {
            conn.rollback().await?;
            return Ok((effects, bad, false));
        }
        conn.commit().await.map_err(|error| match error {
            PgError::UnknownOutcome => BulkError::OutcomeUnknown,
            error => BulkError::Database(error),
        })?;
        return Ok((effects, bad, true));
    }
}

/// The rows that can be read, by kind.
enum Rows {
    Branches(Vec<branches::BranchRow>),
    Items(Vec<items::ItemRow>),
    Stock(Vec<stock::StockRow>),
    Orders(Vec<orders::OrderRows>),
}

impl Rows {
    fn parse(kind: Kind, table: &Table, bad: &mut Vec<BadRow>) -> Rows {
        fn each<T>(
            table: &Table,
            bad: &mut Vec<BadRow>,
            parse: impl Fn(&Table, &super::table::Row) -> Result<T, Vec<BadRow>>,
        ) -> Vec<T> {
            let mut good = Vec::with_capacity(table.rows.len());
            for row in table.rows.iter().filter(|row| row.whole) {
                match parse(table, row) {
                    Ok(row) => good.push(row),
                    Err(faults) => bad.extend(faults),
                }
            }
            good
        }
        match kind {
            Kind::Branches => Rows::Branches(each(table, bad, branches::parse)),
            Kind::Items => Rows::Items(each(table, bad, items::parse)),
            Kind::Stock => Rows::Stock(each(table, bad, stock::parse)),
            Kind::Orders => {
                let lines = each(table, bad, orders::parse);
                let bad_lines = bad.iter().map(|bad| bad.line).collect();
                let left_out = table.lines_with(&bad_lines, kind.together());
                Rows::Orders(orders::gather(lines, &left_out, bad))
            }
        }
    }

    /// Writes the rows but those of the lines left out.
    async fn write(&self, work: &Work<'_>, left_out: &BTreeSet<u64>) -> Result<Written, BulkError> {
        match self {
            Rows::Branches(rows) => {
                branches::write(work, rows.iter().filter(|row| !left_out.contains(&row.line))).await
            }
            Rows::Items(rows) => {
                let rows: Vec<_> = rows.iter().filter(|row| !left_out.contains(&row.line)).collect();
                items::write(work, &rows).await
            }
            Rows::Stock(rows) => {
                let rows: Vec<_> = rows.iter().filter(|row| !left_out.contains(&row.line)).collect();
                stock::write(work, &rows).await
            }
            Rows::Orders(orders) => {
                let orders: Vec<_> = orders.iter().filter(|order| !order.has_line_in(left_out)).collect();
                orders::write(work, &orders).await
            }
        }
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

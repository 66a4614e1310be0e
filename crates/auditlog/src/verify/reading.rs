//! The audit as the running program reads it, against a snapshot of the table.

use std::collections::BTreeSet;

use platform::pg::{Database, PgError, Queries, Row};

use super::findings::Finding;
use super::{Report, archived};
use crate::error::AuditError;
use crate::log::Log;

/// Reads which entries there are once more, in the way and by the role that the running program reads them, and adds to
/// the report what is seen in one way alone. A condition on the table can hide entries from the program that a
/// verification sees, and the other way round.
///
/// # Errors
/// When the database cannot be read.
pub async fn read_as_the_program(
    snapshot: &Queries,
    database: &Database,
    log: &'static Log,
    report: &mut Report,
) -> Result<(), AuditError> {
    let (sealed, through) = report.reach;
    let transaction = database.begin().await?;
    let (here, there) = tokio::try_join!(blocks(snapshot, log, through), blocks(&transaction, log, through))?;
    let differing: BTreeSet<i64> = here.symmetric_difference(&there).map(|block| block.0).collect();
    // Archiving may have removed entries since the snapshot was taken.
    let archived = archived(&transaction, log).await?.map_or(0, |archive| archive.statement.through);
    for block in differing {
        let (here, there) =
            tokio::try_join!(ids(snapshot, log, block, through), ids(&transaction, log, block, through))?;
        for id in here.symmetric_difference(&there).filter(|id| **id > archived || **id < 1) {
            let seen = there.contains(id);
            // What is not sealed yet may have been committed since the snapshot was taken.
            if !seen || *id <= sealed {
                report.add(Finding::ReadDifferently { id: *id, seen });
            }
        }
    }
    transaction.rollback().await?;
    Ok(())
}

type Block = (i64, i64, String);

async fn blocks(conn: &Queries, log: &Log, through: i64) -> Result<BTreeSet<Block>, PgError> {
    let rows = conn.query(log.statements.blocks, &[&through]).await?;
    Ok(rows.iter().map(|row: &Row| (row.get(0), row.get(1), row.get(2))).collect())
}

async fn ids(conn: &Queries, log: &Log, block: i64, through: i64) -> Result<BTreeSet<i64>, PgError> {
    let rows = conn.query(log.statements.ids_of_block, &[&block, &through]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

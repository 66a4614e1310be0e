//! The leaves of a range of ids, read and hashed at the same time.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use platform::pg::{PgError, Queries, Row};
use seal::{Hash, LeafRecord, Time};
use tokio::task::JoinSet;

use crate::log::Log;
use crate::row;

/// How many rows are hashed at a time.
const CHUNK: usize = 4_096;

/// An entry's place in the order of a seal, and its leaf hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Leaf {
    pub id: i64,
    /// Tells apart entries of one id, which only somebody who forges them can make.
    pub at: Option<Time>,
    pub hash: Hash,
    /// Whether it is of a file that an operator imported.
    pub imported: bool,
}

impl From<Leaf> for LeafRecord {
    fn from(leaf: Leaf) -> LeafRecord {
        LeafRecord { id: leaf.id, leaf: leaf.hash }
    }
}

/// The leaves of the entries with ids above `after` up to `through`, in the order of a seal. The rows come as they lie
/// in the table and are hashed on all processors while the next come.
pub(crate) async fn leaves(
    conn: &Queries,
    log: &Log,
    after: i64,
    through: i64,
) -> Result<Vec<Leaf>, PgError> {
    let mut rows = conn.stream(log.statements.entries, &[&after, &through]).await?;
    let most = available_parallelism().map_or(1, NonZeroUsize::get) + 1;
    let mut hashing: JoinSet<Result<Vec<Leaf>, PgError>> = JoinSet::new();
    let mut leaves = Vec::new();
    loop {
        let chunk = rows.chunk(CHUNK).await?;
        let last = chunk.len() < CHUNK;
        hashing.spawn_blocking(move || hash(&chunk));
        while hashing.len() > if last { 0 } else { most } {
            match hashing.join_next().await {
                Some(Ok(hashed)) => leaves.extend(hashed?),
                Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
                None => {}
            }
        }
        if last {
            break;
        }
    }
    leaves.sort_unstable();
    Ok(leaves)
}

fn hash(rows: &[Row]) -> Result<Vec<Leaf>, PgError> {
    let mut scratch = Vec::new();
    rows.iter()
        .map(|row| {
            row::entry(row, |e| Leaf {
                id: e.id,
                at: e.at,
                hash: e.leaf(&mut scratch),
                imported: e.actor_user_id.is_none()
                    && e.request_id.is_some_and(|request| request.starts_with("import-")),
            })
        })
        .collect()
}

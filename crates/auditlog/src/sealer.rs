//! Sealing: what is final becomes a seal, a few seconds behind the inserts, which know nothing of it.

use std::collections::HashSet;

use jiff::Timestamp;
use platform::pg::{Database, Queries};
use seal::{Hash, LeafRecord, Seal, SealingKey, Signed, Statement, Time};

use crate::error::AuditError;
use crate::horizon::Horizon;
use crate::leaves::{Leaf, leaves};
use crate::log::Log;
use crate::row::Instant;
use crate::state::last_seal;

/// How many entries a seal has at most, unless more have the same id.
const LARGEST: usize = 16_384;
/// How many ids are looked at in one transaction: a backlog is sealed piece by piece.
const WINDOW: i64 = 262_144;

/// Seals one audit. Any number of sealers may run, in any processes: one at a time makes the next seal, and the seal's
/// number, which is a key of the table, settles what a lock could not.
#[derive(Debug)]
pub struct Sealer {
    log: &'static Log,
    database: Database,
    horizon: Horizon,
    /// The last id that is known to be sealed: saves a transaction when nothing is new.
    sealed: i64,
}

/// What one transaction did.
enum Step {
    /// It made these seals; there may be more to do.
    Sealed(Vec<Signed<Seal>>),
    /// All is sealed up to this id.
    Done(i64),
    /// Another sealer is at work.
    Busy,
}

impl Sealer {
    /// A sealer of an audit, by its owner's running role.
    pub fn new(log: &'static Log, database: Database) -> Sealer {
        Sealer { log, database, horizon: Horizon::default(), sealed: 0 }
    }

    /// The audit that it seals.
    pub fn log(&self) -> &'static Log {
        self.log
    }

    /// Seals what is final by now; gives the new seals. What is not final yet is sealed by a later call.
    ///
    /// # Errors
    /// [`AuditError`]; seals that were made before it stay.
    pub async fn seal(&mut self, key: &SealingKey) -> Result<Vec<Signed<Seal>>, AuditError> {
        let conn = self.database.get().await?;
        let row = conn.query_one(self.log.statements.sequence, &[]).await?;
        let (given_out, cached): (i64, i64) = (row.get(0), row.get(1));
        if cached != 1 {
            return Err(AuditError::CachedIds(self.log.name));
        }
        // After the ids, never before them: see `Horizon`.
        let rows = conn.query(self.log.statements.writers, &[]).await?;
        drop(conn);
        let writers: HashSet<String> = rows.iter().map(|row| row.get(0)).collect();
        let reached = self.horizon.observe(given_out, writers);
        let mut seals = Vec::new();
        let mut looked_at = 0;
        while self.sealed < reached {
            match self.step(key, reached, &mut looked_at).await? {
                Step::Sealed(more) => seals.extend(more),
                Step::Done(through) => self.sealed = through,
                Step::Busy => break,
            }
        }
        Ok(seals)
    }

    /// Seals the next ids up to `reached`. Of those up to `looked_at`, what is not sealed is known to be unused.
    async fn step(&self, key: &SealingKey, reached: i64, looked_at: &mut i64) -> Result<Step, AuditError> {
        let transaction = self.database.begin().await?;
        let locked: bool = transaction.query_one(self.log.statements.try_lock, &[]).await?.get(0);
        if !locked {
            transaction.rollback().await?;
            return Ok(Step::Busy);
        }
        // Read after the lock was taken, so that no seal is missed.
        let last = last_seal(&transaction, self.log).await?.map(|signed| signed.statement);
        let from = last.as_ref().map_or(0, |seal| seal.through).max(*looked_at);
        let through = reached.min(from.saturating_add(WINDOW));
        let leaves = leaves(&transaction, self.log, from, through).await?;
        if leaves.is_empty() {
            let next = transaction.query_one(self.log.statements.next_id, &[&from, &reached]).await?;
            transaction.rollback().await?;
            let Some(next) = next.get::<_, Option<i64>>(0) else { return Ok(Step::Done(reached)) };
            *looked_at = next - 1;
            return Ok(Step::Sealed(Vec::new()));
        }
        let seals = chained(self.log.name, last.as_ref(), through, leaves, key);
        for (seal, records) in &seals {
            insert(&transaction, self.log, seal, records).await?;
        }
        transaction.commit().await?;
        Ok(Step::Sealed(seals.into_iter().map(|(seal, _)| seal).collect()))
    }
}

/// Seals over leaves, the last of which covers all ids up to `through`.
fn chained(
    log: &str,
    last: Option<&Seal>,
    through: i64,
    leaves: Vec<Leaf>,
    key: &SealingKey,
) -> Vec<(Signed<Seal>, Vec<LeafRecord>)> {
    let (mut number, mut after, mut previous) =
        last.map_or((0, 0, Hash::NONE), |seal| (seal.number, seal.through, seal.hash()));
    let at = Time::from(Timestamp::now());
    let mut seals = Vec::new();
    let mut rest = leaves.as_slice();
    while let Some(last) = rest.get(..LARGEST).unwrap_or(rest).last() {
        // Entries of one id are never parted: seals cover ranges of ids.
        let (mine, others) = rest.split_at(rest.partition_point(|leaf| leaf.id <= last.id));
        let records: Vec<LeafRecord> = mine.iter().copied().map(LeafRecord::from).collect();
        number += 1;
        let seal = Seal {
            log: log.to_owned(),
            number,
            after,
            through: if others.is_empty() { through } else { last.id },
            entries: i64::try_from(records.len()).unwrap_or(i64::MAX),
            root: LeafRecord::root(&records),
            previous,
            at,
            key: key.public().id(),
        };
        (after, previous) = (seal.through, seal.hash());
        seals.push((Signed::sign(seal, key), records));
        rest = others;
    }
    seals
}

async fn insert(
    conn: &Queries,
    log: &Log,
    signed: &Signed<Seal>,
    records: &[LeafRecord],
) -> Result<(), AuditError> {
    let Signed { statement: seal, signature } = signed;
    conn.execute(
        log.statements.insert_seal,
        &[
            &seal.number,
            &seal.after,
            &seal.through,
            &seal.entries,
            &seal.root.0.as_slice(),
            &seal.previous.0.as_slice(),
            &Instant(seal.at),
            &seal.key,
            &signature.0.as_slice(),
            &LeafRecord::encode(records),
        ],
    )
    .await?;
    Ok(())
}

//! The entries of many seals at a time: what is held does not grow with the audit.

use std::ops::Range;

use platform::pg::Queries;
use seal::{Hash, LeafRecord, RECORD_BYTES, Seal, Time};

use super::compare::{Sealed, compare};
use super::findings::{Finding, Findings};
use super::times::Times;
use crate::error::AuditError;
use crate::leaves::leaves;
use crate::log::Log;

/// How many entries are looked at together.
const ENTRIES: i64 = 262_144;

/// A seal as far as entries are compared with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct SealedRange {
    pub number: i64,
    pub after: i64,
    pub through: i64,
    pub entries: i64,
    pub root: Hash,
    /// When it was made.
    pub at: Time,
    /// Absent for one that cannot be read.
    pub hash: Option<Hash>,
    /// How many entries its record has.
    recorded: i64,
}

impl SealedRange {
    pub(super) fn of(seal: &Seal, hash: Hash, record_bytes: i64) -> SealedRange {
        SealedRange {
            number: seal.number,
            after: seal.after,
            through: seal.through,
            entries: seal.entries,
            root: seal.root,
            at: seal.at,
            hash: Some(hash),
            recorded: record_bytes / RECORD_BYTES as i64,
        }
    }

    /// One that has not the form of a seal: it covers nothing.
    pub(super) fn unreadable(number: i64, record_bytes: i64) -> SealedRange {
        SealedRange {
            number,
            after: 0,
            through: 0,
            entries: 0,
            root: Hash::NONE,
            at: Time(0),
            hash: None,
            recorded: record_bytes / RECORD_BYTES as i64,
        }
    }
}

/// Seals, taken together by the number of their entries.
#[derive(Debug)]
pub(super) struct Windows<'a> {
    ranges: &'a [SealedRange],
    windows: Vec<Range<usize>>,
}

impl<'a> Windows<'a> {
    pub(super) fn over(ranges: &'a [SealedRange]) -> Windows<'a> {
        let (mut windows, mut start, mut entries) = (Vec::new(), 0, 0);
        for (at, range) in ranges.iter().enumerate() {
            // Whatever an altered seal says, its record was read from a table.
            entries += range.recorded;
            if entries >= ENTRIES {
                windows.push(start..at + 1);
                (start, entries) = (at + 1, 0);
            }
        }
        if start < ranges.len() {
            windows.push(start..ranges.len());
        }
        Windows { ranges, windows }
    }

    /// Compares the entries of each window with their seals, while those of the next are being read; gives how many
    /// entries there are.
    pub(super) async fn verify(
        &self,
        conn: &Queries,
        log: &Log,
        times: &mut Times,
        findings: &mut Findings,
    ) -> Result<u64, AuditError> {
        let mut comparing: Option<tokio::task::JoinHandle<Vec<Finding>>> = None;
        let mut entries = 0;
        for window in &self.windows {
            let ranges = self.ranges.get(window.clone()).unwrap_or_default();
            let sealed = records(conn, log, ranges).await?;
            let readable = ranges.iter().filter(|range| range.hash.is_some());
            let after = readable.clone().map(|range| range.after).min().unwrap_or_default();
            let through = readable.map(|range| range.through).max().unwrap_or_default();
            let leaves = leaves(conn, log, after, through).await?;
            entries += leaves.len() as u64;
            for range in ranges.iter().filter(|range| range.hash.is_some()) {
                let from = leaves.partition_point(|leaf| leaf.id <= range.after);
                let to = leaves.partition_point(|leaf| leaf.id <= range.through);
                times.sealed(range.number, range.at, leaves.get(from..to).unwrap_or_default(), findings);
            }
            let next = tokio::task::spawn_blocking(move || compare(&sealed, &leaves));
            if let Some(before) = comparing.replace(next) {
                finish(before, findings).await;
            }
        }
        if let Some(last) = comparing {
            finish(last, findings).await;
        }
        Ok(entries)
    }
}

async fn finish(comparing: tokio::task::JoinHandle<Vec<Finding>>, findings: &mut Findings) {
    match comparing.await {
        Ok(found) => found.into_iter().for_each(|finding| findings.push(finding)),
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// The seals with their records.
async fn records(conn: &Queries, log: &Log, ranges: &[SealedRange]) -> Result<Vec<Sealed>, AuditError> {
    let (Some(first), Some(last)) = (ranges.first(), ranges.last()) else { return Ok(Vec::new()) };
    let mut rows = conn.stream(log.statements.leaves, &[&first.number, &last.number]).await?;
    let mut sealed = Vec::with_capacity(ranges.len());
    let mut expected = ranges.iter().copied();
    while let Some(row) = rows.next().await? {
        let bytes: Option<&[u8]> = row.try_get(1).map_err(platform::pg::PgError::from)?;
        let Some(range) = expected.next() else { break };
        sealed.push(Sealed { range, records: bytes.and_then(LeafRecord::decode) });
    }
    Ok(sealed)
}

//! The table's seals against the file of heads, both ways.

use jiff::Timestamp;
use platform::pg::Queries;
use seal::{PublicKey, Statement as _, Time};
use serde::Serialize;
use serde_json::Value;

use super::findings::{Finding, Findings};
use super::window::SealedRange;
use crate::error::AuditError;
use crate::heads::{ACKNOWLEDGED, HeadsAsOf, PUT_BACK};
use crate::log::Log;

/// How old a seal is, in microseconds, by the time its head must be in the file.
const PATIENCE: i64 = 60_000_000;

/// Heads that were put back into their file, and what was said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Acknowledged {
    /// The entry that says that they were put back.
    pub id: i64,
    /// The first seal that was missing.
    pub first: i64,
    /// The last.
    pub last: i64,
    /// Why, as somebody said.
    pub reason: String,
}

/// Compares the seals of the table, which begin after a number, with the heads of a file.
pub(super) fn compare(
    heads: &HeadsAsOf,
    log: &Log,
    keys: &[PublicKey],
    (archived, ranges): (i64, &[SealedRange]),
    findings: &mut Findings,
) -> Result<(), AuditError> {
    let last = ranges.last().map_or(archived, |range| range.number);
    let mut beyond = None;
    let mut seen = vec![false; ranges.len()];
    heads.each(|line, head| {
        let Some(head) = head else { return findings.push(Finding::HeadUnreadable { line }) };
        let seal = &head.statement;
        if seal.log != log.name {
            return;
        }
        let found = ranges.binary_search_by_key(&seal.number, |range| range.number).ok();
        if let Some(seen) = found.and_then(|at| seen.get_mut(at)) {
            *seen = true;
        }
        let there = found.and_then(|at| ranges.get(at));
        let same = there.map(|range| range.hash == Some(seal.hash()));
        if seal.number > last || same == Some(false) {
            if head.verify(keys) != Some(true) {
                findings.push(Finding::HeadAltered { line });
            } else if seal.number > last {
                beyond = beyond.max(Some(seal.number));
            } else {
                findings.push(Finding::OtherHead { seal: seal.number });
            }
        }
    })?;
    if let Some(head) = beyond {
        findings.push(Finding::CutOff { first: last + 1, last: head });
    }
    // The worker writes a head after the seal is committed, so the newest may still be on their way.
    let due = Time::from(Timestamp::now()).0.saturating_sub(PATIENCE);
    let missing = |(range, seen): (&SealedRange, &bool)| (!seen && range.at.0 < due).then_some(range.number);
    let missing: Vec<i64> = ranges.iter().zip(&seen).filter_map(missing).collect();
    for run in missing.chunk_by(|one, next| one + 1 == *next) {
        if let (Some(first), Some(last)) = (run.first(), run.last()) {
            findings.push(Finding::HeadsMissing { first: *first, last: *last });
        }
    }
    Ok(())
}

/// Finds what the audit says of heads that were put back, and whether somebody has said why since.
pub(super) async fn put_back(
    conn: &Queries,
    log: &Log,
    findings: &mut Findings,
) -> Result<Vec<Acknowledged>, AuditError> {
    let (mut open, mut acknowledged) = (Vec::new(), Vec::new());
    for row in conn.query(log.statements.notes, &[]).await? {
        let (action, details): (&str, Value) = (row.get(1), row.get(2));
        let number = |name: &str| details.get(name).and_then(Value::as_i64).unwrap_or_default();
        match action {
            PUT_BACK => open.push((row.get(0), number("first"), number("last"))),
            ACKNOWLEDGED => {
                let reason = details.get("reason").and_then(Value::as_str).unwrap_or_default();
                acknowledged.extend(open.drain(..).map(|(id, first, last)| Acknowledged {
                    id,
                    first,
                    last,
                    reason: reason.to_owned(),
                }));
            }
            _ => {}
        }
    }
    for (id, first, last) in open {
        findings.push(Finding::HeadsPutBack { id, first, last });
    }
    Ok(acknowledged)
}

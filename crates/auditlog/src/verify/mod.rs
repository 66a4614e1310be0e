//! Verifying: everything that was sealed is there as it was sealed.

mod archives;
mod compare;
mod findings;
mod window;

use std::path::Path;

use jiff::Timestamp;
use platform::pg::Queries;
use seal::{Chain, Hash, PublicKey, Signed, Statement};
use serde::Serialize;

use crate::error::AuditError;
use crate::heads::HeadsAsOf;
use crate::log::Log;
use crate::state::seals_after;

pub(crate) use archives::{archived, check_file};
pub use findings::Finding;
use findings::Findings;
use window::{SealedRange, Windows};

/// How many seals are read at a time.
const PAGE: i64 = 1_000;
/// How many entries that should not be there are named.
const NAMED: i64 = 1_000;

/// What a verification goes by.
#[derive(Debug, Clone, Copy)]
pub struct Trust<'a> {
    /// The keys that may sign.
    pub keys: &'a [PublicKey],
    /// The file of heads, which tells of seals that were cut off or rewritten, as it stood before the transaction saw
    /// its snapshot: a head is written after its seal is committed, so later ones may be of seals it does not see.
    pub heads: Option<&'a HeadsAsOf>,
    /// The directory of the archives.
    pub archives: Option<&'a Path>,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whose audit.
    pub log: &'static str,
    /// How many seals the table has.
    pub seals: u64,
    /// How many of its entries are sealed.
    pub entries: u64,
    /// How many entries were moved to files, in how many seals.
    pub archived: (i64, i64),
    /// Whether those files were verified too.
    pub archives_verified: bool,
    /// The newest seal: its number and hash vouch for all before it.
    pub head: Option<Head>,
    /// What is not sealed yet.
    pub unsealed: Unsealed,
    /// What is wrong, the first 1,000 of it.
    pub findings: Vec<Finding>,
    /// How much more is wrong.
    pub more_findings: u64,
}

/// The newest seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Its number.
    pub number: i64,
    /// Its hash.
    pub hash: Hash,
    /// When it was made.
    pub at: String,
}

/// Entries that wait for their seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unsealed {
    /// How many.
    pub entries: i64,
    /// The oldest time among them, which an import may have set.
    pub oldest: Option<String>,
    /// Whether they wait longer than they should: the sealer does not run, or an import has been running since.
    pub overdue: bool,
}

impl Report {
    /// Whether everything is as it was sealed.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// After how many seconds without a seal entries that wait are overdue.
const PATIENCE: i64 = 600;

/// Verifies an audit, on a connection whose open transaction sees one snapshot (see [`crate::READING`]): each seal's
/// signature and place in the chain, against the file of heads too; then each entry, hashed anew.
///
/// # Errors
/// When the database or a file cannot be read. Whatever is wrong with what is sealed is in the report.
pub async fn verify(conn: &Queries, log: &'static Log, trust: &Trust<'_>) -> Result<Report, AuditError> {
    let mut findings = Findings::default();
    let base = archives::verify(conn, log, trust, &mut findings).await?;
    let mut chain = base.chain(log, trust.keys);
    let mut ranges: Vec<SealedRange> = Vec::new();
    let mut head = None;
    loop {
        let after = ranges.last().map_or(base.number, |range| range.number);
        let page = seals_after(conn, log, after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for (number, seal, bytes) in page {
            let Some(signed) = seal else {
                findings.push(Finding::SealUnreadable { seal: number });
                ranges.push(SealedRange::unreadable(number, bytes));
                continue;
            };
            for fault in chain.follow(&signed) {
                findings.push(Finding::Seal { seal: number, fault });
            }
            let seal = &signed.statement;
            let hash = seal.hash();
            ranges.push(SealedRange::of(seal, hash, bytes));
            head = Some(Head { number, hash, at: seal.at.to_string() });
        }
    }
    if let Some(heads) = trust.heads {
        compare_heads(heads, log, trust.keys, (base.number, &ranges), &mut findings)?;
    }
    let entries = Windows::over(&ranges).verify(conn, log, &mut findings).await?;
    for row in conn.query(log.statements.before, &[&base.through, &NAMED]).await? {
        findings.push(Finding::EntryInserted { id: row.get(0), seal: None });
    }
    let sealed = ranges.iter().map(|range| range.through).max().unwrap_or(base.through);
    let unsealed = unsealed(conn, log, sealed, head.as_ref()).await?;
    let (findings, more_findings) = findings.into_parts();
    Ok(Report {
        log: log.name,
        seals: ranges.len() as u64,
        entries,
        archived: (base.entries, base.number),
        archives_verified: base.verified,
        head,
        unsealed,
        findings,
        more_findings,
    })
}

/// Where a chain begins that is in the table: behind the archives.
#[derive(Debug, Default)]
struct Base {
    /// How many entries were moved away.
    entries: i64,
    /// The number of the last seal that was moved away.
    number: i64,
    /// The last id it covers.
    through: i64,
    /// Its hash, where the archives tell and can be believed.
    hash: Option<Hash>,
    /// Whether the files were looked at.
    verified: bool,
}

impl Base {
    fn chain<'k>(&self, log: &Log, keys: &'k [PublicKey]) -> Chain<'k> {
        match self.number {
            0 => Chain::from_the_start(log.name, keys),
            number => Chain::after(log.name, keys, number, self.hash.map(|hash| (self.through, hash))),
        }
    }
}

/// Compares the seals of the table, which begin after a number, with the heads of a file.
fn compare_heads(
    heads: &HeadsAsOf,
    log: &Log,
    keys: &[PublicKey],
    (archived, ranges): (i64, &[SealedRange]),
    findings: &mut Findings,
) -> Result<(), AuditError> {
    let last = ranges.last().map_or(archived, |range| range.number);
    let mut beyond = None;
    heads.each(|line, head| {
        let Some(head) = head else { return findings.push(Finding::HeadUnreadable { line }) };
        let seal = &head.statement;
        if seal.log != log.name {
            return;
        }
        let found = ranges.binary_search_by_key(&seal.number, |range| range.number);
        let there = found.ok().and_then(|at| ranges.get(at));
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
    Ok(())
}

async fn unsealed(
    conn: &Queries,
    log: &Log,
    sealed: i64,
    head: Option<&Head>,
) -> Result<Unsealed, AuditError> {
    let row = conn.query_one(log.statements.beyond, &[&sealed]).await?;
    let oldest = crate::row::instant(&row, 1)?;
    let now = Timestamp::now().as_second();
    let waits = |at: Option<Timestamp>| at.is_none_or(|at| now - at.as_second() > PATIENCE);
    // An import sets times of the past: only when nothing was sealed for long either, the sealer has stopped.
    let sealed_at = head.and_then(|head| head.at.parse().ok());
    Ok(Unsealed {
        entries: row.get(0),
        oldest: oldest.map(|at| at.to_string()),
        overdue: oldest.is_some_and(|at| waits(at.timestamp())) && waits(sealed_at),
    })
}

/// Whether a statement's signature holds, as a fault otherwise.
fn signature_fault<S: Statement>(signed: &Signed<S>, keys: &[PublicKey]) -> Option<String> {
    match signed.verify(keys) {
        Some(true) => None,
        Some(false) => Some("was altered: its signature does not fit".to_owned()),
        None => Some(format!("is signed with key {}, which is not trusted", signed.statement.key())),
    }
}

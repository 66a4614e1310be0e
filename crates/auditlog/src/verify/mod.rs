//! Verifying: everything that was sealed is there as it was sealed.

mod archives;
mod compare;
mod findings;
mod heads;
mod reading;
mod times;
mod window;

use std::path::Path;

use platform::pg::Queries;
use seal::{Chain, Hash, PublicKey, Signed, Statement, Time};
use serde::Serialize;

use crate::error::AuditError;
use crate::heads::HeadsAsOf;
use crate::leaves::leaves;
use crate::log::Log;
use crate::row::instant;
use crate::state::seals_after;

pub(crate) use archives::{archived, check_file};
pub use findings::Finding;
use findings::Findings;
pub use heads::Acknowledged;
pub use reading::read_as_the_program;
pub use times::Late;
use times::Times;
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
    /// What was sealed later than it should be: what waited could be altered.
    pub late: Late,
    /// How many times heads were put back into their file and a command said why.
    pub acknowledged: Vec<Acknowledged>,
    /// The last id that is sealed, and the last that was looked at.
    #[serde(skip)]
    reach: (i64, i64),
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
    /// The oldest time among them.
    pub oldest: Option<String>,
    /// Whether one of them waits longer than it should: the sealer does not run, something that writes to the audit has
    /// been running since, or somebody holds sealing up.
    pub overdue: bool,
}

impl Report {
    /// Whether everything is as it was sealed.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    /// Adds a finding.
    fn add(&mut self, finding: Finding) {
        if self.findings.len() < findings::KEPT {
            self.findings.push(finding);
        } else {
            self.more_findings += 1;
        }
    }
}

/// After how many seconds an entry that waits for its seal is overdue.
const PATIENCE: i64 = 60;
/// How many ids that wait for their seal are looked at together.
const WINDOW: i64 = 262_144;

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
        heads::compare(heads, log, trust.keys, (base.number, &ranges), &mut findings)?;
    }
    let acknowledged = heads::put_back(conn, log, &mut findings).await?;
    let mut times = Times::default();
    let entries = Windows::over(&ranges).verify(conn, log, &mut times, &mut findings).await?;
    for row in conn.query(log.statements.before, &[&base.through, &NAMED]).await? {
        findings.push(Finding::EntryInserted { id: row.get(0), seal: None });
    }
    let sealed = ranges.iter().map(|range| range.through).max().unwrap_or(base.through);
    // Read after the snapshot was taken: whatever the snapshot sees was given out by then.
    let given_out: i64 = conn.query_one(log.statements.sequence, &[]).await?.get(0);
    if given_out < sealed {
        findings.push(Finding::SequenceSetBack { given_out, sealed });
    }
    let known = given_out.max(sealed);
    for row in conn.query(log.statements.beyond_sequence, &[&known, &NAMED]).await? {
        findings.push(Finding::EntryBeyondSequence { id: row.get(0) });
    }
    let unsealed = unsealed(conn, log, (sealed, known), &mut times, &mut findings).await?;
    let (findings, more_findings) = findings.into_parts();
    Ok(Report {
        log: log.name,
        seals: ranges.len() as u64,
        entries,
        archived: (base.entries, base.number),
        archives_verified: base.verified,
        head,
        unsealed,
        late: times.late(),
        acknowledged,
        reach: (sealed, known),
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

/// Looks at the entries that wait for their seal: those of ids above the last sealed one, up to the last given out.
async fn unsealed(
    conn: &Queries,
    log: &Log,
    (sealed, given_out): (i64, i64),
    times: &mut Times,
    findings: &mut Findings,
) -> Result<Unsealed, AuditError> {
    let row = conn.query_one(log.statements.beyond, &[&sealed]).await?;
    let (entries, oldest) = (row.get(0), instant(&row, 1)?);
    let now = instant(&row, 2)?.unwrap_or(Time(i64::MAX));
    let mut from = sealed;
    while entries > 0 && from < given_out {
        let through = given_out.min(from.saturating_add(WINDOW));
        times.follow(now, &leaves(conn, log, from, through).await?, findings);
        from = through;
    }
    let waited = oldest.map_or(0, |oldest| now.0.saturating_sub(oldest.0) / 1_000_000);
    Ok(Unsealed { entries, oldest: oldest.map(|at| at.to_string()), overdue: waited > PATIENCE })
}

/// Whether a statement's signature holds, as a fault otherwise.
fn signature_fault<S: Statement>(signed: &Signed<S>, keys: &[PublicKey]) -> Option<String> {
    match signed.verify(keys) {
        Some(true) => None,
        Some(false) => Some("was altered: its signature does not fit".to_owned()),
        None => Some(format!("is signed with key {}, which is not trusted", signed.statement.key())),
    }
}

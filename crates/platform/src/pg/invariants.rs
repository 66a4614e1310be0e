//! Checking what must hold in a database, in one snapshot of it.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::try_join_all;

use super::{Database, PgError, Queries, Schema, Statement};

/// How many examples a finding shows.
pub const EXAMPLES: usize = 5;
/// How many differences of the schema one shows: few things differ, and each is one that somebody did.
const SCHEMA_EXAMPLES: usize = 50;
/// How many connections look at the same snapshot at a time.
const AT_ONCE: usize = 2;

/// Something that must hold.
#[derive(Debug, Clone, Copy)]
pub struct Invariant {
    /// What must hold, in words.
    pub words: &'static str,
    /// Gives a text for each violation.
    pub statement: &'static Statement,
    /// Whether what it finds is only to be known, and no violation.
    pub note: bool,
}

/// One thing that must hold, and what was found where it does not.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What must hold, in words.
    pub invariant: &'static str,
    /// How many violations there are.
    pub violations: usize,
    /// The first few of them.
    pub examples: Vec<String>,
    /// Whether these are only to be known, and no violations.
    pub note: bool,
}

impl Finding {
    /// Whether something does not hold.
    pub fn is_broken(&self) -> bool {
        self.violations > 0 && !self.note
    }
}

impl Invariant {
    /// An invariant whose violations are such.
    pub const fn new(words: &'static str, statement: &'static Statement) -> Invariant {
        Invariant { words, statement, note: false }
    }

    /// One whose violations are only to be known.
    pub const fn note(words: &'static str, statement: &'static Statement) -> Invariant {
        Invariant { words, statement, note: true }
    }

    async fn check(&self, snapshot: &Queries) -> Result<Finding, PgError> {
        let Invariant { words: invariant, note, statement } = *self;
        let mut finding = Finding { invariant, violations: 0, examples: Vec::new(), note };
        // However much is wrong, few of its rows are held.
        let mut rows = snapshot.stream(statement, &[]).await?;
        while let Some(row) = rows.next().await? {
            finding.violations += 1;
            if finding.examples.len() < EXAMPLES {
                finding.examples.push(row.try_get(0)?);
            }
        }
        Ok(finding)
    }
}

/// Checks all of them in one snapshot, so that running programs do not disturb it, in the order in which they are given.
///
/// # Errors
/// When the database cannot be read.
pub async fn check_all(database: &Database, invariants: &[&Invariant]) -> Result<Vec<Finding>, PgError> {
    let snapshots = database.begin_snapshots(AT_ONCE).await?;
    let next = AtomicUsize::new(0);
    let checking = snapshots.iter().map(async |snapshot| {
        let mut found = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(invariant) = invariants.get(at) else { return Ok::<_, PgError>(found) };
            found.push((at, invariant.check(snapshot).await?));
        }
    });
    let mut found = try_join_all(checking).await?.concat();
    for snapshot in snapshots {
        snapshot.rollback().await?;
    }
    found.sort_by_key(|(at, _)| *at);
    Ok(found.into_iter().map(|(_, finding)| finding).collect())
}

impl Schema {
    /// Whether the schema is the one that the migrations make, and who else may read.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn check(&self, database: &Database) -> Result<Vec<Finding>, PgError> {
        let (notes, broken): (Vec<_>, Vec<_>) =
            self.differences(database).await?.into_iter().partition(super::Difference::is_note);
        let finding = |invariant, note, all: Vec<super::Difference>| Finding {
            invariant,
            violations: all.len(),
            examples: all.iter().take(SCHEMA_EXAMPLES).map(ToString::to_string).collect(),
            note,
        };
        Ok(vec![finding(self.invariant, false, broken), finding("who else may read is known", true, notes)])
    }
}

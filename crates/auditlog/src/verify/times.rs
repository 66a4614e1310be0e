//! The times of entries: each fits the ids around it and the seal that covers it.

use seal::Time;

use super::findings::{Finding, Findings};
use crate::leaves::Leaf;

/// How far times may be apart: clocks differ by half of it at most, and a request takes the time of its entry some
/// seconds before it writes the entry.
const TOLERANCE: i64 = 60_000_000;
/// How far an import of an older version dated its entries back: to when the import began.
const LONGEST_IMPORT: i64 = 24 * 3_600_000_000;
const SECOND: i64 = 1_000_000;

/// Goes through entries in the order of their ids, which is the order in which their transactions came for an id.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// The newest time so far.
    newest: Option<i64>,
    /// What came late.
    late: Late,
}

/// Seals that came later than they should.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Late {
    /// How many seals were made more than a minute after their oldest entry.
    pub seals: u64,
    /// The last of them.
    pub last: i64,
    /// How many seconds an entry waited at most.
    pub seconds: i64,
    /// How many entries of imports are dated before earlier entries, as versions before this one did.
    pub imported: u64,
}

impl Times {
    /// Looks at the next entries, which one seal covers that was made at `sealed_at`.
    pub(super) fn sealed(&mut self, seal: i64, sealed_at: Time, leaves: &[Leaf], findings: &mut Findings) {
        self.follow(sealed_at, leaves, findings);
        let oldest = leaves.iter().filter(|leaf| !leaf.imported).filter_map(|leaf| leaf.at).min();
        let waited = oldest.map_or(0, |oldest| sealed_at.0.saturating_sub(oldest.0));
        if waited > TOLERANCE {
            self.late.seals += 1;
            self.late.last = seal;
            self.late.seconds = self.late.seconds.max(waited / SECOND);
        }
    }

    /// Looks at the next entries, none of which can be newer than `latest`.
    pub(super) fn follow(&mut self, latest: Time, leaves: &[Leaf], findings: &mut Findings) {
        for Leaf { id, at, imported, .. } in leaves {
            let Some(Time(at)) = at else { continue };
            let ahead = at.saturating_sub(latest.0);
            if ahead > TOLERANCE {
                findings.push(Finding::EntryAhead { id: *id, seconds: ahead / SECOND });
                // What comes after it is not backdated for it.
                continue;
            }
            let back = self.newest.map_or(0, |newest| newest.saturating_sub(*at));
            if back > TOLERANCE {
                if *imported && back < LONGEST_IMPORT {
                    self.late.imported += 1;
                } else {
                    findings.push(Finding::EntryBackdated { id: *id, seconds: back / SECOND });
                }
            }
            self.newest = self.newest.max(Some(*at));
        }
    }

    pub(super) fn late(&self) -> Late {
        self.late
    }
}

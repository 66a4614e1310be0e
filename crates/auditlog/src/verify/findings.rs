//! What can be wrong with an audit.

use std::fmt;

use seal::SealFault;
use serde::Serialize;

/// How many findings are kept; of the others only the number.
pub(super) const KEPT: usize = 1_000;

/// Something that is not as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// An entry is not the one that was sealed.
    EntryAltered {
        /// Its id.
        id: i64,
        /// Its seal.
        seal: i64,
    },
    /// An entry that was sealed is not there.
    EntryRemoved {
        /// Its id.
        id: i64,
        /// Its seal.
        seal: i64,
    },
    /// An entry is there that was not there when its range of ids was sealed.
    EntryInserted {
        /// Its id.
        id: i64,
        /// The seal that covers its id; none for an id of the archives or below.
        seal: Option<i64>,
    },
    /// An entry is dated before entries that were made earlier.
    EntryBackdated {
        /// Its id.
        id: i64,
        /// By how many seconds.
        seconds: i64,
    },
    /// An entry is dated after it was sealed or, while it waits for its seal, after now.
    EntryAhead {
        /// Its id.
        id: i64,
        /// By how many seconds.
        seconds: i64,
    },
    /// An entry has an id that the sequence of the table has not given out.
    EntryBeyondSequence {
        /// Its id.
        id: i64,
    },
    /// The sequence of the table stands before ids that are sealed.
    SequenceSetBack {
        /// The last id it gave out.
        given_out: i64,
        /// The last id that is sealed.
        sealed: i64,
    },
    /// The running program does not see an entry that is there, or sees one that is not.
    ReadDifferently {
        /// Its id.
        id: i64,
        /// Whether the program sees it.
        seen: bool,
    },
    /// Entries are not those that were sealed; which of them, the seal's own record does not tell any more.
    EntriesAltered {
        /// The seal.
        seal: i64,
    },
    /// A seal's record of its entries was altered; the root that is signed is another.
    RecordAltered {
        /// The seal.
        seal: i64,
    },
    /// A seal is not what it should be.
    Seal {
        /// Its number.
        seal: i64,
        /// What is wrong with it.
        #[serde(flatten)]
        fault: SealFault,
    },
    /// A seal has not the form of one.
    SealUnreadable {
        /// Its number.
        seal: i64,
    },
    /// The file of heads has seals beyond the last of the table: the table's end was cut off, or an older state of the
    /// database was restored.
    CutOff {
        /// The first seal that is missing.
        first: i64,
        /// The last that the file knows.
        last: i64,
    },
    /// The file of heads has another seal of that number: the chain was rewritten.
    OtherHead {
        /// The seal.
        seal: i64,
    },
    /// Seals of the table are not in the file of heads.
    HeadsMissing {
        /// The first.
        first: i64,
        /// The last.
        last: i64,
    },
    /// A worker found seals missing in the file of heads and wrote them again, and nobody has said why yet.
    HeadsPutBack {
        /// The entry that says so.
        id: i64,
        /// The first seal.
        first: i64,
        /// The last.
        last: i64,
    },
    /// A line of the file of heads is not signed by a trusted key.
    HeadAltered {
        /// The line, from 1.
        line: u64,
    },
    /// A line of the file of heads is none.
    HeadUnreadable {
        /// The line, from 1.
        line: u64,
    },
    /// Something is wrong with an archive.
    Archive {
        /// The number of its last seal.
        last: i64,
        /// What.
        what: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::EntryAltered { id, seal } => write!(f, "entry {id} was altered (seal {seal})"),
            Finding::EntryRemoved { id, seal } => write!(f, "entry {id} was removed (seal {seal})"),
            Finding::EntryInserted { id, seal: Some(seal) } => {
                write!(f, "entry {id} was inserted after its range was sealed (seal {seal})")
            }
            Finding::EntryInserted { id, seal: None } => {
                write!(f, "entry {id} was inserted: ids up to there are in the archives or were never used")
            }
            Finding::EntryBackdated { id, seconds } => {
                write!(
                    f,
                    "entry {id} was backdated: its time is {} before that of earlier entries",
                    Span(*seconds)
                )
            }
            Finding::EntryAhead { id, seconds } => {
                write!(f, "entry {id} is dated {} into the future", Span(*seconds))
            }
            Finding::EntryBeyondSequence { id } => {
                write!(f, "entry {id} was inserted: the sequence of the table has not given out its id")
            }
            Finding::SequenceSetBack { given_out, sealed } => {
                write!(
                    f,
                    "the sequence of the table was set back to {given_out}; ids up to {sealed} are sealed"
                )
            }
            Finding::ReadDifferently { id, seen: false } => {
                write!(f, "entry {id} is in the table, but hidden from the running program")
            }
            Finding::ReadDifferently { id, seen: true } => {
                write!(f, "the running program sees an entry {id} that is not in the table")
            }
            Finding::EntriesAltered { seal } => {
                write!(f, "entries of seal {seal} are not those that were sealed")
            }
            Finding::RecordAltered { seal } => write!(f, "seal {seal}: its record of entries was altered"),
            Finding::Seal { seal, fault } => write!(f, "seal {seal} {fault}"),
            Finding::SealUnreadable { seal } => {
                write!(f, "seal {seal} was altered: it has not the form of a seal")
            }
            Finding::CutOff { first, last } => {
                write!(
                    f,
                    "seals {first} to {last} are in the file of heads but not in the table: its end was cut off"
                )
            }
            Finding::OtherHead { seal } => {
                write!(f, "seal {seal} is another one in the file of heads: the chain was rewritten")
            }
            Finding::HeadsMissing { first, last } => {
                write!(
                    f,
                    "seals {first} to {last} are in the table but not in the file of heads: lines were removed"
                )
            }
            Finding::HeadsPutBack { id, first, last } => write!(
                f,
                "seals {first} to {last} were missing in the file of heads, and the worker wrote them again (entry {id}); find out why, then run quartermaster audit acknowledge"
            ),
            Finding::HeadAltered { line } => {
                write!(f, "the file of heads, line {line}: not signed by a trusted key")
            }
            Finding::HeadUnreadable { line } => write!(f, "the file of heads, line {line}: is no head"),
            Finding::Archive { last, what } => write!(f, "the archive that ends with seal {last}: {what}"),
        }
    }
}

/// A number of seconds as people say it.
struct Span(i64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            seconds @ ..7_200 => write!(f, "{seconds} s"),
            seconds @ ..172_800 => write!(f, "{} hours", seconds / 3_600),
            seconds => write!(f, "{} days", seconds / 86_400),
        }
    }
}

/// Findings as they come.
#[derive(Debug, Default)]
pub(super) struct Findings {
    kept: Vec<Finding>,
    more: u64,
}

impl Findings {
    pub(super) fn push(&mut self, finding: Finding) {
        if self.kept.len() < KEPT {
            self.kept.push(finding);
        } else {
            self.more += 1;
        }
    }

    /// Those that are kept, and how many more there are.
    pub(super) fn into_parts(self) -> (Vec<Finding>, u64) {
        (self.kept, self.more)
    }
}

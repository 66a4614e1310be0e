//! Seals one after the other: each signed by a known key, each chained to the one before.

use std::fmt;

use serde::Serialize;

use crate::hash::Hash;
use crate::key::PublicKey;
use crate::statement::{Seal, Signed, Statement};

/// What is wrong with a seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum SealFault {
    /// Seals are missing before it.
    Missing {
        /// The number of the first that is missing.
        first: i64,
        /// And of the last.
        last: i64,
    },
    /// There was one of this number, or of a higher one, before it.
    Repeated,
    /// It is of another audit.
    OtherLog {
        /// Of which.
        log: String,
    },
    /// It names a key that is not among the trusted ones.
    UnknownKey {
        /// The key's id.
        key: String,
    },
    /// Its signature is not that of its text: the seal was altered.
    Signature,
    /// It is not chained to the seal before.
    Unchained,
    /// Its ids do not begin where those of the seal before end.
    Range,
}

impl fmt::Display for SealFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SealFault::Missing { first, last } if first == last => {
                write!(f, "seal {first} before it is missing")
            }
            SealFault::Missing { first, last } => write!(f, "seals {first} to {last} before it are missing"),
            SealFault::Repeated => f.write_str("there is another seal of this number"),
            SealFault::OtherLog { log } => write!(f, "is a seal of the audit of {log}"),
            SealFault::UnknownKey { key } => write!(f, "is signed with key {key}, which is not trusted"),
            SealFault::Signature => f.write_str("was altered: its signature does not fit"),
            SealFault::Unchained => f.write_str("is not chained to the seal before it"),
            SealFault::Range => f.write_str("does not begin where the seal before it ends"),
        }
    }
}

/// A chain of seals, as far as it was followed.
#[derive(Debug)]
pub struct Chain<'k> {
    log: String,
    keys: &'k [PublicKey],
    number: i64,
    /// The last id covered and the hash of the last seal; absent where the last seal cannot be believed.
    end: Option<(i64, Hash)>,
}

impl<'k> Chain<'k> {
    /// A chain whose first seal has number 1, signed by any of these keys.
    pub fn from_the_start(log: &str, keys: &'k [PublicKey]) -> Chain<'k> {
        Chain::after(log, keys, 0, Some((0, Hash::NONE)))
    }

    /// A chain that goes on after the seal of this number, whose last id and hash are known, or not.
    pub fn after(log: &str, keys: &'k [PublicKey], number: i64, end: Option<(i64, Hash)>) -> Chain<'k> {
        Chain { log: log.to_owned(), keys, number, end }
    }

    /// The number of the last seal; 0 before the first.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// The last id covered and the hash of the last seal, where that can be believed.
    pub fn end(&self) -> Option<(i64, Hash)> {
        self.end
    }

    /// Goes on to the next seal; gives what is wrong with it.
    pub fn follow(&mut self, signed: &Signed<Seal>) -> Vec<SealFault> {
        let seal = &signed.statement;
        let mut faults = Vec::new();
        if seal.log != self.log {
            faults.push(SealFault::OtherLog { log: seal.log.clone() });
        }
        match signed.verify(self.keys) {
            Some(true) => {}
            Some(false) => faults.push(SealFault::Signature),
            None => faults.push(SealFault::UnknownKey { key: seal.key.clone() }),
        }
        let believed = faults.is_empty();
        let expected = self.number.saturating_add(1);
        if seal.number > expected {
            faults.push(SealFault::Missing { first: expected, last: seal.number - 1 });
        } else if seal.number < expected {
            faults.push(SealFault::Repeated);
        } else if let Some((through, hash)) = self.end {
            if seal.previous != hash {
                faults.push(SealFault::Unchained);
            }
            if seal.after != through {
                faults.push(SealFault::Range);
            }
        }
        if seal.through <= seal.after && !faults.contains(&SealFault::Range) {
            faults.push(SealFault::Range);
        }
        if seal.number >= expected {
            self.number = seal.number;
            self.end = believed.then(|| (seal.through, seal.hash()));
        }
        faults
    }
}

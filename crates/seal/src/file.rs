//! Files that prove themselves: exported entries with their paths to sealed roots, and archives of whole seals.

use std::collections::HashMap;
use std::io::{self, BufRead};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::chain::Chain;
use crate::hash::Hash;
use crate::key::PublicKey;
use crate::merkle;
use crate::statement::{Seal, Signed};

/// One line of a file: a JSON object whose `type` says what it is. Keys come first, a seal before its entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Line {
    /// A key that signed seals of the file. Whoever checks it compares it with the key that they know.
    Key {
        /// Its id.
        id: String,
        /// Its 32 bytes as hexadecimal digits.
        public: Hash,
    },
    /// A seal.
    Seal(Signed<Seal>),
    /// An entry.
    Entry {
        /// Whose audit it is of.
        log: String,
        /// The number of its seal.
        seal: i64,
        /// Its place among the leaves of the seal, from 0.
        index: u64,
        /// The text that was hashed.
        entry: String,
        /// In an export: what leads from its leaf to the root of the seal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<Vec<Hash>>,
        /// In an archive, which has every entry of its seals in order: its leaf hash.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        leaf: Option<Hash>,
    },
}

impl Line {
    /// The line of a key.
    pub fn key(key: &PublicKey) -> Line {
        Line::Key { id: key.id(), public: Hash(key.0) }
    }

    /// The line of an entry that is proved by its path.
    pub fn proved(log: &str, seal: i64, index: u64, entry: &str, path: Vec<Hash>) -> Line {
        let (log, entry) = (log.to_owned(), entry.to_owned());
        Line::Entry { log, seal, index, entry, path: Some(path), leaf: None }
    }

    /// The line of an entry of a seal that is there as a whole.
    pub fn archived(log: &str, seal: i64, index: u64, entry: &str) -> Line {
        let leaf = merkle::leaf(entry.as_bytes());
        let (log, entry) = (log.to_owned(), entry.to_owned());
        Line::Entry { log, seal, index, entry, path: None, leaf: Some(leaf) }
    }
}

/// Why a file could not be checked.
#[derive(Debug, Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("the file cannot be read")]
    Read(#[from] io::Error),
}

/// Something wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileFault {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong there.
    pub what: String,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// How many entries were proved.
    pub entries: u64,
    /// How many seals were followed.
    pub seals: u64,
    /// How many of them have all their entries in the file.
    pub whole: u64,
    /// The ids of the keys that the file brings.
    pub keys: Vec<String>,
    /// Of each audit: the number and hash of its last seal in the file, and the last id it covers.
    pub heads: Vec<Head>,
    /// What is wrong.
    pub faults: Vec<FileFault>,
}

/// The last seal of an audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Whose audit.
    pub log: String,
    /// The seal's number.
    pub number: i64,
    /// The last id it covers.
    pub through: i64,
    /// The hash of the seal.
    pub hash: Hash,
}

/// What is remembered of a seal.
#[derive(Debug)]
struct Known {
    root: Hash,
    entries: i64,
}

/// The seals of one audit.
#[derive(Debug)]
struct Log<'k> {
    chain: Chain<'k>,
    seals: HashMap<i64, Known>,
}

/// An archived seal whose entries are being read.
#[derive(Debug)]
struct Open {
    line: u64,
    log: String,
    seal: i64,
    leaves: Vec<Hash>,
}

/// Checks a file line by line.
#[derive(Debug)]
pub struct Checker<'k> {
    trusted: &'k [PublicKey],
    logs: HashMap<String, Log<'k>>,
    open: Option<Open>,
    checked: Checked,
}

impl<'k> Checker<'k> {
    /// A check by keys that are trusted.
    pub fn new(trusted: &'k [PublicKey]) -> Checker<'k> {
        Checker { trusted, logs: HashMap::new(), open: None, checked: Checked::default() }
    }

    /// Checks a whole file.
    ///
    /// # Errors
    /// When it cannot be read. What is wrong in it is in the result.
    pub fn check(trusted: &'k [PublicKey], file: impl BufRead) -> Result<Checked, FileError> {
        Checker::new(trusted).check_all(file)
    }

    /// Has the seals of an audit go on after the seal of this number, whose last id and hash are known, or not.
    pub fn go_on(&mut self, log: &str, number: i64, end: Option<(i64, Hash)>) {
        let chain = Chain::after(log, self.trusted, number, end);
        self.logs.insert(log.to_owned(), Log { chain, seals: HashMap::new() });
    }

    /// Checks every line of a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn check_all(mut self, file: impl BufRead) -> Result<Checked, FileError> {
        for (number, line) in (1..).zip(file.lines()) {
            self.line(number, &line?);
        }
        Ok(self.finish())
    }

    /// The keys that a file brings, for a check that trusts the file's own.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn keys(file: impl BufRead) -> Result<Vec<PublicKey>, FileError> {
        let mut keys = Vec::new();
        for line in file.lines() {
            // Keys come first.
            match serde_json::from_str(&line?) {
                Ok(Line::Key { public, .. }) => keys.push(PublicKey(public.0)),
                _ => break,
            }
        }
        Ok(keys)
    }

    /// Checks the next line.
    pub fn line(&mut self, number: u64, text: &str) {
        match serde_json::from_str(text) {
            Ok(Line::Key { id, public }) if PublicKey(public.0).id() == id => self.checked.keys.push(id),
            Ok(Line::Key { .. }) => self.fault(number, "the key is not the one its id names"),
            Ok(Line::Seal(seal)) => self.seal(number, &seal),
            Ok(Line::Entry { log, seal, index, entry, path: Some(path), .. }) => {
                self.close();
                self.proved(number, (&log, seal), (index, &entry), &path);
            }
            Ok(Line::Entry { log, seal, index, entry, leaf: Some(leaf), .. }) => {
                self.archived(number, (&log, seal), (index, &entry), leaf);
            }
            Ok(Line::Entry { .. }) => self.fault(number, "the entry has neither path nor leaf"),
            Err(error) => self.fault(number, &format!("is no line of such a file ({error})")),
        }
    }

    /// What was found.
    pub fn finish(mut self) -> Checked {
        self.close();
        for (log, Log { chain, .. }) in self.logs {
            if let Some((through, hash)) = chain.end() {
                self.checked.heads.push(Head { log, number: chain.number(), through, hash });
            }
        }
        self.checked.heads.sort_by(|a, b| a.log.cmp(&b.log));
        self.checked
    }

    fn fault(&mut self, line: u64, what: &str) {
        self.checked.faults.push(FileFault { line, what: what.to_owned() });
    }

    fn seal(&mut self, line: u64, signed: &Signed<Seal>) {
        self.close();
        let seal = &signed.statement;
        let log = self.logs.entry(seal.log.clone()).or_insert_with(|| Log {
            // What comes before the first seal of a file is not there to be followed.
            chain: match seal.number {
                1 => Chain::from_the_start(&seal.log, self.trusted),
                number => Chain::after(&seal.log, self.trusted, number.saturating_sub(1), None),
            },
            seals: HashMap::new(),
        });
        let faults = log.chain.follow(signed);
        log.seals.insert(seal.number, Known { root: seal.root, entries: seal.entries });
        for fault in faults {
            self.fault(line, &format!("seal {} of {} {fault}", seal.number, seal.log));
        }
        self.checked.seals += 1;
    }

    fn known(&self, log: &str, seal: i64) -> Option<&Known> {
        self.logs.get(log)?.seals.get(&seal)
    }

    /// An entry with its path.
    fn proved(&mut self, line: u64, (log, seal): (&str, i64), (index, entry): (u64, &str), path: &[Hash]) {
        let Some(Known { root, entries }) = self.known(log, seal) else {
            return self.fault(line, &format!("seal {seal} of {log} does not come before its entry"));
        };
        let leaf = merkle::leaf(entry.as_bytes());
        let leaves = u64::try_from(*entries).unwrap_or_default();
        if merkle::root_by_path(leaf, index, leaves, path) == Some(*root) {
            self.checked.entries += 1;
        } else {
            let what = format!("{} is not in seal {seal} of {log} at place {index}", named(entry));
            self.fault(line, &what);
        }
    }

    /// An entry of a seal that is there as a whole.
    fn archived(&mut self, line: u64, (log, seal): (&str, i64), (index, entry): (u64, &str), leaf: Hash) {
        if self.open.as_ref().is_none_or(|open| open.log != log || open.seal != seal) {
            self.close();
            if self.known(log, seal).is_none() {
                return self.fault(line, &format!("seal {seal} of {log} does not come before its entry"));
            }
            self.open = Some(Open { line, log: log.to_owned(), seal, leaves: Vec::new() });
        }
        let next = self.open.as_mut().map_or(0, |open| {
            open.leaves.push(leaf);
            open.leaves.len() as u64 - 1
        });
        if next != index {
            self.fault(line, &format!("{} stands at place {index}, where {next} follows", named(entry)));
        } else if merkle::leaf(entry.as_bytes()) == leaf {
            self.checked.entries += 1;
        } else {
            self.fault(line, &format!("{} of seal {seal} of {log} was altered", named(entry)));
        }
    }

    /// Ends the seal whose entries were read.
    fn close(&mut self) {
        let Some(Open { line, log, seal, leaves }) = self.open.take() else { return };
        let count = leaves.len();
        let root = merkle::root(leaves);
        match self.known(&log, seal) {
            Some(known) if i64::try_from(count) == Ok(known.entries) && root == known.root => {
                self.checked.whole += 1;
            }
            _ => self
                .fault(line, &format!("the entries of seal {seal} of {log} are not those that were sealed")),
        }
    }
}

/// An entry as a message calls it.
fn named(entry: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(entry).ok();
    let id = value.as_ref().and_then(|value| value.get("id")).and_then(serde_json::Value::as_i64);
    id.map_or_else(|| "an entry without id".to_owned(), |id| format!("entry {id}"))
}

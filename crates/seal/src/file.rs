//! Files that prove themselves: exported entries with their paths to sealed roots, and archives of whole seals.

use std::collections::{BTreeMap, HashMap};
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
    /// What an export was asked for, before its first seal.
    Range {
        /// Whose audit.
        log: String,
        /// The number of the first seal of the file.
        first: i64,
        /// The number of the last.
        last: i64,
        /// What the entries were chosen by; absent where every entry of the seals is in the file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filter: Option<serde_json::Value>,
    },
    /// A seal.
    Seal(Signed<Seal>),
    /// The end of an export.
    End {
        /// Whose audit.
        log: String,
        /// How many entries were written.
        entries: u64,
    },
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
    /// Of each audit: whether every entry of its seals is in the file.
    pub coverage: Vec<Coverage>,
    /// What is wrong.
    pub faults: Vec<FileFault>,
}

/// How much of what was sealed is in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Whose audit.
    pub log: String,
    /// The first seal of the file.
    pub first: i64,
    /// The last.
    pub last: i64,
    /// How many entries of these seals are in the file.
    pub entries: u64,
    /// How many were sealed.
    pub sealed: u64,
    /// What the file says of itself.
    pub claim: Claim,
}

/// What a file says of its entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// Every entry of its seals is there.
    Whole,
    /// The entries that fit a filter are there. Whether all of them are, nothing proves.
    Filtered(serde_json::Value),
    /// Nothing: an older program wrote it, or a line was removed.
    Unknown,
}

impl Coverage {
    /// Whether every entry of the seals is there, whatever the file says of itself: each seal says how many it has.
    pub fn is_complete(&self) -> bool {
        self.entries == self.sealed
    }
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
    /// How many of its entries were proved, each once.
    proved: u64,
    /// The place after the last of them: entries stand in order.
    next: u64,
}

/// The seals of one audit.
#[derive(Debug)]
struct Log<'k> {
    chain: Chain<'k>,
    seals: BTreeMap<i64, Known>,
    claim: Option<(i64, i64, Claim)>,
    /// How many entries the file says it has.
    end: Option<u64>,
}

impl<'k> Log<'k> {
    fn of(chain: Chain<'k>) -> Log<'k> {
        Log { chain, seals: BTreeMap::new(), claim: None, end: None }
    }
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
    /// The last line that was read.
    lines: u64,
    checked: Checked,
}

impl<'k> Checker<'k> {
    /// A check by keys that are trusted.
    pub fn new(trusted: &'k [PublicKey]) -> Checker<'k> {
        Checker { trusted, logs: HashMap::new(), open: None, lines: 0, checked: Checked::default() }
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
        self.logs.insert(log.to_owned(), Log::of(chain));
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
        self.lines = number;
        match serde_json::from_str(text) {
            Ok(Line::Key { id, public }) if PublicKey(public.0).id() == id => self.checked.keys.push(id),
            Ok(Line::Key { .. }) => self.fault(number, "the key is not the one its id names"),
            Ok(Line::Range { log, first, last, filter }) => {
                let claim = (first, last, filter.map_or(Claim::Whole, Claim::Filtered));
                self.log(&log, first).claim = Some(claim);
            }
            Ok(Line::Seal(seal)) => self.seal(number, &seal),
            Ok(Line::End { log, entries }) => {
                self.close();
                self.log(&log, 1).end = Some(entries);
            }
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
        let line = self.lines;
        for (log, Log { chain, seals, claim, end }) in std::mem::take(&mut self.logs) {
            let entries: u64 = seals.values().map(|known| known.proved).sum();
            if let (Some((first, _)), Some((last, _))) = (seals.first_key_value(), seals.last_key_value()) {
                let sealed = |known: &Known| u64::try_from(known.entries).unwrap_or_default();
                let coverage = Coverage {
                    log: log.clone(),
                    first: *first,
                    last: *last,
                    entries,
                    sealed: seals.values().map(sealed).sum(),
                    claim: claim.as_ref().map_or(Claim::Unknown, |(_, _, claim)| claim.clone()),
                };
                for fault in incomplete(&coverage, claim.as_ref(), end, &seals) {
                    self.fault(line, &fault);
                }
                self.checked.coverage.push(coverage);
            } else if let Some((first, last, _)) = claim.filter(|(first, last, _)| first <= last) {
                self.fault(line, &format!("seals {first} to {last} of {log} are not in the file"));
            }
            if let Some((through, hash)) = chain.end() {
                self.checked.heads.push(Head { log, number: chain.number(), through, hash });
            }
        }
        self.checked.heads.sort_by(|a, b| a.log.cmp(&b.log));
        self.checked.coverage.sort_by(|a, b| a.log.cmp(&b.log));
        self.checked
    }

    /// An audit, whose first seal in the file has this number where none was seen yet.
    fn log(&mut self, log: &str, first: i64) -> &mut Log<'k> {
        let trusted = self.trusted;
        self.logs.entry(log.to_owned()).or_insert_with(|| {
            // What comes before the first seal of a file is not there to be followed.
            Log::of(match first {
                1 => Chain::from_the_start(log, trusted),
                number => Chain::after(log, trusted, number.saturating_sub(1), None),
            })
        })
    }

    fn fault(&mut self, line: u64, what: &str) {
        self.checked.faults.push(FileFault { line, what: what.to_owned() });
    }

    fn seal(&mut self, line: u64, signed: &Signed<Seal>) {
        self.close();
        let seal = &signed.statement;
        let log = self.log(&seal.log, seal.number);
        let faults = log.chain.follow(signed);
        log.seals.insert(seal.number, Known { root: seal.root, entries: seal.entries, proved: 0, next: 0 });
        for fault in faults {
            self.fault(line, &format!("seal {} of {} {fault}", seal.number, seal.log));
        }
        self.checked.seals += 1;
    }

    fn known(&mut self, log: &str, seal: i64) -> Option<&mut Known> {
        self.logs.get_mut(log)?.seals.get_mut(&seal)
    }

    /// An entry with its path.
    fn proved(&mut self, line: u64, (log, seal): (&str, i64), (index, entry): (u64, &str), path: &[Hash]) {
        let Some(known) = self.known(log, seal) else {
            return self.fault(line, &format!("seal {seal} of {log} does not come before its entry"));
        };
        let leaf = merkle::leaf(entry.as_bytes());
        let leaves = u64::try_from(known.entries).unwrap_or_default();
        if merkle::root_by_path(leaf, index, leaves, path) == Some(known.root) {
            // One that comes twice counts once.
            if index >= known.next {
                (known.proved, known.next) = (known.proved + 1, index + 1);
                self.checked.entries += 1;
            } else {
                self.fault(line, &format!("{} is repeated or out of order", named(entry)));
            }
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
                known.proved = count as u64;
                self.checked.whole += 1;
            }
            _ => self
                .fault(line, &format!("the entries of seal {seal} of {log} are not those that were sealed")),
        }
    }
}

/// What is missing of what a file says of itself.
fn incomplete(
    coverage: &Coverage,
    claim: Option<&(i64, i64, Claim)>,
    end: Option<u64>,
    seals: &BTreeMap<i64, Known>,
) -> Vec<String> {
    let Coverage { log, first, last, entries, sealed, .. } = coverage;
    let Some((claimed_first, claimed_last, claim)) = claim else { return Vec::new() };
    let mut faults = Vec::new();
    if (claimed_first, claimed_last) != (first, last) {
        faults.push(format!(
            "the file says that it has seals {claimed_first} to {claimed_last} of {log}, and has {first} to {last}"
        ));
    }
    match (claim, end) {
        (Claim::Whole, _) if !coverage.is_complete() => {
            let short = |(number, known): (&i64, &Known)| {
                (i64::try_from(known.proved) != Ok(known.entries)).then(|| number.to_string())
            };
            let short: Vec<String> = seals.iter().filter_map(short).take(20).collect();
            faults.push(format!(
                "{} of {sealed} entries of {log} are missing, of the seals {}",
                sealed.saturating_sub(*entries),
                short.join(", ")
            ));
        }
        (_, Some(written)) if written != *entries => {
            faults.push(format!("{written} entries of {log} were written, and {entries} are there"));
        }
        (_, None) => faults.push(format!("the end of the export of {log} is missing")),
        _ => {}
    }
    faults
}

/// An entry as a message calls it.
fn named(entry: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(entry).ok();
    let id = value.as_ref().and_then(|value| value.get("id")).and_then(serde_json::Value::as_i64);
    id.map_or_else(|| "an entry without id".to_owned(), |id| format!("entry {id}"))
}

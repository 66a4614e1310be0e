//! The statement that entries were moved from the table to a file.

use serde::{Deserialize, Serialize};

use crate::hash::Hash;
use crate::statement::Statement;
use crate::time::Time;

/// Whole seals that were moved to a file with their entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// Whose audit.
    pub log: String,
    /// The number of the first seal that was moved.
    pub first: i64,
    /// And of the last.
    pub last: i64,
    /// The last id that they cover.
    pub through: i64,
    /// How many entries they have.
    pub entries: i64,
    /// The hash of the last seal, to which the next one in the table is chained.
    pub seal: Hash,
    /// The name of the file.
    pub file: String,
    /// The SHA-256 of the file.
    pub digest: Hash,
    /// When.
    pub at: Time,
    /// The id of the key that signs it.
    pub key: String,
}

impl Statement for Archive {
    fn text(&self) -> String {
        let Archive { log, first, last, through, entries, seal, file, digest, at, key } = self;
        format!(
            "quartermaster audit archive v1\nlog {log}\nfirst {first}\nlast {last}\nthrough {through}\n\
             entries {entries}\nseal {seal}\nfile {file}\ndigest {digest}\nat {at}\nkey {key}\n"
        )
    }

    fn key(&self) -> &str {
        &self.key
    }
}

//! What is signed: plain texts of one `name value` a line, so that any tool can check them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hash::Hash;
use crate::key::{PublicKey, SealingKey};
use crate::time::Time;

/// Something that a sealing key vouches for.
pub trait Statement {
    /// The text that is signed: each line ends in a line feed.
    fn text(&self) -> String;
    /// The id of the key that signs it.
    fn key(&self) -> &str;

    /// Its hash: SHA-256 of the text.
    fn hash(&self) -> Hash {
        Hash::of(self.text().as_bytes())
    }
}

/// A seal: what a range of an audit's ids held when it was final. Whatever is in the table with an id in that range is
/// in the seal, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// Whose audit: `services` or `portal`.
    pub log: String,
    /// 1 for the first, one more for each after it.
    pub number: i64,
    /// It covers the ids above this one, which is the last that the seal before covers; 0 for the first.
    pub after: i64,
    /// And up to this one.
    pub through: i64,
    /// How many entries there are. Ids between them were never used.
    pub entries: i64,
    /// The root of the Merkle tree over them, in the order of their ids.
    pub root: Hash,
    /// The hash of the seal before; zeros for the first.
    pub previous: Hash,
    /// When it was made.
    pub at: Time,
    /// The id of the key that signs it.
    pub key: String,
}

impl Statement for Seal {
    fn text(&self) -> String {
        let Seal { log, number, after, through, entries, root, previous, at, key } = self;
        format!(
            "quartermaster audit seal v1\nlog {log}\nnumber {number}\nafter {after}\nthrough {through}\n\
             entries {entries}\nroot {root}\nprevious {previous}\nat {at}\nkey {key}\n"
        )
    }

    fn key(&self) -> &str {
        &self.key
    }
}

/// A statement and its signature. As JSON, the signature is one more member: 128 small hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed<S> {
    /// What is signed.
    #[serde(flatten)]
    pub statement: S,
    /// The Ed25519 signature of its text.
    pub signature: Signature,
}

impl<S: Statement> Signed<S> {
    /// Signs a statement that names this key.
    pub fn sign(statement: S, key: &SealingKey) -> Signed<S> {
        let signature = Signature(key.sign(statement.text().as_bytes()));
        Signed { statement, signature }
    }

    /// Whether the key that it names signed it. `None` when that key is not among these.
    pub fn verify(&self, keys: &[PublicKey]) -> Option<bool> {
        let key = keys.iter().find(|key| key.id() == self.statement.key())?;
        Some(key.verifies(self.statement.text().as_bytes(), &self.signature.0))
    }
}

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl From<Signature> for String {
    fn from(signature: Signature) -> String {
        hex::encode(signature.0)
    }
}

impl TryFrom<String> for Signature {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Signature, &'static str> {
        let bytes = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Signature).ok_or("a signature is 128 hexadecimal digits")
    }
}

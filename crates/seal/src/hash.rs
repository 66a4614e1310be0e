//! SHA-256, and how its results are written.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

/// A SHA-256 hash, written as 64 small hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What stands for the seal before the first.
    pub const NONE: Hash = Hash([0; 32]);

    /// The hash of some bytes.
    pub fn of(bytes: &[u8]) -> Hash {
        Hash::of_all(&[bytes])
    }

    /// The hash of parts, one after the other.
    pub fn of_all(parts: &[&[u8]]) -> Hash {
        let mut hash = HashWriter::default();
        parts.iter().for_each(|part| hash.update(part));
        hash.finish()
    }

    /// The hash that these bytes are, if there are 32 of them.
    pub fn from_bytes(bytes: &[u8]) -> Option<Hash> {
        bytes.try_into().ok().map(Hash)
    }
}

/// A hash of what comes piece by piece.
#[derive(Clone)]
pub struct HashWriter(digest::Context);

impl Default for HashWriter {
    fn default() -> HashWriter {
        HashWriter(digest::Context::new(&digest::SHA256))
    }
}

impl fmt::Debug for HashWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashWriter")
    }
}

impl HashWriter {
    /// Takes the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all pieces.
    pub fn finish(self) -> Hash {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.0.finish().as_ref());
        Hash(hash)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = String;

    fn from_str(text: &str) -> Result<Hash, String> {
        let small = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let bytes = if small { hex::decode(text).ok() } else { None };
        bytes
            .and_then(|bytes| Hash::from_bytes(&bytes))
            .ok_or_else(|| format!("{text:?} is not 64 small hexadecimal digits"))
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> String {
        hash.to_string()
    }
}

impl TryFrom<String> for Hash {
    type Error = String;

    fn try_from(text: String) -> Result<Hash, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_written_and_read_in_small_hexadecimal() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Hash::of(b"").to_string(), empty);
        assert_eq!(empty.parse(), Ok(Hash::of(b"")));
        assert_eq!(Hash::of_all(&[b"a", b"b"]), Hash::of(b"ab"));
        for wrong in ["", "e3", &empty.to_uppercase(), &format!("{empty}00")] {
            assert!(wrong.parse::<Hash>().is_err(), "{wrong}");
        }
    }
}

//! Django's hashes: `pbkdf2_sha256$iterations$salt$hash`, of PBKDF2 (RFC 8018) with HMAC-SHA-256 and 32 bytes in base64.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA256};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// What an import takes, and what is spent on wrong guesses of strangers at the most. Django 5.2 makes 1,000,000.
pub(crate) const MOST_IMPORTED_ITERATIONS: u32 = 1_500_000;
/// What is verified where it is there already. More would keep a core busy for seconds.
const MOST_ITERATIONS: u32 = 5_000_000;

/// A hash of Django's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hash {
    iterations: NonZeroU32,
    salt: String,
    hash: [u8; 32],
}

impl Hash {
    /// Reads one; nothing when the text is not of that form, or asks for too many iterations.
    pub(crate) fn parse(text: &str) -> Option<Hash> {
        let mut parts = text.split('$');
        let ("pbkdf2_sha256", iterations, salt, hash, None) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next())
        else {
            return None;
        };
        let iterations: NonZeroU32 = iterations.parse().ok()?;
        let hash = BASE64_STANDARD.decode(hash).ok()?.try_into().ok()?;
        let usable = iterations.get() <= MOST_ITERATIONS && !salt.is_empty();
        usable.then(|| Hash { iterations, salt: salt.to_owned(), hash })
    }

    /// How often it was iterated.
    pub(crate) fn iterations(&self) -> u32 {
        self.iterations.get()
    }

    /// Whether it was made of that password. The comparison takes the same time wherever they differ.
    pub(crate) fn verify(&self, password: &str) -> bool {
        let salt = self.salt.as_bytes();
        pbkdf2::verify(PBKDF2_HMAC_SHA256, self.iterations, salt, password.as_bytes(), &self.hash).is_ok()
    }
}

/// Takes the time of that many iterations.
pub(super) fn spend(iterations: u32) {
    if let Some(iterations) = NonZeroU32::new(iterations) {
        pbkdf2::derive(PBKDF2_HMAC_SHA256, iterations, b"salt", b"password", &mut [0; 32]);
    }
}

/// Passwords and what Django 5.2's `make_password` gave for them.
#[cfg(test)]
pub(super) const VECTORS: [(&str, &str); 2] = [
    ("correct horse battery", "pbkdf2_sha256$1000$a9mTvQXKbJ2c$aTFDZ7t7SeIv+ZfYqOhOBxEZge7rr69JQuTfh+mA5NY="),
    ("pässwörd-ключ-鍵", "pbkdf2_sha256$2000$saltSALT1234$GU1sp/00uUFZVZJ8RZ2ar1orl0WM4Mf0e9E/uwqnkcw="),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_such_a_hash_is_not_taken_for_one() {
        let hash = VECTORS[0].1;
        assert!(Hash::parse(hash).is_some());
        for broken in [
            "",
            "!",
            "pbkdf2_sha256$1000$salt",
            &hash.replace("sha256", "sha1"),
            &hash.replace("1000", "0"),
            &hash.replace("1000", "many"),
            &hash.replace("1000", "4000000000"),
            &hash.replace("a9mTvQXKbJ2c", ""),
            &hash.replace("aTFD", ""),
            &format!("{hash}$more"),
        ] {
            assert_eq!(Hash::parse(broken), None, "{broken}");
        }
    }
}

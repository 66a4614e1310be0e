//! Secrets at rest: sealed with AES-256-GCM under a key that is not in the database.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use crate::error::Error;

/// The key that seals what the portal keeps secret in its tables: 32 random bytes, the same for every portal of a
/// company.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyEncryptionKey(pub [u8; 32]);

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyEncryptionKey(***)")
    }
}

/// Seals and opens secrets.
pub struct Sealer(RandomizedNonceKey);

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

impl Sealer {
    /// A sealer under `key`.
    ///
    /// # Errors
    /// [`Error::Seal`] when the library refuses the key.
    pub fn new(key: &KeyEncryptionKey) -> Result<Sealer, Error> {
        RandomizedNonceKey::new(&AES_256_GCM, &key.0).map(Sealer).map_err(|_| Error::Seal)
    }

    /// Seals a secret: a random nonce, the ciphertext and its tag. `purpose` says what it is for and whose it is; it
    /// opens for the same purpose alone, so that what is sealed for one row is of no use in another.
    ///
    /// # Errors
    /// [`Error::Seal`] when the library fails.
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, Error> {
        let mut text = secret.to_vec();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut text)
            .map_err(|_| Error::Seal)?;
        Ok([nonce.as_ref().as_slice(), &text].concat())
    }

    /// Opens what [`Sealer::seal`] made for `purpose`.
    ///
    /// # Errors
    /// [`Error::Seal`] when it was sealed under another key or for another purpose, or was changed.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(Error::Seal)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Error::Seal)?;
        let mut text = text.to_vec();
        let secret = self.0.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut text);
        secret.map(|secret| secret.to_vec()).map_err(|_| Error::Seal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_under_its_key_and_for_its_purpose_alone() {
        let sealer = Sealer::new(&KeyEncryptionKey([7; 32])).unwrap();
        let sealed = sealer.seal("user 1", b"secret").unwrap();
        assert_eq!(sealer.open("user 1", &sealed).unwrap(), b"secret");
        assert_ne!(sealed, sealer.seal("user 1", b"secret").unwrap(), "each has a nonce of its own");
        assert!(sealer.open("user 2", &sealed).is_err());
        let other = Sealer::new(&KeyEncryptionKey([8; 32])).unwrap();
        assert!(other.open("user 1", &sealed).is_err());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(sealer.open("user 1", &changed).is_err(), "byte {place}");
        }
        assert!(sealer.open("user 1", b"short").is_err());
    }

    #[test]
    fn the_key_is_not_shown() {
        assert_eq!(format!("{:?}", KeyEncryptionKey([7; 32])), "KeyEncryptionKey(***)");
    }
}

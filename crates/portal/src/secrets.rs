//! Secrets at rest: sealed with AES-256-GCM under a key that is not in the database.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{SHA256, digest};

use crate::error::Error;

/// The key that seals what the portal keeps secret in its tables: 32 random bytes, the same for every portal of a
/// company. While it is being changed, the one before opens too.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyEncryptionKey {
    key: [u8; 32],
    previous: Option<[u8; 32]>,
}

impl KeyEncryptionKey {
    /// A key, and no other beside it.
    pub fn new(key: [u8; 32]) -> KeyEncryptionKey {
        KeyEncryptionKey { key, previous: None }
    }

    /// The same key, with the one that it is to take the place of.
    #[must_use]
    pub fn with_previous(self, previous: Option<[u8; 32]>) -> KeyEncryptionKey {
        KeyEncryptionKey { previous: previous.filter(|previous| *previous != self.key), ..self }
    }

    /// The name of the key: 16 hexadecimal digits that do not tell the key.
    pub fn name(&self) -> String {
        name(&self.key)
    }

    /// The name of the one before.
    pub fn previous_name(&self) -> Option<String> {
        self.previous.as_ref().map(name)
    }
}

/// A digest of 256 random bits tells nothing of them.
fn name(key: &[u8; 32]) -> String {
    let digest = digest(&SHA256, &[b"quartermaster key-encryption key ".as_slice(), key].concat());
    hex::encode(digest.as_ref()).chars().take(16).collect()
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyEncryptionKey(***)")
    }
}

/// Which key sealed a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedUnder {
    /// The one in force.
    Key,
    /// The one before.
    Previous,
}

/// Seals and opens secrets.
pub struct Sealer {
    key: RandomizedNonceKey,
    previous: Option<RandomizedNonceKey>,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

impl Sealer {
    /// A sealer under `key`, which opens what the one before has sealed too.
    ///
    /// # Errors
    /// [`Error::Seal`] when the library refuses the key.
    pub fn new(key: &KeyEncryptionKey) -> Result<Sealer, Error> {
        let aead = |key: &[u8; 32]| RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| Error::Seal);
        Ok(Sealer { key: aead(&key.key)?, previous: key.previous.as_ref().map(aead).transpose()? })
    }

    /// Seals a secret: a random nonce, the ciphertext and its tag. `purpose` says what it is for and whose it is; it
    /// opens for the same purpose alone, so that what is sealed for one row is of no use in another.
    ///
    /// # Errors
    /// [`Error::Seal`] when the library fails.
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, Error> {
        self.seal_under(SealedUnder::Key, purpose, secret)
    }

    /// Seals a secret so that portals which do not know the new key yet can open it: under the one before, where there
    /// is one.
    ///
    /// # Errors
    /// As [`Sealer::seal`].
    pub fn seal_for_all(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, Error> {
        self.seal_under(SealedUnder::Previous, purpose, secret)
    }

    /// Seals a secret under that key; under the one in force where there is none before.
    ///
    /// # Errors
    /// As [`Sealer::seal`].
    pub fn seal_under(&self, which: SealedUnder, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, Error> {
        let key = match which {
            SealedUnder::Key => &self.key,
            SealedUnder::Previous => self.previous.as_ref().unwrap_or(&self.key),
        };
        let mut text = secret.to_vec();
        let nonce = key
            .seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut text)
            .map_err(|_| Error::Seal)?;
        Ok([nonce.as_ref().as_slice(), &text].concat())
    }

    /// Opens what [`Sealer::seal`] made for `purpose`.
    ///
    /// # Errors
    /// [`Error::Seal`] when it was sealed under another key or for another purpose, or was changed.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.open_and_tell(purpose, sealed).map(|(secret, _)| secret)
    }

    /// The same, and which key it was sealed under.
    ///
    /// # Errors
    /// As [`Sealer::open`].
    pub fn open_and_tell(&self, purpose: &str, sealed: &[u8]) -> Result<(Vec<u8>, SealedUnder), Error> {
        let keys = [(Some(&self.key), SealedUnder::Key), (self.previous.as_ref(), SealedUnder::Previous)];
        let opened = keys.into_iter().find_map(|(key, which)| Some((open(key?, purpose, sealed)?, which)));
        opened.ok_or(Error::Seal)
    }
}

fn open(key: &RandomizedNonceKey, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut text = text.to_vec();
    let secret = key.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut text);
    secret.map(|secret| secret.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_under_its_key_and_for_its_purpose_alone() {
        let sealer = Sealer::new(&KeyEncryptionKey::new([7; 32])).unwrap();
        let sealed = sealer.seal("user 1", b"secret").unwrap();
        assert_eq!(sealer.open("user 1", &sealed).unwrap(), b"secret");
        assert_ne!(sealed, sealer.seal("user 1", b"secret").unwrap(), "each has a nonce of its own");
        assert!(sealer.open("user 2", &sealed).is_err());
        let other = Sealer::new(&KeyEncryptionKey::new([8; 32])).unwrap();
        assert!(other.open("user 1", &sealed).is_err());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(sealer.open("user 1", &changed).is_err(), "byte {place}");
        }
        assert!(sealer.open("user 1", b"short").is_err());
    }

    #[test]
    fn what_the_key_before_sealed_opens_while_both_are_known() {
        let old = KeyEncryptionKey::new([7; 32]);
        let new = KeyEncryptionKey::new([8; 32]);
        let both = Sealer::new(&new.clone().with_previous(Some([7; 32]))).unwrap();
        let (old_sealer, new_sealer) = (Sealer::new(&old).unwrap(), Sealer::new(&new).unwrap());
        let sealed = old_sealer.seal("user 1", b"secret").unwrap();
        assert_eq!(
            both.open_and_tell("user 1", &sealed).unwrap(),
            (b"secret".to_vec(), SealedUnder::Previous)
        );
        assert!(new_sealer.open("user 1", &sealed).is_err());
        let sealed = both.seal("user 1", b"secret").unwrap();
        assert_eq!(both.open_and_tell("user 1", &sealed).unwrap().1, SealedUnder::Key);
        assert!(new_sealer.open("user 1", &sealed).is_ok() && old_sealer.open("user 1", &sealed).is_err());
        assert!(old_sealer.open("user 1", &both.seal_for_all("user 1", b"secret").unwrap()).is_ok());
        assert_eq!(new.clone().with_previous(Some([8; 32])), new, "a key is not the one before itself");
        assert_ne!(old.name(), new.name());
    }

    #[test]
    fn the_key_is_not_shown() {
        assert_eq!(format!("{:?}", KeyEncryptionKey::new([7; 32])), "KeyEncryptionKey(***)");
    }
}

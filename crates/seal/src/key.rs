//! Ed25519 keys that seal, and their files.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use files::Fault;
use thiserror::Error;

use crate::hash::Hash;

/// What stands before the 32 bytes of a public key in its DER form (RFC 8410).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";

/// What is wrong with a key or its file.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is a file already, which may hold a key that is needed.
    #[error("{0}: is there already; a key is never overwritten")]
    Exists(PathBuf),
    /// The file holds no such key.
    #[error("{0}: holds no Ed25519 key in PEM form")]
    NoKey(PathBuf),
    /// Others can read or change the private key.
    #[error(transparent)]
    Open(Fault),
    /// The system gave no randomness or refused to sign.
    #[error("the system could not make or use a key")]
    System,
}

/// A private key. What it signs, nobody without it can rewrite.
pub struct SealingKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingKey").field("id", &self.public.id()).finish_non_exhaustive()
    }
}

impl SealingKey {
    /// A new key.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<SealingKey, KeyError> {
        Ok(SealingKey::of(Ed25519KeyPair::generate().map_err(|_| KeyError::System)?))
    }

    fn of(pair: Ed25519KeyPair) -> SealingKey {
        let mut public = [0; 32];
        public.copy_from_slice(pair.public_key().as_ref());
        SealingKey { pair, public: PublicKey(public) }
    }

    /// Reads the key from a PEM file (PKCS #8).
    ///
    /// # Errors
    /// When it cannot be read, is no key, or others can read or change it.
    pub fn read(path: &Path) -> Result<SealingKey, KeyError> {
        let text = files::read_private(path).map_err(|fault| match fault {
            Fault::Io { path, source } => KeyError::File { path, source },
            fault @ Fault::Exposed { .. } => KeyError::Open(fault),
        })?;
        let der = blocks(&text, PRIVATE).into_iter().next();
        let pair = der.and_then(|der| Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).ok());
        pair.map(SealingKey::of).ok_or_else(|| KeyError::NoKey(path.to_owned()))
    }

    /// Writes the key to a new file that its owner alone can read.
    ///
    /// # Errors
    /// When there is such a file, or it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), KeyError> {
        let told = |source: io::Error| match source.kind() {
            io::ErrorKind::AlreadyExists => KeyError::Exists(path.to_owned()),
            _ => KeyError::File { path: path.to_owned(), source },
        };
        let der = self.pair.to_pkcs8v1().map_err(|_| KeyError::System)?;
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(path).map_err(told)?;
        file.write_all(pem(PRIVATE, der.as_ref()).as_bytes()).map_err(told)?;
        file.sync_all().map_err(told)
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The signature of some bytes.
    pub(crate) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        let signed = self.pair.sign(bytes);
        for (to, from) in signature.iter_mut().zip(signed.as_ref()) {
            *to = *from;
        }
        signature
    }
}

/// A public key: what checks seals.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(pub [u8; 32]);

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

impl PublicKey {
    /// The name of the key: the first 16 bytes of the SHA-256 of its 32 bytes, as 32 small hexadecimal digits.
    pub fn id(&self) -> String {
        Hash::of(&self.0).to_string().chars().take(32).collect()
    }

    /// Whether this key's private half signed the bytes.
    pub fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(bytes, signature).is_ok()
    }

    /// The key in PEM form.
    pub fn pem(&self) -> String {
        pem(PUBLIC, &[SPKI.as_slice(), &self.0].concat())
    }

    /// Every public key of a PEM file; of a private key in it, the public half.
    ///
    /// # Errors
    /// When it cannot be read or holds none.
    pub fn read_all(path: &Path) -> Result<Vec<PublicKey>, KeyError> {
        let told = |source| KeyError::File { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(told)?;
        let public = blocks(&text, PUBLIC).into_iter().filter_map(|der| {
            let bytes = der.strip_prefix(SPKI.as_slice())?;
            bytes.try_into().ok().map(PublicKey)
        });
        let private = blocks(&text, PRIVATE).into_iter().filter_map(|der| {
            Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).ok().map(|pair| SealingKey::of(pair).public)
        });
        let keys: Vec<PublicKey> = public.chain(private).collect();
        if keys.is_empty() { Err(KeyError::NoKey(path.to_owned())) } else { Ok(keys) }
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// What the blocks of that label hold.
fn blocks(text: &str, label: &str) -> Vec<Vec<u8>> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let bodies = text.split(&begin).skip(1).filter_map(|rest| rest.split_once(&end).map(|(body, _)| body));
    let decode = |body: &str| STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok();
    bodies.filter_map(decode).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_comes_back_from_its_file_which_is_private_and_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seal.key");
        let key = SealingKey::generate().unwrap();
        key.write(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let again = SealingKey::read(&path).unwrap();
        assert_eq!(again.public(), key.public());
        assert!(key.public().verifies(b"text", &again.sign(b"text")));
        assert!(!key.public().verifies(b"texts", &again.sign(b"text")));
        assert!(matches!(key.write(&path), Err(KeyError::Exists(_))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(SealingKey::read(&path), Err(KeyError::Open(_))));
    }

    #[test]
    fn public_keys_are_read_from_a_file_of_several_and_from_private_ones() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (SealingKey::generate().unwrap(), SealingKey::generate().unwrap());
        let path = dir.path().join("seal.pub");
        std::fs::write(&path, one.public().pem() + "a note\n" + &other.public().pem()).unwrap();
        assert_eq!(PublicKey::read_all(&path).unwrap(), [*one.public(), *other.public()]);
        let private = dir.path().join("seal.key");
        one.write(&private).unwrap();
        assert_eq!(PublicKey::read_all(&private).unwrap(), [*one.public()]);
        assert_ne!(one.public().id(), other.public().id());
        std::fs::write(&path, "no key").unwrap();
        assert!(matches!(PublicKey::read_all(&path), Err(KeyError::NoKey(_))));
        assert!(matches!(SealingKey::read(&path), Err(KeyError::Open(_) | KeyError::NoKey(_))));
    }

    #[test]
    fn a_key_does_not_show_its_secret() {
        let shown = format!("{:?}", SealingKey::generate().unwrap());
        assert!(shown.starts_with("SealingKey { id: \"") && shown.len() < 70, "{shown}");
    }
}

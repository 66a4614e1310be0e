//! Private keys that sign tokens: Ed25519, kept as PKCS #8.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use thiserror::Error;

use crate::claims::Claims;
use crate::jwk::Jwk;

/// A private key, and its public half.
pub struct SigningKey {
    pkcs8: Vec<u8>,
    public: Jwk,
    encoding: EncodingKey,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.public.kid).finish_non_exhaustive()
    }
}

/// What is wrong with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the key is not a usable Ed25519 key")]
pub struct KeyError;

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<SigningKey, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError)?;
        let pkcs8 = pair.to_pkcs8v1().map_err(|_| KeyError)?;
        SigningKey::from_pkcs8(pkcs8.as_ref())
    }

    /// The key that [`SigningKey::to_pkcs8`] wrote.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<SigningKey, KeyError> {
        // "Unchecked" says only that version 1 of PKCS #8 brings no public half to be compared with.
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(|_| KeyError)?;
        let public_key = pair.public_key().as_ref().try_into().map_err(|_| KeyError)?;
        let public = Jwk::ed25519(public_key);
        Ok(SigningKey { pkcs8: pkcs8.to_vec(), public, encoding: EncodingKey::from_ed_der(pkcs8) })
    }

    /// The private key in PKCS #8 (DER), to be kept.
    pub fn to_pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The public half.
    pub fn public(&self) -> &Jwk {
        &self.public
    }

    /// The name of the key.
    pub fn kid(&self) -> &str {
        &self.public.kid
    }

    /// A signed token.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn mint(&self, claims: &Claims) -> Result<String, KeyError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.public.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.encoding).map_err(|_| KeyError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_pkcs8_as_it_was() {
        let key = SigningKey::generate().unwrap();
        let again = SigningKey::from_pkcs8(key.to_pkcs8()).unwrap();
        assert_eq!(again.public(), key.public());
        assert_ne!(SigningKey::generate().unwrap().kid(), key.kid());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for bytes in [&b""[..], b"key", &[0x30; 48]] {
            assert_eq!(SigningKey::from_pkcs8(bytes).err(), Some(KeyError));
        }
    }

    #[test]
    fn a_key_does_not_show_its_secret() {
        let shown = format!("{:?}", SigningKey::generate().unwrap());
        assert!(shown.contains("kid") && !shown.contains("pkcs8") && !shown.contains("encoding"), "{shown}");
    }
}

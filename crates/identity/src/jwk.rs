//! Public keys as JSON Web Keys (RFC 7517, RFC 8037), as the portal publishes them.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How many bytes an Ed25519 public key has.
const PUBLIC_KEY_BYTES: usize = 32;

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    #[serde(default)]
    pub crv: String,
    /// The key itself, base64url.
    #[serde(default)]
    pub x: String,
    /// Its name: the thumbprint of RFC 7638.
    #[serde(default)]
    pub kid: String,
    /// `EdDSA`.
    #[serde(default)]
    pub alg: String,
    /// `sig`.
    #[serde(rename = "use", default)]
    pub usage: String,
}

/// Public keys as a JWK Set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}

impl Jwk {
    /// The Ed25519 key of these bytes.
    pub(crate) fn ed25519(public: &[u8; PUBLIC_KEY_BYTES]) -> Jwk {
        let x = BASE64_URL_SAFE_NO_PAD.encode(public);
        // RFC 7638: the required members alone, in the order of their names, without a space.
        let thumbprint = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        Jwk {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            x,
            kid: BASE64_URL_SAFE_NO_PAD.encode(thumbprint),
            alg: "EdDSA".to_owned(),
            usage: "sig".to_owned(),
        }
    }

    /// What verifies with it; `None` when it is not an Ed25519 signing key with a name.
    pub(crate) fn decoding_key(&self) -> Option<DecodingKey> {
        let ours = self.kty == "OKP"
            && self.crv == "Ed25519"
            && !self.kid.is_empty()
            && matches!(self.alg.as_str(), "" | "EdDSA")
            && matches!(self.usage.as_str(), "" | "sig");
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&self.x).ok()?;
        if !ours || bytes.len() != PUBLIC_KEY_BYTES {
            return None;
        }
        DecodingKey::from_ed_components(&self.x).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The public key of RFC 8037, appendix A.
    const EXAMPLE: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    #[test]
    fn the_name_of_a_key_is_the_thumbprint_of_rfc_8037() {
        let jwk = Jwk::ed25519(&BASE64_URL_SAFE_NO_PAD.decode(EXAMPLE).unwrap().try_into().unwrap());
        assert_eq!(jwk.kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert!(jwk.decoding_key().is_some());
    }

    #[test]
    fn keys_of_other_kinds_and_uses_verify_nothing() {
        let good = Jwk::ed25519(&[7; 32]);
        let changed = |change: fn(&mut Jwk)| {
            let mut jwk = good.clone();
            change(&mut jwk);
            jwk
        };
        for jwk in [
            changed(|k| k.kty = "RSA".to_owned()),
            changed(|k| k.crv = "X25519".to_owned()),
            changed(|k| k.kid.clear()),
            changed(|k| k.alg = "HS256".to_owned()),
            changed(|k| k.usage = "enc".to_owned()),
            changed(|k| k.x.clear()),
            changed(|k| k.x = "AAAA".to_owned()),
            changed(|k| k.x = "not base64!".to_owned()),
        ] {
            assert!(jwk.decoding_key().is_none(), "{jwk:?}");
        }
    }
}

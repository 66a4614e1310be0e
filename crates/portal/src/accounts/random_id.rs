//! Ids that open something: 256 random bits in a cookie, their digest alone in the database.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Makes one.
pub(crate) fn make() -> String {
    let random: [u8; 32] = rand::random();
    BASE64_URL_SAFE_NO_PAD.encode(random)
}

/// What the database keeps of one.
pub(crate) fn digest(id: &str) -> Vec<u8> {
    Sha256::digest(id.as_bytes()).to_vec()
}

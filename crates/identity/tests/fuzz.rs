//! Whatever may come as a token or as published keys.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::sync::LazyLock;

use bolero::check;
use identity::{JwkSet, SigningKey, TokenFeed, Verifier};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().build().unwrap());
static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate().unwrap());
static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let keys = JwkSet { keys: vec![KEY.public().clone()] };
    Verifier::with_keys(&keys, "portal", "services")
});

#[test]
fn no_token_is_believed_that_was_not_signed() {
    check!().for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        // The key's name is random; a header that has it gets as far as its signature.
        let token = text.replace("KID", KEY.kid());
        assert!(RUNTIME.block_on(VERIFIER.verify(&token)).is_err(), "{text:?}");
    });
}

#[test]
fn keys_are_taken_as_far_as_they_are_understood() {
    check!().for_each(|bytes: &[u8]| {
        if let Ok(keys) = serde_json::from_slice::<JwkSet>(bytes) {
            let verifier = Verifier::with_keys(&keys, "portal", "services");
            assert!(RUNTIME.block_on(verifier.verify("e30.e30.")).is_err());
        }
        let _ = serde_json::from_slice::<TokenFeed>(bytes);
    });
}

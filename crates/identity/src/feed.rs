//! What the portal publishes of its tokens: the public keys, and which tokens it has revoked.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::claims::TOKEN_LIFETIME;
use crate::jwk::JwkSet;
use crate::verifier::CLOCK_DIFFERENCE;

/// How long after it was made a token may still be valid somewhere, in seconds: what a key stays published after its
/// last signature, and what a revocation is kept.
pub const TOKEN_REACH: i64 = TOKEN_LIFETIME + CLOCK_DIFFERENCE;

/// The portal's answer at `/.well-known/jwks.json?after=VERSION`: a JWK Set with members of our own, which others
/// ignore (RFC 7517 §5). It comes once the version is another than the caller's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenFeed {
    /// The published keys.
    #[serde(flatten)]
    pub keys: JwkSet,
    /// Changes whenever something below does; never 0.
    #[serde(default)]
    pub version: i64,
    /// By subject: its tokens made in this second (since 1970) or before are revoked.
    #[serde(default)]
    pub revoked: HashMap<String, i64>,
    /// By the subject of a client: that of the user who answers for it. Numbers alone, since anybody may read the feed.
    #[serde(default)]
    pub owners: HashMap<String, String>,
}

/// The revocations that are known.
#[derive(Debug, Default)]
pub(crate) struct Revocations(HashMap<String, i64>);

impl Revocations {
    /// Adds what the portal says to what is known. Nothing is taken back before its time, so an answer that comes late,
    /// or from a portal process that lags behind, revives no token.
    pub(crate) fn learn(&mut self, revoked: &HashMap<String, i64>, now: i64) {
        self.0.retain(|_, second| *second + TOKEN_REACH >= now);
        for (subject, second) in revoked {
            let known = self.0.entry(subject.clone()).or_insert(*second);
            *known = (*known).max(*second);
        }
    }

    /// Whether a token of `subject` made in the second `issued_at` is revoked.
    pub(crate) fn contain(&self, subject: &str, issued_at: i64) -> bool {
        // Almost always there is none, and nothing is hashed.
        !self.0.is_empty() && self.0.get(subject).is_some_and(|second| issued_at <= *second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revoked(entries: &[(&str, i64)]) -> HashMap<String, i64> {
        entries.iter().map(|(subject, second)| ((*subject).to_owned(), *second)).collect()
    }

    #[test]
    fn tokens_of_the_second_and_before_are_revoked_for_that_subject_alone() {
        let mut known = Revocations::default();
        known.learn(&revoked(&[("7", 100)]), 100);
        assert!(known.contain("7", 99) && known.contain("7", 100));
        assert!(!known.contain("7", 101) && !known.contain("8", 100));
    }

    #[test]
    fn nothing_is_taken_back_by_an_answer_that_knows_less() {
        let mut known = Revocations::default();
        known.learn(&revoked(&[("7", 100)]), 100);
        known.learn(&revoked(&[("7", 90)]), 101);
        known.learn(&revoked(&[]), 102);
        assert!(known.contain("7", 100));
    }

    #[test]
    fn a_revocation_is_kept_for_as_long_as_its_tokens_could_live() {
        let mut known = Revocations::default();
        known.learn(&revoked(&[("7", 100)]), 100);
        known.learn(&revoked(&[]), 100 + TOKEN_REACH);
        assert!(known.contain("7", 100));
        known.learn(&revoked(&[]), 101 + TOKEN_REACH);
        assert!(!known.contain("7", 100));
    }

    #[test]
    fn the_feed_is_a_jwk_set_and_a_jwk_set_is_a_feed() {
        let feed = TokenFeed { version: 3, revoked: revoked(&[("7", 100)]), ..TokenFeed::default() };
        let text = serde_json::to_string(&feed).unwrap();
        assert_eq!(serde_json::from_str::<JwkSet>(&text).unwrap(), feed.keys);
        assert_eq!(serde_json::from_str::<TokenFeed>(r#"{"keys":[]}"#).unwrap(), TokenFeed::default());
    }
}

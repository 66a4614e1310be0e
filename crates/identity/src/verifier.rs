//! Verifying tokens: EdDSA alone, by the portal's published keys. Each token is verified once and remembered until
//! it ends or the keys change, since a signature check on every request costs half the read throughput. Whether it is
//! revoked is asked on every request.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation};
use quick_cache::sync::Cache;
use serde::Deserialize;
use thiserror::Error;

use crate::caller::Caller;
use crate::claims::{Claims, TOKEN_LIFETIME};
use crate::feed::TokenFeed;
use crate::jwk::JwkSet;
use crate::jwks::{Following, KeySourceError, KeyStore, NoKeys};
use crate::owners::Owners;

/// No token of ours is longer; longer ones are refused unread.
const LONGEST_TOKEN: usize = 8 * 1024;
/// How many verified tokens are remembered.
const REMEMBERED: usize = 10_000;
/// How far in the future a token's making may lie, for clocks that differ, in seconds.
pub(crate) const CLOCK_DIFFERENCE: i64 = 60;

/// Why a token gives no caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenError {
    /// It is not to be believed. To clients this is all one (401): the reason is for the log.
    #[error("the token is not valid")]
    Bad(#[source] BadToken),
    /// Nothing can be verified: no key was ever had from the portal, and it is away (503).
    #[error("the portal's keys could not be fetched")]
    NoKeys,
}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadToken {
    /// Longer than any token of ours.
    #[error("the token is too long")]
    TooLong,
    /// Not three base64url parts of the right JSON.
    #[error("the token is malformed")]
    Malformed,
    /// Not an EdDSA-signed JWT.
    #[error("the token is not a JWT signed with EdDSA")]
    Algorithm,
    /// Signed by a key that the portal does not publish.
    #[error("the token's key is not known")]
    UnknownKey,
    /// The signature is not that of the key.
    #[error("the token's signature is wrong")]
    Signature,
    /// Made by someone else.
    #[error("the token is of another issuer")]
    Issuer,
    /// Made for someone else.
    #[error("the token is for another audience")]
    Audience,
    /// Its time is over.
    #[error("the token has ended")]
    Ended,
    /// Its time has not come.
    #[error("the token is of the future")]
    Future,
    /// Its user or client was disabled, changed or signed out since it was made.
    #[error("the token is revoked")]
    Revoked,
}

impl From<BadToken> for TokenError {
    fn from(bad: BadToken) -> TokenError {
        TokenError::Bad(bad)
    }
}

/// Verifies tokens.
pub struct Verifier {
    keys: Arc<KeyStore>,
    validation: Validation,
    verified: Cache<Arc<str>, Verified>,
    /// `None` when the keys are fixed.
    _following: Option<Following>,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// A token whose signature and claims were found right.
#[derive(Clone)]
struct Verified {
    caller: Arc<Caller>,
    /// Whose it is, and the second it was made in: what revocations speak of.
    subject: Arc<str>,
    issued_at: i64,
    /// The keys it was verified by.
    generation: u64,
}

/// The header of a token. A member more, such as `jku`, `jwk`, `crit` or `zip`, is nothing that the portal writes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

impl Verifier {
    /// A verifier of tokens that `issuer` made for `audience`, by the keys published at `jwks_url`. It follows what the
    /// portal publishes there, keys and revocations, for as long as it lives.
    ///
    /// # Errors
    /// When the system gives no TLS to fetch them with, or outside a runtime.
    pub fn new(jwks_url: &str, issuer: &str, audience: &str) -> Result<Verifier, KeySourceError> {
        Verifier::following(KeyStore::at(jwks_url)?, issuer, audience)
    }

    /// As [`Verifier::new`], where the portal's certificate is of a private authority: `ca` is the PEM text of its
    /// certificates, and no other authority is believed.
    ///
    /// # Errors
    /// When `ca` has no certificate.
    pub fn with_ca(
        jwks_url: &str,
        ca: &[u8],
        issuer: &str,
        audience: &str,
    ) -> Result<Verifier, KeySourceError> {
        Verifier::following(KeyStore::with_ca(jwks_url, Some(ca))?, issuer, audience)
    }

    fn following(keys: KeyStore, issuer: &str, audience: &str) -> Result<Verifier, KeySourceError> {
        let keys = Arc::new(keys);
        let following = keys.follow()?;
        Ok(Verifier { _following: Some(following), ..Verifier::of(keys, issuer, audience) })
    }

    /// A verifier by these keys alone.
    pub fn with_keys(keys: &JwkSet, issuer: &str, audience: &str) -> Verifier {
        Verifier::of(Arc::new(KeyStore::fixed(keys)), issuer, audience)
    }

    /// A verifier by these keys and revocations alone, for one token or a few.
    pub fn with_feed(feed: &TokenFeed, issuer: &str, audience: &str) -> Verifier {
        let keys = Arc::new(KeyStore::of_feed(feed));
        Verifier { verified: Cache::new(1), ..Verifier::of(keys, issuer, audience) }
    }

    fn of(keys: Arc<KeyStore>, issuer: &str, audience: &str) -> Verifier {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = 0;
        Verifier { keys, validation, verified: Cache::new(REMEMBERED), _following: None }
    }

    /// Who answers for which API client, as the portal says: what is known follows the portal.
    pub fn owners(&self) -> &Owners {
        self.keys.owners()
    }

    /// The caller that a token describes.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn verify(&self, token: &str) -> Result<Arc<Caller>, TokenError> {
        if token.len() > LONGEST_TOKEN {
            return Err(BadToken::TooLong.into());
        }
        let now = jiff::Timestamp::now().as_second();
        // Read before the keys are: should they change meanwhile, the token is verified once more next time.
        let generation = self.keys.generation();
        let known = self.verified.get(token).filter(|known| known.generation == generation);
        let verified = match known {
            Some(known) => known,
            None => self.read(token, now, generation).await?,
        };
        if verified.caller.expires_at() <= now {
            self.verified.remove(token);
            return Err(BadToken::Ended.into());
        }
        if self.keys.has_revoked(&verified.subject, verified.issued_at) {
            return Err(BadToken::Revoked.into());
        }
        Ok(verified.caller)
    }

    /// Verifies a token and remembers it.
    async fn read(&self, token: &str, now: i64, generation: u64) -> Result<Verified, TokenError> {
        let header = header(token)?;
        let key = self.keys.find(&header.kid).await.map_err(|NoKeys| TokenError::NoKeys)?;
        let key = key.ok_or(BadToken::UnknownKey)?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &self.validation)
            .map_err(|error| reason(error.kind()))?
            .claims;
        let caller = Arc::new(believe(&claims, now)?);
        let (subject, issued_at) = (Arc::from(claims.sub), claims.iat);
        let verified = Verified { caller, subject, issued_at, generation };
        self.verified.insert(Arc::from(token), verified.clone());
        Ok(verified)
    }
}

/// The header, if it is one of ours. A key is chosen by its name alone, among those that are known.
fn header(token: &str) -> Result<Header, BadToken> {
    let (header, _) = token.split_once('.').ok_or(BadToken::Malformed)?;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(header).map_err(|_| BadToken::Malformed)?;
    let header: Header = serde_json::from_slice(&bytes).map_err(|_| BadToken::Malformed)?;
    if header.alg != "EdDSA" || header.typ != "JWT" {
        return Err(BadToken::Algorithm);
    }
    Ok(header)
}

/// What the signature and the library do not say.
fn believe(claims: &Claims, now: i64) -> Result<Caller, BadToken> {
    if claims.exp <= now {
        return Err(BadToken::Ended);
    }
    if claims.iat > now + CLOCK_DIFFERENCE {
        return Err(BadToken::Future);
    }
    // No token of ours lives longer, and a revocation is not kept for longer.
    let lifetime = claims.exp.saturating_sub(claims.iat);
    let named = [&claims.sub, &claims.username, &claims.jti].iter().all(|name| !name.is_empty());
    if !named || !(1..=TOKEN_LIFETIME).contains(&lifetime) {
        return Err(BadToken::Malformed);
    }
    claims.caller().ok_or(BadToken::Malformed)
}

fn reason(kind: &ErrorKind) -> BadToken {
    match kind {
        ErrorKind::InvalidSignature => BadToken::Signature,
        ErrorKind::ExpiredSignature => BadToken::Ended,
        ErrorKind::InvalidIssuer => BadToken::Issuer,
        ErrorKind::InvalidAudience => BadToken::Audience,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => BadToken::Algorithm,
        _ => BadToken::Malformed,
    }
}

#[cfg(test)]
mod tests;

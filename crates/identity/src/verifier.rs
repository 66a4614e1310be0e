//! Verifying tokens: EdDSA alone, by the portal's published keys. Each token is verified once and remembered until
//! it ends, since a signature check on every request costs half the read throughput.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation};
use quick_cache::sync::Cache;
use serde::Deserialize;
use serde::de::IgnoredAny;
use thiserror::Error;

use crate::caller::Caller;
use crate::claims::Claims;
use crate::jwk::JwkSet;
use crate::jwks::{KeySourceError, KeyStore, NoKeys};

/// No token of ours is longer; longer ones are refused unread.
const LONGEST_TOKEN: usize = 8 * 1024;
/// How many verified tokens are remembered.
const REMEMBERED: usize = 10_000;
/// How far in the future a token's making may lie, for clocks that differ, in seconds.
const CLOCK_DIFFERENCE: i64 = 60;

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
    /// Its header brings a key, or an extension, of its own.
    #[error("the token's header brings its own key")]
    BringsKey,
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
    verified: Cache<Arc<str>, Arc<Caller>>,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// The header of a token. Unknown members are fine, those that bring a key or must be understood are not.
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
    jku: Option<IgnoredAny>,
    x5u: Option<IgnoredAny>,
    x5c: Option<IgnoredAny>,
    jwk: Option<IgnoredAny>,
    crit: Option<IgnoredAny>,
}

impl Verifier {
    /// A verifier of tokens that `issuer` made for `audience`, by the keys published at `jwks_url`. They are fetched
    /// when the first token comes.
    ///
    /// # Errors
    /// When the system gives no TLS to fetch them with.
    pub fn new(jwks_url: &str, issuer: &str, audience: &str) -> Result<Verifier, KeySourceError> {
        Ok(Verifier::of(KeyStore::at(jwks_url)?, issuer, audience))
    }

    /// A verifier by these keys alone.
    pub fn with_keys(keys: &JwkSet, issuer: &str, audience: &str) -> Verifier {
        Verifier::of(KeyStore::fixed(keys), issuer, audience)
    }

    fn of(keys: KeyStore, issuer: &str, audience: &str) -> Verifier {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = 0;
        Verifier { keys: Arc::new(keys), validation, verified: Cache::new(REMEMBERED) }
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
        if let Some(caller) = self.verified.get(token) {
            if now < caller.expires_at() {
                return Ok(caller);
            }
            self.verified.remove(token);
            return Err(BadToken::Ended.into());
        }
        let header = header(token)?;
        let key = self.keys.find(&header.kid).await.map_err(|NoKeys| TokenError::NoKeys)?;
        let key = key.ok_or(BadToken::UnknownKey)?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &self.validation)
            .map_err(|error| reason(error.kind()))?
            .claims;
        let caller = Arc::new(believe(&claims, now)?);
        self.verified.insert(Arc::from(token), Arc::clone(&caller));
        Ok(caller)
    }
}

/// The header, if it is one of ours. A key is chosen by its name alone, among those that are known.
fn header(token: &str) -> Result<Header, BadToken> {
    let (header, _) = token.split_once('.').ok_or(BadToken::Malformed)?;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(header).map_err(|_| BadToken::Malformed)?;
    let header: Header = serde_json::from_slice(&bytes).map_err(|_| BadToken::Malformed)?;
    let own_keys = [&header.jku, &header.x5u, &header.x5c, &header.jwk, &header.crit];
    if own_keys.iter().any(|own| own.is_some()) {
        return Err(BadToken::BringsKey);
    }
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
    if claims.sub.is_empty() || claims.username.is_empty() || claims.iat >= claims.exp {
        return Err(BadToken::Malformed);
    }
    Ok(claims.caller())
}

fn reason(kind: &ErrorKind) -> BadToken {
    match kind {
        ErrorKind::InvalidSignature => BadToken::Signature,
        ErrorKind::ExpiredSignature => BadToken::Ended,
        ErrorKind::ImmatureSignature => BadToken::Future,
        ErrorKind::InvalidIssuer => BadToken::Issuer,
        ErrorKind::InvalidAudience => BadToken::Audience,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => BadToken::Algorithm,
        _ => BadToken::Malformed,
    }
}

#[cfg(test)]
mod tests;

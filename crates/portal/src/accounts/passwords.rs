//! Passwords: argon2id with 19 MiB, 2 passes, 1 lane (OWASP's first choice, and the crate's default).

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::error::Error;

/// Each hashing takes 19 MiB and a core for a while; more at once would starve everything else.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// A hash that no password has, to be checked when there is no user: both take the same time.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let random: [u8; 32] = rand::random();
    Argon2::default().hash_password(&random).map_or_else(|_| String::new(), |hash| hash.to_string())
});

/// Hashes a password of 8 to 128 characters.
///
/// # Errors
/// [`Error::Invalid`] when it is shorter or longer.
pub async fn hash(password: &str) -> Result<String, Error> {
    if !(8..=128).contains(&password.chars().count()) {
        return Err(Error::Invalid("a password must have 8 to 128 characters".to_owned()));
    }
    let password = password.to_owned();
    let _permit = AT_ONCE.acquire().await.map_err(|_| Error::Hash)?;
    let hashing = tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
    });
    hashing.await.map_err(|_| Error::Hash)?.map_err(|_| Error::Hash)
}

/// Whether `password` is the one that `hash` was made of. Without a hash the answer is no, after the same time.
///
/// # Errors
/// [`Error::Hash`] when hashing fails.
pub async fn verify(password: &str, hash: Option<&str>) -> Result<bool, Error> {
    let known = hash.is_some();
    let hash = hash.unwrap_or(&NOBODY).to_owned();
    let password = password.to_owned();
    let _permit = AT_ONCE.acquire().await.map_err(|_| Error::Hash)?;
    let verifying = tokio::task::spawn_blocking(move || {
        PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    });
    Ok(verifying.await.map_err(|_| Error::Hash)? && known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_alone() {
        let hash = hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("correct horse", Some(&hash)).await.unwrap());
        assert!(!verify("wrong horse", Some(&hash)).await.unwrap());
        assert!(!verify("correct horse", None).await.unwrap());
    }

    #[tokio::test]
    async fn passwords_too_short_or_too_long_are_refused() {
        assert!(hash("1234567").await.is_err());
        assert!(hash(&"x".repeat(129)).await.is_err());
    }
}

//! Passwords: argon2id with 19 MiB, 2 passes, 1 lane (OWASP's first choice, and the crate's default).
//!
//! They are taken in Unicode's composed form (NFC), so that the same letters typed on another keyboard are the same
//! password. What Django hashed is checked as it is, until a sign-in gives it a hash of ours.

pub(crate) mod django;
mod rules;

pub use rules::{BadPassword, RULES};

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use unicode_normalization::UnicodeNormalization;

use super::hashing::{self, Lane, Place};
use crate::error::Error;

/// A hash that no password has, to be checked when there is no user: both take the same time.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let random: [u8; 32] = rand::random();
    Argon2::default().hash_password(&random).map_or_else(|_| String::new(), |hash| hash.to_string())
});

/// What stands in place of a hash where there is no password to sign in with. As Django has it.
pub(crate) const UNUSABLE: &str = "!";

/// Longer texts are no password of anybody's, and are not worth the work.
const LONGEST_TRIED: usize = 4_096;

/// What a password is to a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// It is not the one.
    Wrong,
    /// It is the one that the hash was made of.
    Right,
    /// It is, and the hash is of another kind or weaker than those made now.
    RightButOld,
}

/// Hashes a password for a user.
///
/// # Errors
/// [`Error::Invalid`] when it is shorter than 8 or longer than 128 characters, is or contains the user name, or is one
/// of the most common ones.
pub async fn hash(password: &str, username: &str) -> Result<String, Error> {
    let password: String = password.nfc().collect();
    rules::check(&password, username)?;
    again(&hashing::for_new_password()?, &password).await
}

/// Hashes a password that a user has already, whatever today's rules say of it.
pub(crate) async fn again(place: &Place<'_>, password: &str) -> Result<String, Error> {
    let password: String = password.nfc().collect();
    let hashed =
        place.run(move || Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()));
    hashed.await?.map_err(|_| Error::Hash)
}

/// A password that is tried, and the hash it is tried against.
pub(crate) struct Tried {
    password: String,
    stored: String,
}

impl Tried {
    /// What is stored may be nothing, where there is no such user.
    pub(crate) fn new(password: &str, stored: Option<&str>) -> Tried {
        let possible = password.len() <= LONGEST_TRIED;
        let password = if possible { password.to_owned() } else { String::new() };
        Tried { password, stored: stored.filter(|_| possible).unwrap_or(UNUSABLE).to_owned() }
    }

    /// Whether the password is the one that the hash was made of. For a stranger the same work is done for every wrong
    /// one, whatever is stored: one argon2id, and as many iterations of Django's PBKDF2 as `dearest` says: the most that
    /// any hash in the table asks for, 0 when there is none left. It is asked only then.
    ///
    /// # Errors
    /// [`Error::Gone`] when the client has left before anything was done; [`Error::Busy`] when too many wait for a hash of
    /// Django's; [`Error::Hash`] when hashing fails.
    pub(crate) async fn check(
        self,
        place: &mut Place<'_>,
        dearest: impl AsyncFnOnce() -> Result<u32, Error>,
    ) -> Result<Check, Error> {
        let Tried { password, stored } = self;
        let composed: String = password.nfc().collect();
        let django = django::Hash::parse(&stored);
        let checked = place.run(move || check(&composed, &stored)).await?;
        let is_stranger = place.lane() == Lane::Strangers;
        if checked != Check::Wrong || (django.is_none() && !is_stranger) {
            return Ok(checked);
        }
        let iterations = if is_stranger { dearest().await?.min(django::MOST_IMPORTED_ITERATIONS) } else { 0 };
        if django.is_none() && iterations == 0 {
            return Ok(Check::Wrong);
        }
        let checked = place.run_dear(move || check_django(&password, django.as_ref(), iterations)).await;
        // Who leaves now knows already that the answer did not come at once: the guess counts.
        checked.map_err(|error| if matches!(error, Error::Gone) { Error::Busy } else { error })
    }
}

/// Takes the time of one argon2id also where that cannot be checked.
fn check(composed: &str, stored: &str) -> Check {
    if PasswordHash::new(stored).is_err() {
        matches(composed, &NOBODY);
        return Check::Wrong;
    }
    match matches(composed, stored) {
        false => Check::Wrong,
        true if is_current(stored) => Check::Right,
        true => Check::RightButOld,
    }
}

/// Takes the time of so many iterations at least.
fn check_django(password: &str, hash: Option<&django::Hash>, iterations: u32) -> Check {
    let right = hash.is_some_and(|hash| hash.verify(password));
    django::spend(iterations.saturating_sub(hash.map_or(0, django::Hash::iterations)));
    if right { Check::RightButOld } else { Check::Wrong }
}

fn matches(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Whether a hash was made with the algorithm and the parameters of those made now.
fn is_current(hash: &str) -> bool {
    let of = |hash: &str| hash.rsplitn(3, '$').nth(2).map(str::to_owned);
    of(hash) == of(&NOBODY)
}

#[cfg(test)]
mod tests {
    use platform::http::Hangup;

    use super::super::hashing::Hashing;
    use super::*;

    async fn verify(password: &str, stored: Option<&str>, dearest: u32) -> Result<Check, Error> {
        let hashing = Hashing::new();
        let mut checked = Vec::new();
        for lane in [Lane::Strangers, Lane::Known] {
            let mut place = hashing.enter(lane, &Hangup::default())?;
            checked.push(Tried::new(password, stored).check(&mut place, async || Ok(dearest)).await?);
        }
        assert_eq!(checked[0], checked[1]);
        Ok(checked[0])
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_alone() {
        let hash = hash("correct horse", "mia").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(verify("correct horse", Some(&hash), 0).await.unwrap(), Check::Right);
        assert_eq!(verify("wrong horse", Some(&hash), 0).await.unwrap(), Check::Wrong);
        assert_eq!(verify("correct horse", None, 0).await.unwrap(), Check::Wrong);
        for unusable in ["", "!", "!gw4tUfs1p7Ia10UdK9ojZbtZsXF2n9q8EDv8xcLB", "$argon2id$v=19$broken"] {
            assert_eq!(verify("", Some(unusable), 0).await.unwrap(), Check::Wrong);
        }
        assert_eq!(verify(&"x".repeat(5_000), Some(&hash), 0).await.unwrap(), Check::Wrong);
    }

    #[tokio::test]
    async fn the_same_letters_are_the_same_password_however_they_are_composed() {
        let hash = hash("p\u{e4}ssw\u{f6}rter", "mia").await.unwrap();
        assert_eq!(verify("pa\u{308}sswo\u{308}rter", Some(&hash), 0).await.unwrap(), Check::Right);
    }

    #[tokio::test]
    async fn hashes_of_other_parameters_are_told_apart() {
        let weak = argon2::Params::new(8_192, 1, 1, None).unwrap();
        let weak = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, weak);
        let hash = weak.hash_password(b"correct horse").unwrap().to_string();
        assert_eq!(verify("correct horse", Some(&hash), 0).await.unwrap(), Check::RightButOld);
        assert_eq!(verify("wrong horse", Some(&hash), 0).await.unwrap(), Check::Wrong);
    }

    #[tokio::test]
    async fn hashes_that_django_made_are_checked_and_told_apart() {
        for (password, hash) in django::VECTORS {
            assert_eq!(verify(password, Some(hash), 2_000).await.unwrap(), Check::RightButOld, "{hash}");
            assert_eq!(verify("wrong horse", Some(hash), 2_000).await.unwrap(), Check::Wrong);
        }
    }
}

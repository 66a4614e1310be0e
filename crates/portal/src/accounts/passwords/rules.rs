//! Which passwords may be set: long enough, and none that a guesser tries first. What they are composed of is up to
//! their owners.

use std::collections::HashSet;
use std::sync::LazyLock;

use thiserror::Error;

/// The most common passwords, in lower case; where they are from is in `data/VENDORED.md`.
static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("../../../data/common-passwords.txt").lines().collect());

/// Shorter names are part of too many words to be forbidden as a part.
const NAME_WORTH_FINDING: usize = 4;

/// The rules for passwords, for people who are about to choose one.
pub const RULES: &str =
    "A password must have 8 to 128 characters, must not contain the user name, and must not be a common one.";

/// Why a password may not be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadPassword {
    /// Too short to be safe, or too long.
    #[error("a password must have 8 to 128 characters")]
    Length,
    /// It is the user name, or contains it.
    #[error("a password must not contain the user name")]
    ContainsName,
    /// Guessers try it first.
    #[error("that password is among the most common ones; choose another")]
    Common,
}

/// What is wrong with a password in composed form, if anything is.
pub(super) fn check(password: &str, username: &str) -> Result<(), BadPassword> {
    if !(8..=128).contains(&password.chars().count()) {
        return Err(BadPassword::Length);
    }
    let (password, username) = (password.to_lowercase(), username.to_lowercase());
    let named = username.chars().count() >= NAME_WORTH_FINDING && password.contains(&username);
    if named || password == username {
        return Err(BadPassword::ContainsName);
    }
    if COMMON.contains(password.trim()) {
        return Err(BadPassword::Common);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_and_not_bytes() {
        for (password, fits) in [
            ("1234567", false),
            ("äöüßäöü", false),
            ("鍵鍵鍵鍵鍵鍵鍵鍵", true),
            (&"🔑".repeat(128), true),
            (&"x".repeat(129), false),
            ("        ", true),
        ] {
            assert_eq!(check(password, "mia").is_ok(), fits, "{password:?}");
        }
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        assert!(COMMON.len() > 16_000);
        for password in ["password1", "PassWord1", "qwertyuiop", " qwerty123 ", "iloveyou"] {
            assert!(check(password, "mia").is_err(), "{password}");
        }
        check("correct horse battery", "mia").unwrap();
    }

    #[test]
    fn passwords_that_contain_the_user_name_are_refused() {
        for password in ["anna.smith", "Anna.Smith2026", "xxANNA.SMITHxx"] {
            assert!(check(password, "anna.smith").is_err(), "{password}");
        }
        check("maximum effort", "max").unwrap();
        check("a long way home", "a").unwrap();
    }
}

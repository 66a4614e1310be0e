//! Settings that are secret: kept off the command line, which everybody on the machine can read, and read from files of
//! their own.

use std::path::PathBuf;

use super::sources::{Given, Origin, SettingsError};
use super::values::DatabaseUrl;

/// Each secret, and the setting that names a file with it.
const SECRETS: [(&str, &str); 3] = [
    ("database_url", "database_url_file"),
    ("key_encryption_key", "key_encryption_key_file"),
    ("key_encryption_key_previous", "key_encryption_key_previous_file"),
];

/// Whether the value of a setting must not be shown.
pub(super) fn is_secret(name: &str) -> bool {
    SECRETS.iter().any(|(secret, _)| *secret == name)
}

/// Refuses secrets that were given as flags. The URL of a database without a password is none.
pub(super) fn refuse_flags(given: &Given) -> Result<(), SettingsError> {
    for (name, _) in SECRETS {
        let Some((text, Origin::Flag)) = given.get(name) else { continue };
        if !(text.is_empty() || name == "database_url" && !DatabaseUrl::has_password(text)) {
            return Err(SettingsError::SecretFlag { name });
        }
    }
    Ok(())
}

/// Puts what the files of secrets hold in the place of the secrets.
pub(super) fn read_files(given: &mut Given) -> Result<(), SettingsError> {
    for (name, file) in SECRETS {
        let Some((path, origin)) = given.get(file).filter(|(path, _)| !path.is_empty()) else { continue };
        if let Some((_, other)) = given.get(name).filter(|(text, _)| !text.is_empty()) {
            if other.rank() == origin.rank() {
                return Err(SettingsError::Twice { name, origin: origin.clone() });
            }
            if other.rank() < origin.rank() {
                continue;
            }
        }
        let path = PathBuf::from(path);
        let text = files::read_private(&path).map_err(|fault| SettingsError::SecretFile {
            name,
            origin: origin.clone(),
            fault,
        })?;
        given.insert(name, (text.trim().to_owned(), Origin::File(path)));
    }
    Ok(())
}

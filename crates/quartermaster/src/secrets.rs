//! Keys that the program keeps outside its database.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use portal::KeyEncryptionKey;

use crate::Result;
use crate::settings::{Key, Settings, Value};

/// The key of the settings, and the one before while it is being changed; for a private PostgreSQL without one, that of
/// a file beside it, made when it is missing.
///
/// # Errors
/// When a PostgreSQL of the company's is used without the setting, or the file cannot be read, written or used.
pub fn key_encryption_key(settings: &Settings) -> Result<KeyEncryptionKey> {
    let key = match (&settings.key_encryption_key, &settings.database_url) {
        (Some(Key(key)), _) => *key,
        (None, Some(_)) => {
            return Err("setting key_encryption_key is missing: with database_url the portal needs it to seal secrets \
                        in its tables. Make one with `openssl rand -base64 32`, keep it outside the database and its \
                        backups, and give it to every portal"
                .into());
        }
        (None, None) => from_file(&settings.data_dir.join("key-encryption-key"))?,
    };
    let previous = settings.key_encryption_key_previous.as_ref().map(|Key(key)| *key);
    Ok(KeyEncryptionKey::new(key).with_previous(previous))
}

fn from_file(path: &Path) -> Result<[u8; 32]> {
    make(path)?;
    files::narrow(path, 0o600)?;
    match Key::parse(&files::read_private(path)?) {
        Ok(Key(key)) => Ok(key),
        Err(wrong) => Err(format!("{}: {wrong}", path.display()).into()),
    }
}

/// Makes the file, readable by its owner alone. It is whole from the moment it has its name, and never replaced.
fn make(path: &Path) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let key: [u8; 32] = rand::random();
    let new = path.with_extension(std::process::id().to_string());
    // What a program of the same number left when it was killed.
    let _ = std::fs::remove_file(&new);
    files::write_new(&new, &format!("{}\n", BASE64_STANDARD.encode(key)))?;
    let linked = std::fs::hard_link(&new, path);
    std::fs::remove_file(&new).map_err(told)?;
    match linked {
        // Another program was faster.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        linked => Ok(linked.map_err(told)?),
    }
}

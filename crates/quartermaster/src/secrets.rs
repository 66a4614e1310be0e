//! Keys that the program keeps outside its database.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use portal::KeyEncryptionKey;

use crate::Result;
use crate::settings::{Key, Settings, Value};

/// The key of the settings; for a private PostgreSQL without one, that of a file beside it, made when it is missing.
///
/// # Errors
/// When a PostgreSQL of the company's is used without the setting, or the file cannot be read, written or used.
pub fn key_encryption_key(settings: &Settings) -> Result<KeyEncryptionKey> {
    match (&settings.key_encryption_key, &settings.database_url) {
        (Some(Key(key)), _) => Ok(KeyEncryptionKey(*key)),
        (None, Some(_)) => Err("setting key_encryption_key is missing: with database_url the portal needs it to seal \
                                secrets in its tables. Make one with `openssl rand -base64 32`, keep it outside the \
                                database and its backups, and give it to every portal"
            .into()),
        (None, None) => from_file(&settings.data_dir.join("key-encryption-key")),
    }
}

fn from_file(path: &Path) -> Result<KeyEncryptionKey> {
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    match make(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(told(error).into()),
        Ok(()) | Err(_) => {}
    }
    let text = std::fs::read_to_string(path).map_err(told)?;
    match Key::parse(&text) {
        Ok(Key(key)) => Ok(KeyEncryptionKey(key)),
        Err(wrong) => Err(format!("{}: {wrong}", path.display()).into()),
    }
}

/// Makes the file, readable by its owner alone. It is whole from the moment it has its name, and never replaced.
fn make(path: &Path) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let key: [u8; 32] = rand::random();
    let new = path.with_extension(std::process::id().to_string());
    let mut file = std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    writeln!(file, "{}", BASE64_STANDARD.encode(key))?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&new, path);
    std::fs::remove_file(&new)?;
    linked
}

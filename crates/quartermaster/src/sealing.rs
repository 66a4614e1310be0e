//! The sealing key, its public half and the file of heads: where they are, and making them for a private server.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use seal::{KeyError, PublicKey, SealingKey};

use crate::Result;
use crate::settings::Settings;

/// The files of sealing.
#[derive(Debug, Clone)]
pub struct SealFiles {
    /// The private key.
    pub key: PathBuf,
    /// Every public key that ever sealed here.
    pub public: PathBuf,
    /// The heads.
    pub heads: PathBuf,
    /// Whether a missing key is made.
    make: bool,
}

impl SealFiles {
    /// The files that the settings name; `None` where nothing is to be sealed.
    pub fn of(settings: &Settings) -> Option<SealFiles> {
        let private = settings.database_url.is_none().then(|| settings.data_dir.join("seal.key"));
        let make = settings.seal_key.is_none();
        let key = settings.seal_key.clone().or(private)?;
        let heads = settings.seal_heads.clone().unwrap_or_else(|| key.with_file_name("seal.heads"));
        Some(SealFiles { public: key.with_extension("pub"), key, heads, make })
    }

    /// The private key; with a private server, a new one where there is none. Its public half is among those that are
    /// trusted from then on.
    ///
    /// # Errors
    /// When the key cannot be read, or its public half not be written.
    pub fn load(&self) -> Result<SealingKey> {
        if self.make && !self.key.exists() {
            match SealingKey::generate()?.write(&self.key) {
                // Another program was faster.
                Ok(()) | Err(KeyError::Exists(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if self.make {
            files::narrow(&self.key, 0o600)?;
        }
        let key = SealingKey::read(&self.key).map_err(|error| match error {
            KeyError::File { .. } => {
                format!("setting seal_key: {error}; make one by quartermaster audit keygen")
            }
            error => format!("setting seal_key: {error}"),
        })?;
        publish(&self.public, key.public())?;
        Ok(key)
    }

    /// The keys that are trusted: of the files that are named, else every one that ever sealed here.
    ///
    /// # Errors
    /// When a file cannot be read or holds no key.
    pub fn trusted(files: Option<&SealFiles>, named: &[PathBuf]) -> Result<Vec<PublicKey>> {
        let own = files.map(|files| files.public.clone()).filter(|_| named.is_empty());
        let mut keys = Vec::new();
        if let Some(own) = own.as_ref().filter(|own| own.exists()) {
            files::trusted(own)?;
        }
        for file in named.iter().chain(&own) {
            keys.extend(PublicKey::read_all(file)?);
        }
        if keys.is_empty() {
            return Err(
                "no key to trust: name the sealing key's public half with --key, or set seal_key".into()
            );
        }
        Ok(keys)
    }
}

/// Adds a key to those of a file.
fn publish(path: &Path, key: &PublicKey) -> Result<()> {
    if path.exists() && PublicKey::read_all(path)?.contains(key) {
        return Ok(());
    }
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = File::options().append(true).create(true).mode(0o644).open(path).map_err(told)?;
    file.write_all(key.pem().as_bytes()).map_err(told)?;
    file.sync_all().map_err(told)?;
    Ok(())
}

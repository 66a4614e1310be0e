//! Making files and directories for the program's own user alone.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::{Fault, trusted};

/// Makes a directory that its owner alone may enter, with those above it; says whether it was made. From one that is
/// there it takes the rights of others to write in it.
///
/// # Errors
/// [`Fault`] when it cannot be made, or others may change what is in it.
pub fn make_private_dir(path: &Path) -> Result<bool, Fault> {
    let told = |source| Fault::Io { path: path.to_owned(), source };
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(told)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // Of a directory that is another user's, the check tells more than this would.
            let _ = narrow(path, 0o755);
            trusted(path)?;
            Ok(false)
        }
        Err(error) => Err(told(error)),
    }
}

/// Takes from what is at `path` every right beyond `mode`. Does nothing when there is nothing, or no such right.
///
/// # Errors
/// [`Fault`] when the rights cannot be read or set.
pub fn narrow(path: &Path, mode: u32) -> Result<(), Fault> {
    let told = |source| Fault::Io { path: path.to_owned(), source };
    let has = match fs::metadata(path) {
        Ok(meta) => meta.permissions().mode() & 0o7777,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(told(error)),
    };
    if has & !mode == 0 {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(has & mode)).map_err(told)
}

/// Writes a secret to a new file that its owner alone can read. A file that is there stays as it is.
///
/// # Errors
/// [`Fault`] when there is such a file, or it cannot be written.
pub fn write_new(path: &Path, text: &str) -> Result<(), Fault> {
    let told = |source| Fault::Io { path: path.to_owned(), source };
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path).map_err(told)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(told)
}

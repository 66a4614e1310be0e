//! Files that decide what the program does, or hold its secrets.
//!
//! Whoever may write a file of settings, of policies or of keys rules the program. So the program reads such a file only
//! where root or its own user alone may write the file and may put another in its place. Of a secret it also asks that
//! the rest of the machine cannot read it.

mod private;

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

pub use private::{make_private_dir, narrow, write_new};

/// What a directory has set in which people can remove their own files alone, such as `/tmp`.
const STICKY: u32 = 0o1000;

/// Why a file is not used.
#[derive(Debug, Error)]
pub enum Fault {
    /// It cannot be read or made.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others could change or read it.
    #[error("{path}: {}", self.reason())]
    Exposed {
        /// The file, or a directory on the way to it.
        path: PathBuf,
        /// Who could do what.
        wrong: String,
        /// The command that mends it.
        mend: String,
    },
}

impl Fault {
    /// What is wrong and what mends it, without the path in front.
    pub fn reason(&self) -> String {
        match self {
            Fault::Io { source, .. } => format!("cannot be read: {source}"),
            Fault::Exposed { wrong, mend, .. } => format!("{wrong}; mend it with `{mend}`"),
        }
    }

    fn io(path: &Path, source: io::Error) -> Fault {
        Fault::Io { path: path.to_owned(), source }
    }
}

/// Checks that root and the program's own user alone may change what is at `path`: a file or a directory.
///
/// # Errors
/// [`Fault`] when it is not there, or others may change it or put another in its place.
pub fn trusted(path: &Path) -> Result<(), Fault> {
    let meta = std::fs::metadata(path).map_err(|error| Fault::io(path, error))?;
    check(path, &meta, false)
}

/// The text of a file that decides what the program does, as [`trusted`] asks.
///
/// # Errors
/// As [`trusted`], and when it is no UTF-8.
pub fn read_trusted(path: &Path) -> Result<String, Fault> {
    read(path, false)
}

/// The text of a file that holds a secret: as [`read_trusted`], and others may not read it. A group that the operator
/// gave it may, such as the one of the service.
///
/// # Errors
/// As [`read_trusted`], and when others may read the file.
pub fn read_private(path: &Path) -> Result<String, Fault> {
    read(path, true)
}

fn read(path: &Path, secret: bool) -> Result<String, Fault> {
    let told = |error| Fault::io(path, error);
    let mut file = File::open(path).map_err(told)?;
    // What is checked is what is read, also when somebody turns the path elsewhere meanwhile.
    check(path, &file.metadata().map_err(told)?, secret)?;
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(told)?;
    Ok(text)
}

fn check(path: &Path, meta: &Metadata, secret: bool) -> Result<(), Fault> {
    let kind = meta.file_type();
    // A pipe of the shell's (`<(…)`) has no place in the file system that somebody could change.
    if kind.is_fifo() || kind.is_char_device() {
        return Ok(());
    }
    let real = path.canonicalize().map_err(|error| Fault::io(path, error))?;
    owned(&real, meta)?;
    if !(meta.is_dir() && meta.mode() & STICKY != 0) {
        unwritable(&real, meta)?;
    }
    if secret && meta.mode() & 0o004 != 0 {
        let wrong = "anybody on this machine can read this secret".to_owned();
        return Err(exposed(&real, wrong, "chmod o-rwx"));
    }
    let absolute = std::path::absolute(path).map_err(|error| Fault::io(path, error))?;
    let link = std::fs::symlink_metadata(&absolute).map_err(|error| Fault::io(path, error))?;
    owned(&absolute, &link)?;
    way(&real)?;
    if !link.is_symlink() {
        return Ok(());
    }
    let parent = absolute.parent().unwrap_or(&absolute);
    way(&parent.canonicalize().map_err(|error| Fault::io(parent, error))?.join("link"))
}

/// Checks the directories that lead to a place: in none of them may others put something else there.
fn way(real: &Path) -> Result<(), Fault> {
    for (distance, directory) in real.ancestors().skip(1).enumerate() {
        let meta = std::fs::metadata(directory).map_err(|error| Fault::io(directory, error))?;
        // The owner of the directory itself could remove the file. Farther up, system directories may belong to users
        // that a container does not know.
        if distance == 0 {
            owned(directory, &meta)?;
        }
        if meta.mode() & STICKY == 0 {
            unwritable(directory, &meta)?;
        }
    }
    Ok(())
}

/// Checks that it belongs to root or to the program's own user.
fn owned(path: &Path, meta: &Metadata) -> Result<(), Fault> {
    let me = nix::unistd::geteuid().as_raw();
    if [0, me].contains(&meta.uid()) {
        return Ok(());
    }
    let owner = nix::unistd::User::from_uid(meta.uid().into()).ok().flatten();
    let owner = owner.map_or_else(|| meta.uid().to_string(), |user| user.name);
    let wrong = match me {
        0 => format!("it belongs to user {owner} and not to root"),
        me => format!(
            "it belongs to user {owner}, and neither to root nor to user {me}, as which this program runs"
        ),
    };
    Err(exposed(path, wrong, &format!("chown {me}")))
}

/// Checks that others cannot write it. The program's own group may.
fn unwritable(path: &Path, meta: &Metadata) -> Result<(), Fault> {
    let mode = meta.mode();
    if mode & 0o002 != 0 {
        return Err(exposed(path, "anybody on this machine can change it".to_owned(), "chmod go-w"));
    }
    if mode & 0o020 != 0 && meta.gid() != nix::unistd::getegid().as_raw() {
        let wrong = format!("its group {}, which is not that of this program, can change it", meta.gid());
        return Err(exposed(path, wrong, "chmod g-w"));
    }
    Ok(())
}

fn exposed(path: &Path, wrong: String, command: &str) -> Fault {
    Fault::Exposed { path: path.to_owned(), wrong, mend: format!("{command} {}", path.display()) }
}

#[cfg(test)]
mod tests;

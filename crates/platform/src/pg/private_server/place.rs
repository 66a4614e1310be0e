//! Where the private server keeps its files, and which user it runs as.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use nix::unistd::User;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{PrivateServerError, file_error};

/// Where servers go whose data directory the unprivileged user cannot reach.
const ELSEWHERE: &str = "/var/lib/quartermaster";
/// A Unix socket's path may have 107 bytes; the socket's own name takes 18.
const LONGEST_SOCKET_DIR: usize = 88;

/// The files of one private server.
#[derive(Debug)]
pub(super) struct Place {
    /// Holds the cluster (`data`), the log and usually the socket; only the server's user may enter.
    pub home: PathBuf,
    pub socket_dir: PathBuf,
    /// Set when this program is root: PostgreSQL refuses to run as root.
    pub user: Option<ServerUser>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct ServerUser {
    pub uid: u32,
    pub gid: u32,
}

impl Place {
    /// The place for `data_dir`, made where it is not there yet. `new` says that the directory was made just now.
    pub(super) fn of(data_dir: &Path, new: bool) -> Result<Place, PrivateServerError> {
        let user = server_user()?;
        let link = data_dir.join("postgres");
        let within = match user {
            None => false,
            // Older versions made the directory for everybody to enter, and the server's files may lie in it.
            Some(_) if link.exists() => !link.is_symlink(),
            Some(user) => data_dir.ancestors().skip(usize::from(new)).all(|dir| may_enter(dir, user)),
        };
        close(data_dir, user.filter(|_| within))?;
        if !link.exists() {
            // A link that leads nowhere is what is left of a server whose files were removed.
            let _ = fs::remove_file(&link);
            make_home(&link, data_dir, user)?;
        }
        let home = link.canonicalize().map_err(|source| file_error(&link, source))?;
        let mut socket_dir = home.join("run");
        if socket_dir.as_os_str().len() > LONGEST_SOCKET_DIR {
            let digest = Sha256::digest(home.as_os_str().as_encoded_bytes());
            socket_dir = std::env::temp_dir().join(format!("quartermaster-{}", &hex::encode(digest)[..16]));
        }
        let place = Place { home, socket_dir, user };
        place.make_private(&place.socket_dir)?;
        Ok(place)
    }

    /// The cluster's directory.
    pub(super) fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// The major version that made the cluster; `None` when there is no cluster yet.
    pub(super) fn version(&self) -> Result<Option<String>, PrivateServerError> {
        let path = self.data().join("PG_VERSION");
        match fs::read_to_string(&path) {
            Ok(version) => Ok(Some(version.trim().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(file_error(&path, error)),
        }
    }

    /// The process that `postmaster.pid` names, if it lives and is PostgreSQL.
    pub(super) fn running_pid(&self) -> Result<Option<u32>, PrivateServerError> {
        let path = self.data().join("postmaster.pid");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(file_error(&path, error)),
        };
        let pid: Option<u32> = text.lines().next().and_then(|line| line.trim().parse().ok());
        Ok(pid.filter(|pid| {
            fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| is_postgres(&stat))
        }))
    }

    /// Removes what names a server that is gone, `postmaster.pid` and the lock of its socket, also when another program
    /// has its number now, or when it is a zombie, for which PostgreSQL would wait.
    pub(super) fn forget_stale_pid(&self) -> Result<(), PrivateServerError> {
        if self.running_pid()?.is_some() {
            return Ok(());
        }
        for path in [self.data().join("postmaster.pid"), self.socket_dir.join(".s.PGSQL.5432.lock")] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(file_error(&path, error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Writes a file that the server can read.
    pub(super) fn write(&self, path: &Path, text: &str) -> Result<(), PrivateServerError> {
        fs::write(path, text).map_err(|source| file_error(path, source))?;
        self.give(path)
    }

    fn give(&self, path: &Path) -> Result<(), PrivateServerError> {
        give(path, self.user)
    }

    fn make_private(&self, path: &Path) -> Result<(), PrivateServerError> {
        make_private(path, self.user)
    }
}

/// Whether a line of `/proc/PID/stat` (proc(5)) tells of a PostgreSQL that lives: one that was killed is there as a
/// zombie for as long as nobody asks how it ended.
pub(super) fn is_postgres(stat: &str) -> bool {
    let Some((start, rest)) = stat.rsplit_once(") ") else { return false };
    start.split_once('(').is_some_and(|(_, name)| name.starts_with("postgres"))
        && !rest.starts_with(['Z', 'X'])
}

/// Closes the data directory to other users. The server's user may pass through it, but see and change nothing there.
fn close(data_dir: &Path, passing: Option<ServerUser>) -> Result<(), PrivateServerError> {
    let Some(ServerUser { gid, .. }) = passing else { return Ok(files::narrow(data_dir, 0o700)?) };
    chown(data_dir, None, Some(gid)).map_err(|source| file_error(data_dir, source))?;
    fs::set_permissions(data_dir, Permissions::from_mode(0o710)).map_err(|e| file_error(data_dir, e))
}

fn server_user() -> Result<Option<ServerUser>, PrivateServerError> {
    if !nix::unistd::geteuid().is_root() {
        return Ok(None);
    }
    let user = ["postgres", "nobody"].iter().find_map(|name| User::from_name(name).ok().flatten());
    let user = user.ok_or(PrivateServerError::NoUser)?;
    Ok(Some(ServerUser { uid: user.uid.as_raw(), gid: user.gid.as_raw() }))
}

/// Makes the server's home: in the data directory, or elsewhere behind a link where the server's user could not
/// reach it (as below `/root`).
fn make_home(link: &Path, data_dir: &Path, user: Option<ServerUser>) -> Result<(), PrivateServerError> {
    let Some(user) = user else { return make_private(link, None) };
    if data_dir.ancestors().all(|dir| may_enter(dir, user)) {
        return make_private(link, Some(user));
    }
    let elsewhere = Path::new(ELSEWHERE);
    fs::create_dir_all(elsewhere).map_err(|source| file_error(elsewhere, source))?;
    let home = elsewhere.join(Uuid::new_v4().simple().to_string());
    make_private(&home, Some(user))?;
    tracing::info!(home = %home.display(), "the private PostgreSQL's user cannot enter the data directory; its files are here");
    symlink(&home, link).map_err(|source| file_error(link, source))
}

fn may_enter(dir: &Path, user: ServerUser) -> bool {
    fs::metadata(dir).is_ok_and(|meta| {
        let bit = match () {
            () if meta.uid() == user.uid => 0o100,
            () if meta.gid() == user.gid => 0o010,
            () => 0o001,
        };
        meta.mode() & bit != 0
    })
}

/// A directory that only the server's user may enter. One that is there already must be theirs.
fn make_private(path: &Path, user: Option<ServerUser>) -> Result<(), PrivateServerError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let owner = user.map_or_else(|| nix::unistd::geteuid().as_raw(), |user| user.uid);
            let meta = fs::symlink_metadata(path).map_err(|source| file_error(path, source))?;
            if !meta.is_dir() || meta.uid() != owner {
                let taken = io::Error::other("it belongs to another user");
                return Err(file_error(path, taken));
            }
            fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(|e| file_error(path, e))?;
        }
        Err(error) => return Err(file_error(path, error)),
    }
    give(path, user)
}

fn give(path: &Path, user: Option<ServerUser>) -> Result<(), PrivateServerError> {
    match user {
        Some(ServerUser { uid, gid }) => {
            chown(path, Some(uid), Some(gid)).map_err(|source| file_error(path, source))
        }
        None => Ok(()),
    }
}

//! The PostgreSQL of a run: a private server in a directory of its own, gone when the run ends.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use nix::sys::signal::Signal;
use platform::pg::PrivateServer;
use tempfile::TempDir;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, NoTls};

use crate::{Result, process};

/// Connections besides those of pgbench: the program's, this one's, and some to spare.
const OTHER_CONNECTIONS: u32 = 188;

/// How long it may take to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// The server and its directory.
pub struct Server {
    dir: TempDir,
    private: PrivateServer,
    settings: Vec<(&'static str, String)>,
}

impl Server {
    /// Starts a new server below `scratch`, with room for that many clients of pgbench. Its settings are those that
    /// the program gives its private server, fsync on, but for these.
    ///
    /// # Errors
    /// When the directory cannot be made or the server does not start.
    pub async fn open(
        scratch: &Path,
        clients: u32,
        mut settings: Vec<(&'static str, String)>,
    ) -> Result<Server> {
        fs::create_dir_all(scratch)?;
        // Not closed to others: when this runs as root, the server runs as another user, who must get through.
        let open = Permissions::from_mode(0o755);
        let dir = tempfile::Builder::new().prefix("bench-").permissions(open).tempdir_in(scratch)?;
        settings.push(("max_connections", (clients + OTHER_CONNECTIONS).to_string()));
        let private = private_server(dir.path(), &settings).await?;
        Ok(Server { dir, private, settings })
    }

    /// The data directory, for the program's `--data-dir`.
    pub fn data_dir(&self) -> &Path {
        self.dir.path()
    }

    /// The directory of the server's socket and the superuser's name and database, for pgbench.
    ///
    /// # Errors
    /// When the server has no Unix socket, which would be a defect.
    pub fn place(&self) -> Result<(PathBuf, String, String)> {
        let config = self.private.superuser();
        let socket = config.get_hosts().iter().find_map(|host| match host {
            Host::Unix(dir) => Some(dir.clone()),
            Host::Tcp(_) => None,
        });
        match (socket, config.get_user(), config.get_dbname()) {
            (Some(dir), Some(user), Some(database)) => Ok((dir, user.to_owned(), database.to_owned())),
            _ => Err("the private server has no Unix socket".into()),
        }
    }

    /// The directory of the server's programs.
    pub fn bin_dir(&self) -> &Path {
        self.private.bin_dir()
    }

    /// A connection as superuser.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn connect(&self) -> Result<Client> {
        let (client, connection) = self.private.superuser().connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Where the database is, for the program's `--database-url`.
    ///
    /// # Errors
    /// As [`Server::place`].
    pub fn url(&self) -> Result<String> {
        let (dir, user, database) = self.place()?;
        let dir = dir.display().to_string().replace('/', "%2F");
        Ok(format!("postgres://{user}@{dir}/{database}"))
    }

    /// Its processes, the one first that starts the others.
    ///
    /// # Errors
    /// When the server does not run.
    pub fn processes(&self) -> Result<Vec<u32>> {
        let first = self.private.running_pid()?.ok_or("PostgreSQL does not run")?;
        let mut all = process::children(first)?;
        all.insert(0, first);
        Ok(all)
    }

    /// Starts it again once each of these processes of it has ended.
    ///
    /// # Errors
    /// When they do not end, or it does not start.
    pub async fn start_again(&mut self, processes: &[u32]) -> Result<()> {
        has_ended(processes).await?;
        self.start().await
    }

    async fn start(&mut self) -> Result<()> {
        self.private = private_server(self.dir.path(), &self.settings).await?;
        Ok(())
    }

    /// Starts it again with nothing of its files in memory, as after the machine was started.
    ///
    /// # Errors
    /// When it does not end or start, or its files cannot be opened.
    pub async fn start_cold(&mut self) -> Result<()> {
        // What is not on the disk stays in memory; and there is less to do where it must end in time.
        self.connect().await?.batch_execute("checkpoint").await?;
        let processes = self.processes()?;
        if let Some(first) = processes.first() {
            process::signal(*first, Signal::SIGINT)?;
        }
        has_ended(&processes).await?;
        forget(&self.dir.path().join("postgres").canonicalize()?)?;
        self.start().await
    }

    /// Stops the server and removes its files.
    ///
    /// # Errors
    /// When it does not stop, or its files cannot be removed.
    pub async fn close(self) -> Result<()> {
        // The server's own files may lie elsewhere behind a link, where its user could not reach this directory.
        let home = self.dir.path().join("postgres").canonicalize()?;
        self.private.stop().await?;
        fs::remove_dir_all(&home)?;
        self.dir.close()?;
        Ok(())
    }
}

async fn private_server(dir: &Path, settings: &[(&str, String)]) -> Result<PrivateServer> {
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Ok(PrivateServer::open(dir, &settings).await?)
}

/// Waits until all of these processes have ended.
async fn has_ended(processes: &[u32]) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    while !processes.iter().all(|process| process::has_ended(*process)) {
        if Instant::now() > end {
            return Err("PostgreSQL did not end in time".into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Has the system forget what it keeps in memory of the files below a directory.
fn forget(dir: &Path) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            forget(&entry.path())?;
        } else if kind.is_file() {
            posix_fadvise(File::open(entry.path())?, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)?;
        }
    }
    Ok(())
}

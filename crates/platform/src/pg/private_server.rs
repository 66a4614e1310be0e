//! A PostgreSQL server of the program's own, for those who have none: made from the server binaries found on the
//! machine, reachable on a Unix socket alone, started and stopped with the program.
//!
//! Whoever can reach the socket is trusted as any role. That is sound only because the socket lies in a directory
//! that no other user may enter (mode 0700).

mod binaries;
mod place;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use thiserror::Error;
use tokio::process::Command;
use tokio_postgres::NoTls;

use self::binaries::Binaries;
use self::place::Place;

/// The superuser of the private server.
const SUPERUSER: &str = "quartermaster";
/// The application's database.
const DATABASE: &str = "quartermaster";

/// How the server is set up. Durability stays as PostgreSQL's defaults have it: fsync on.
const SETTINGS: &[(&str, &str)] = &[
    ("listen_addresses", ""),
    ("unix_socket_permissions", "0700"),
    ("max_connections", "200"),
    ("shared_buffers", "256MB"),
    ("max_wal_size", "4GB"),
    ("checkpoint_timeout", "15min"),
    ("wal_compression", "on"),
    ("random_page_cost", "1.1"),
    ("jit", "off"),
];

/// A private server that runs, and the right to stop it.
#[derive(Debug)]
pub struct PrivateServer {
    place: Place,
    binaries: Binaries,
    /// Held by the program that started or adopted the server; nobody else may stop it.
    lock: Option<File>,
}

/// Why there is no private server.
#[derive(Debug, Error)]
pub enum PrivateServerError {
    /// No server binaries on this machine.
    #[error(
        "PostgreSQL's server programs (initdb, pg_ctl, postgres{}) were not found; install them \
         (Debian, Ubuntu: apt install postgresql) or set database_url to use a server of your own",
        .0.as_ref().map(|v| format!(" of version {v}, which made {}", "this data directory")).unwrap_or_default()
    )]
    NoBinaries(Option<String>),
    /// Running as root and no unprivileged user is there.
    #[error("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as")]
    NoUser,
    /// A file or directory could not be made or read.
    #[error("{path}: cannot be used for the private PostgreSQL")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// initdb or pg_ctl failed.
    #[error("{program} failed: {output}")]
    Program {
        /// Which program.
        program: &'static str,
        /// What it printed.
        output: String,
    },
    /// The data directory belongs to a program whose server does not answer.
    #[error("{0} is in use by another quartermaster whose PostgreSQL does not answer")]
    InUse(PathBuf),
    /// The server runs but refuses.
    #[error("the private PostgreSQL refused")]
    Refused(#[source] tokio_postgres::Error),
}

impl PrivateServer {
    /// Starts the server of `data_dir`, making it first where there is none; adopts one that a killed program left
    /// running; joins one that another program runs. `settings` are added to the server's configuration.
    ///
    /// # Errors
    /// [`PrivateServerError`].
    pub async fn open(
        data_dir: &Path,
        settings: &[(&str, &str)],
    ) -> Result<PrivateServer, PrivateServerError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| PrivateServerError::File { path, source }
        };
        fs::create_dir_all(data_dir).map_err(at(data_dir))?;
        let data_dir = data_dir.canonicalize().map_err(at(data_dir))?;
        let lock_path = data_dir.join("lock");
        let lock = File::options().create(true).append(true).open(&lock_path).map_err(at(&lock_path))?;
        let lock = match lock.try_lock() {
            Ok(()) => Some(lock),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(error)) => return Err(at(&lock_path)(error)),
        };
        let place = Place::of(&data_dir, lock.is_some())?;
        let binaries = Binaries::find(place.version()?.as_deref())?;
        let server = PrivateServer { place, binaries, lock };
        if server.lock.is_some() {
            server.start(settings).await?;
        } else if !server.answers_within(Duration::from_secs(30)).await {
            return Err(PrivateServerError::InUse(data_dir));
        }
        server.create_database().await?;
        Ok(server)
    }

    /// Whether this program started or adopted the server, and so stops it.
    pub fn owns(&self) -> bool {
        self.lock.is_some()
    }

    /// How to connect as `user` to the application's database.
    pub fn config(&self, user: &str) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config.host_path(&self.place.socket_dir).user(user).dbname(DATABASE);
        config
    }

    /// How to connect as superuser to the application's database.
    pub fn superuser(&self) -> tokio_postgres::Config {
        self.config(SUPERUSER)
    }

    /// The directory of the server's programs, such as `pgbench`.
    pub fn bin_dir(&self) -> &Path {
        &self.binaries.dir
    }

    /// Stops the server, if it is this program's to stop, and waits until its data is safely down.
    ///
    /// # Errors
    /// [`PrivateServerError::Program`] when it does not stop within a minute.
    pub async fn stop(self) -> Result<(), PrivateServerError> {
        if self.lock.is_some() {
            let data = self.place.data();
            let mut stop = self.command("pg_ctl");
            stop.args(["stop", "-m", "fast", "-w", "-t", "60", "-D"]).arg(&data);
            run("pg_ctl", stop).await?;
        }
        Ok(())
    }

    async fn start(&self, settings: &[(&str, &str)]) -> Result<(), PrivateServerError> {
        let data = self.place.data();
        if self.place.version()?.is_none() {
            self.initialize(&data).await?;
        }
        self.place.forget_stale_pid()?;
        if self.place.running_pid()?.is_some() && self.answers_within(Duration::from_secs(120)).await {
            tracing::info!("adopted the private PostgreSQL that a program before this one left running");
            return Ok(());
        }
        let socket_dir = self.place.socket_dir.to_string_lossy();
        let own = [("unix_socket_directories", socket_dir.as_ref())];
        let lines: String =
            SETTINGS.iter().chain(&own).chain(settings).map(|(name, value)| setting(name, value)).collect();
        self.place.write(&data.join("quartermaster.conf"), &lines)?;
        let mut start = self.command("pg_ctl");
        start.args(["start", "-w", "-t", "120", "-l"]).arg(self.place.home.join("server.log"));
        start.arg("-D").arg(&data);
        run("pg_ctl", start).await?;
        Ok(())
    }

    /// Made beside its place and moved there when complete, so that a crash leaves nothing half-made.
    async fn initialize(&self, data: &Path) -> Result<(), PrivateServerError> {
        let new = self.place.home.join("data.new");
        if new.exists() {
            fs::remove_dir_all(&new).map_err(|source| file_error(&new, source))?;
        }
        let mut initdb = self.command("initdb");
        initdb.args(["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-instructions"]);
        initdb.args(["--locale=C.UTF-8", "-D"]).arg(&new);
        run("initdb", initdb).await?;
        let conf = new.join("postgresql.conf");
        let mut text = fs::read_to_string(&conf).map_err(|source| file_error(&conf, source))?;
        text.push_str("\ninclude 'quartermaster.conf'\n");
        fs::write(&conf, text).map_err(|source| file_error(&conf, source))?;
        fs::rename(&new, data).map_err(|source| file_error(data, source))
    }

    async fn create_database(&self) -> Result<(), PrivateServerError> {
        let client = self.connect("postgres").await.map_err(PrivateServerError::Refused)?;
        let exists = format!("select from pg_database where datname = '{DATABASE}'");
        let found = client.query_opt(&exists, &[]).await.map_err(PrivateServerError::Refused)?;
        if found.is_none() {
            match client.batch_execute(&format!("create database {DATABASE}")).await {
                Ok(()) => {}
                // Another program was a moment faster.
                Err(error)
                    if error.code().is_some_and(|code| code.code() == "42P04" || code.code() == "23505") => {}
                Err(error) => return Err(PrivateServerError::Refused(error)),
            }
        }
        Ok(())
    }

    async fn answers_within(&self, patience: Duration) -> bool {
        let answer = async {
            while self.connect("postgres").await.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(patience, answer).await.is_ok()
    }

    async fn connect(&self, database: &str) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
        let mut config = self.superuser();
        config.dbname(database).connect_timeout(Duration::from_secs(5));
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// One of the server's programs, under the user that the server runs as.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.dir.join(program));
        command.current_dir("/").stdin(Stdio::null()).env("LC_ALL", "C");
        if let Some(user) = &self.place.user {
            command.uid(user.uid).gid(user.gid);
        }
        command
    }
}

fn file_error(path: &Path, source: io::Error) -> PrivateServerError {
    PrivateServerError::File { path: path.to_owned(), source }
}

fn setting(name: &str, value: &str) -> String {
    format!("{name} = '{}'\n", value.replace('\'', "''"))
}

async fn run(program: &'static str, mut command: Command) -> Result<(), PrivateServerError> {
    let failed = |output: String| PrivateServerError::Program { program, output };
    let Output { status, stdout, stderr } =
        command.output().await.map_err(|error| failed(error.to_string()))?;
    if status.success() {
        return Ok(());
    }
    let text = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    Err(failed(text.trim().to_owned()))
}

#[cfg(test)]
mod tests;

//! A PostgreSQL server of the program's own, for those who have none: made from the server binaries found on the
//! machine, reachable on a Unix socket alone, started and stopped with the program.
//!
//! Whoever can reach the socket is trusted as any role. That is sound only because the socket lies in a directory
//! that no other user may enter (mode 0700).

mod binaries;
mod memory;
mod place;

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
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
    ("max_wal_size", "4GB"),
    ("checkpoint_timeout", "15min"),
    ("random_page_cost", "1.1"),
    ("jit", "off"),
];

/// How many lines of the server's log are shown when it does not start.
const LOG_LINES: usize = 6;
/// How often and after which pause a program looks whether it is its turn: longer in all than a start may take.
const TURN_TRIES: u32 = 3_000;
const TURN_PAUSE: Duration = Duration::from_millis(50);

/// A private server that runs, in use by this program and perhaps by others.
#[derive(Debug)]
pub struct PrivateServer {
    place: Place,
    binaries: Binaries,
    /// Locked by the one program that starts or stops the server just now.
    turn: PathBuf,
    /// Share-locked by every program that uses the server: the last one stops it. The system gives up the lock of a
    /// program that is killed.
    users: File,
}

/// Why there is no private server.
#[derive(Debug, Error)]
pub enum PrivateServerError {
    /// No server binaries on this machine.
    #[error(
        "PostgreSQL's server programs (initdb, pg_ctl, postgres) of {} were not found; install them \
         (Debian, Ubuntu: apt install postgresql) or set database_url to use a server of your own",
        .0.as_ref().map_or_else(
            || "version 15 or newer".to_owned(),
            |version| format!("version {version}, which made this data directory,"),
        )
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
    /// Others could change the data directory.
    #[error(transparent)]
    Exposed(#[from] files::Fault),
    /// initdb or pg_ctl failed.
    #[error("{program} failed: {output}")]
    Program {
        /// Which program.
        program: &'static str,
        /// What it printed.
        output: String,
    },
    /// Another program has been starting or stopping the server for minutes.
    #[error("another quartermaster has held {0} for minutes while it starts or stops its PostgreSQL")]
    Busy(PathBuf),
    /// The server runs but refuses.
    #[error("the private PostgreSQL refused")]
    Refused(#[source] tokio_postgres::Error),
}

impl PrivateServer {
    /// Starts the server of `data_dir`, making it first where there is none, or joins the one that runs: another
    /// program's, or one that a killed program left behind. `settings` are added to the configuration of a server that
    /// is started.
    ///
    /// # Errors
    /// [`PrivateServerError`].
    pub async fn open(
        data_dir: &Path,
        settings: &[(&str, &str)],
    ) -> Result<PrivateServer, PrivateServerError> {
        let made = files::make_private_dir(data_dir)?;
        let data_dir = data_dir.canonicalize().map_err(|source| file_error(data_dir, source))?;
        let (turn, users) = (data_dir.join("lock"), data_dir.join("users"));
        let my_turn = wait_for_turn(&turn).await?;
        let users_file = lock_file(&users)?;
        users_file.lock_shared().map_err(|source| file_error(&users, source))?;
        let place = Place::of(&data_dir, made)?;
        let binaries = Binaries::find(place.version()?.as_deref())?;
        let server = PrivateServer { place, binaries, turn, users: users_file };
        server.start(settings).await?;
        server.create_database().await?;
        drop(my_turn);
        Ok(server)
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

    /// The process that the server's others are started by; none while it does not run.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn running_pid(&self) -> Result<Option<u32>, PrivateServerError> {
        self.place.running_pid()
    }

    /// The directory of the server's programs, such as `pgbench`.
    pub fn bin_dir(&self) -> &Path {
        &self.binaries.dir
    }

    /// Leaves the server; the last program to leave stops it and waits until its data is safely down.
    ///
    /// # Errors
    /// [`PrivateServerError::Program`] when it does not stop within a minute.
    pub async fn stop(self) -> Result<(), PrivateServerError> {
        let _my_turn = wait_for_turn(&self.turn).await?;
        self.users.unlock().map_err(|source| file_error(&self.turn, source))?;
        if self.users.try_lock().is_err() {
            return Ok(());
        }
        let mut stop = self.command("pg_ctl");
        stop.args(["stop", "-m", "fast", "-w", "-t", "60", "-D"]).arg(self.place.data());
        run("pg_ctl", stop).await
    }

    async fn start(&self, settings: &[(&str, &str)]) -> Result<(), PrivateServerError> {
        let data = self.place.data();
        if self.place.version()?.is_none() {
            self.initialize(&data).await?;
        }
        self.place.forget_stale_pid()?;
        if self.place.running_pid()?.is_some() && self.answers_within(Duration::from_secs(120)).await {
            tracing::debug!("joined the private PostgreSQL that runs already");
            return Ok(());
        }
        let socket_dir = self.place.socket_dir.to_string_lossy();
        let compression = if self.has_lz4(&data).await { "lz4" } else { "on" };
        let buffers = memory::shared_buffers();
        let own = [
            ("unix_socket_directories", socket_dir.as_ref()),
            ("wal_compression", compression),
            ("shared_buffers", &buffers),
        ];
        let lines: String =
            SETTINGS.iter().chain(&own).chain(settings).map(|(name, value)| setting(name, value)).collect();
        self.place.write(&data.join("quartermaster.conf"), &lines)?;
        let log = self.place.home.join("server.log");
        let mut start = self.command("pg_ctl");
        start.args(["start", "-w", "-t", "120", "-l"]).arg(&log);
        start.arg("-D").arg(&data);
        run("pg_ctl", start).await.map_err(|error| match error {
            // It says to look into the log.
            PrivateServerError::Program { program, output } => {
                PrivateServerError::Program { program, output: format!("{output}\n{}", last_lines(&log)) }
            }
            error => error,
        })
    }

    /// Whether the server was built with LZ4, which compresses pages in its log many times as fast as its own method does.
    async fn has_lz4(&self, data: &Path) -> bool {
        let mut ask = self.command("postgres");
        ask.args(["-c", "config_file=/dev/null", "-c", "wal_compression=lz4", "-C", "wal_compression", "-D"]);
        ask.arg(data);
        run("postgres", ask).await.is_ok()
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

/// Waits until no other program starts or stops the server; the turn ends when the file is dropped.
async fn wait_for_turn(path: &Path) -> Result<File, PrivateServerError> {
    let file = lock_file(path)?;
    for _ in 0..TURN_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(TURN_PAUSE).await,
            Err(TryLockError::Error(source)) => return Err(file_error(path, source)),
        }
    }
    Err(PrivateServerError::Busy(path.to_owned()))
}

/// A lock that no other user can take: those would keep every command waiting.
fn lock_file(path: &Path) -> Result<File, PrivateServerError> {
    files::narrow(path, 0o600)?;
    let mut options = File::options();
    options.create(true).append(true).mode(0o600).open(path).map_err(|source| file_error(path, source))
}

fn file_error(path: &Path, source: io::Error) -> PrivateServerError {
    PrivateServerError::File { path: path.to_owned(), source }
}

/// The end of a log, where the reason for a failure stands.
fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(LOG_LINES)..).unwrap_or_default().join("\n")
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

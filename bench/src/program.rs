//! The measured program: its commands, and the processes that serve.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio_postgres::NoTls;

use crate::http::Connection;
use crate::{Result, process};

/// The user on whose behalf everything is asked.
const USER: &str = "bench";
/// A password for an account on a server that only this run can reach and that ends with it.
const PASSWORD: &str = "correct horse battery staple";
/// Whether Admins need a second factor.
const ADMIN_FACTOR: &str = "QUARTERMASTER_ADMIN_SECOND_FACTOR";
/// 32 bytes that seal the portal's secrets in that server's tables.
const KEY: &str = "c2l4IHRpbWVzIHNldmVuIGlzIGZvcnR5IHR3byAhISE=";
/// Tokens live 15 minutes; one of this age still outlives a measurement.
const TOKEN_AGE: Duration = Duration::from_secs(8 * 60);
/// How long the program may take to be ready, and to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// The command lines of the program.
#[derive(Clone)]
pub struct Program {
    binary: PathBuf,
    data_dir: PathBuf,
    token: Option<(String, Instant)>,
    /// The database, where the program is to find a server instead of starting one.
    database: Option<String>,
    /// What the processes that serve find in their environment.
    environment: Vec<(&'static str, String)>,
}

impl Program {
    /// The program at `binary`, on the private server of `data_dir`.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn new(binary: &Path, data_dir: &Path) -> Result<Program> {
        let binary = binary
            .canonicalize()
            .map_err(|error| format!("{}: {error}; build it first", binary.display()))?;
        let data_dir = data_dir.canonicalize()?;
        let program = Program { binary, data_dir, token: None, database: None, environment: Vec::new() };
        // The user signs in without a second factor. An older program, to compare with, does not know of the setting.
        Ok(if program.knows(ADMIN_FACTOR)? { program.with(ADMIN_FACTOR, false) } else { program })
    }

    /// Whether the program has the setting of that name in the environment.
    fn knows(&self, name: &str) -> Result<bool> {
        let mut config = std::process::Command::new(&self.binary);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("QUARTERMASTER_") {
                config.env_remove(name);
            }
        }
        let told = config.arg("config").current_dir(&self.data_dir).output()?;
        let setting = name.trim_start_matches("QUARTERMASTER_").to_lowercase();
        Ok(String::from_utf8_lossy(&told.stdout).contains(&setting))
    }

    /// The same on a database that is not the program's own: whoever starts and stops its server, the program does not.
    ///
    /// # Errors
    /// When the key that seals the audit cannot be made.
    pub async fn on(self, database: String) -> Result<Program> {
        let program = Program { database: Some(database), ..self };
        program.ok(&["audit", "keygen", &program.seal_key()], "").await?;
        Ok(program)
    }

    /// The same, whose processes find this too in their environment.
    #[must_use]
    pub fn with(&self, name: &'static str, value: impl ToString) -> Program {
        let mut program = self.clone();
        program.environment.push((name, value.to_string()));
        program
    }

    /// A connection to the database as superuser.
    ///
    /// # Errors
    /// When the program was given none, or the server refuses.
    pub async fn connect(&self) -> Result<tokio_postgres::Client> {
        let url = self.database.as_deref().ok_or("the program has a server of its own")?;
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Where the files of the server are, which belong to the user that it runs as.
    ///
    /// # Errors
    /// When they are not there.
    pub fn server_files(&self) -> Result<PathBuf> {
        Ok(self.data_dir.join("postgres").canonicalize()?)
    }

    /// Creates the tables.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn migrate(&self) -> Result<()> {
        self.ok(&["migrate"], "").await.map(drop)
    }

    /// Adds the user, an Admin at every branch.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn add_user(&self) -> Result<()> {
        let mut arguments = vec!["user", "add", USER, "--role", "Admin", "--all-branches"];
        // Its password is its own; an older program, to compare with, asks for no other.
        if self.ok(&["user", "add", "--help"], "").await?.contains("--keep") {
            arguments.push("--keep");
        }
        self.ok(&arguments, &format!("{PASSWORD}\n")).await.map(drop)
    }

    /// The user's name and password, as fields of a form.
    pub fn sign_in_form(&self) -> String {
        format!("username={USER}&password={}", PASSWORD.replace(' ', "+"))
    }

    /// A token that stays valid for longer than a measurement lasts.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn token(&mut self) -> Result<String> {
        if let Some((token, since)) = &self.token
            && since.elapsed() < TOKEN_AGE
        {
            return Ok(token.clone());
        }
        let since = Instant::now();
        let token = self.ok(&["token", "--user", USER], "").await?.trim().to_owned();
        self.token = Some((token.clone(), since));
        Ok(token)
    }

    /// Checks the invariants; gives what `verify` printed where they do not hold.
    ///
    /// # Errors
    /// When the command cannot be run.
    pub async fn verify(&self) -> Result<Option<String>> {
        // The checks read whole tables; a limit meant for requests would be too short for them.
        let output = self.output(&["verify", "--statement-timeout", "10m"], "").await?;
        Ok((!output.status.success()).then(|| said(&output)))
    }

    /// Verifies the seals of the audit; gives what was printed where they do not hold.
    ///
    /// # Errors
    /// When the command cannot be run.
    pub async fn audit_verify(&self) -> Result<Option<String>> {
        let output = self.output(&["audit", "verify"], "").await?;
        Ok((!output.status.success()).then(|| said(&output)))
    }

    /// Starts portal, services and worker in one process and waits until it is ready.
    ///
    /// # Errors
    /// When it ends or is not ready in time.
    pub async fn serve(&self) -> Result<Served> {
        let (portal, services) = (free_address()?, free_address()?);
        let (portal_addr, addr) = (portal.to_string(), services.to_string());
        self.start(&["serve", "--portal-addr", &portal_addr, "--services-addr", &addr], services, portal)
            .await
    }

    /// Starts a portal alone and waits until it is ready.
    ///
    /// # Errors
    /// As [`Program::serve`].
    pub async fn serve_portal(&self) -> Result<Served> {
        self.serve_portal_at(free_address()?).await
    }

    /// The same at an address.
    ///
    /// # Errors
    /// As [`Program::serve`].
    pub async fn serve_portal_at(&self, portal: SocketAddr) -> Result<Served> {
        self.start(&["serve", "portal", "--portal-addr", &portal.to_string()], portal, portal).await
    }

    /// Starts services alone, at `addr`, with the portal at `portal`, and waits until they are ready.
    ///
    /// # Errors
    /// As [`Program::serve`].
    pub async fn serve_services(&self, addr: SocketAddr, portal: SocketAddr) -> Result<Served> {
        let (services, url) = (addr.to_string(), format!("http://{portal}"));
        let arguments = ["serve", "services", "--services-addr", &services, "--portal-url", &url];
        self.start(&arguments, addr, portal).await
    }

    /// Starts a worker alone, which listens nowhere.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn serve_worker(&self) -> Result<Served> {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let child = self.spawn(&["serve", "worker"])?;
        Ok(Served { child, addr: nowhere, portal: nowhere, start: Duration::ZERO, idle_kib: 0 })
    }

    async fn start(&self, arguments: &[&str], addr: SocketAddr, portal: SocketAddr) -> Result<Served> {
        let started = Instant::now();
        let child = self.spawn(arguments)?;
        let mut served = Served { child, addr, portal, start: Duration::ZERO, idle_kib: 0 };
        served.wait_until_ready().await?;
        served.start = started.elapsed();
        served.idle_kib = served.resident_kib();
        Ok(served)
    }

    fn spawn(&self, arguments: &[&str]) -> Result<Child> {
        let mut command = self.command();
        // Of what is to go wrong in a run with faults, the program would write much.
        let log = if self.database.is_some() { "off" } else { "warn" };
        command.args(arguments).args(["--log", log]).stdin(Stdio::null());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        // A group of its own: Ctrl-C at a terminal reaches this run alone, which then stops the program.
        Ok(command.process_group(0).spawn()?)
    }

    /// Where the key that seals the audit is.
    fn seal_key(&self) -> String {
        self.data_dir.join("bench-seal.key").display().to_string()
    }

    async fn ok(&self, arguments: &[&str], input: &str) -> Result<String> {
        let output = self.output(arguments, input).await?;
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout)?);
        }
        let name = arguments.first().copied().unwrap_or_default();
        Err(format!("quartermaster {name} failed: {}", said(&output)).into())
    }

    async fn output(&self, arguments: &[&str], input: &str) -> Result<Output> {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).await?;
        }
        Ok(child.wait_with_output().await?)
    }

    /// The program with this run's database alone, away from the settings of whoever runs it.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("QUARTERMASTER_") {
                command.env_remove(name);
            }
        }
        command.env("QUARTERMASTER_DATA_DIR", &self.data_dir).current_dir(&self.data_dir).kill_on_drop(true);
        // All clients here have one address.
        command.env("QUARTERMASTER_CONNECTIONS_PER_ADDRESS", "8192");
        if let Some(database) = &self.database {
            command
                .env("QUARTERMASTER_DATABASE_URL", database)
                .env("QUARTERMASTER_KEY_ENCRYPTION_KEY", KEY)
                .env("QUARTERMASTER_SEAL_KEY", self.seal_key());
        }
        command
    }
}

/// The program while it serves.
pub struct Served {
    child: Child,
    /// Where it listens: the services, or the portal where it is alone.
    pub addr: SocketAddr,
    /// Where the portal is: in this process, or the one that it was told of.
    pub portal: SocketAddr,
    /// From the start of the process until it was ready.
    pub start: Duration,
    /// What it kept resident then, in KiB.
    pub idle_kib: u64,
}

impl Served {
    /// What it keeps resident now, in KiB.
    pub fn resident_kib(&self) -> u64 {
        self.memory("VmRSS")
    }

    /// The process, unless it has ended.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// How many files and connections it has open.
    pub fn open_files(&self) -> usize {
        let Some(id) = self.id() else { return 0 };
        fs::read_dir(format!("/proc/{id}/fd")).map_or(0, Iterator::count)
    }

    /// Kills it, without a chance to finish anything; gives the moment before.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn kill(&mut self) -> Result<Instant> {
        let moment = Instant::now();
        self.child.kill().await?;
        Ok(moment)
    }

    /// The most it has kept resident so far, in KiB.
    pub fn peak_kib(&self) -> u64 {
        self.memory("VmHWM")
    }

    /// Ends with an error when the process is no longer there.
    ///
    /// # Errors
    /// With its exit status.
    pub fn require_alive(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => Err(format!("quartermaster serve ended: {status}").into()),
        }
    }

    /// Asks it to stop and waits for its end; kills it when it takes too long.
    ///
    /// # Errors
    /// When it had to be killed or ended badly.
    pub async fn stop(mut self) -> Result<()> {
        self.signal(Signal::SIGTERM)?;
        self.ended().await
    }

    /// Sends it a signal, unless it has ended.
    ///
    /// # Errors
    /// When that is not allowed.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        self.child.id().map_or(Ok(()), |id| process::signal(id, signal))
    }

    /// Waits for its end, of which it was asked; kills it when it takes too long.
    ///
    /// # Errors
    /// When it had to be killed or ended badly.
    pub async fn ended(&mut self) -> Result<()> {
        match tokio::time::timeout(PATIENCE, self.child.wait()).await {
            Ok(status) => {
                let status = status?;
                if status.success() { Ok(()) } else { Err(format!("serve ended with {status}").into()) }
            }
            Err(_) => {
                self.child.kill().await?;
                Err("serve did not stop when asked and was killed".into())
            }
        }
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            self.require_alive()?;
            if let Ok(mut connection) = Connection::open(self.addr).await
                && connection.get("/ready", None).await.is_ok_and(|reply| reply.status == 200)
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err("quartermaster serve was not ready in time".into())
    }

    fn memory(&self, field: &str) -> u64 {
        let Some(id) = self.id() else { return 0 };
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    }
}

/// An address that was free a moment ago.
///
/// # Errors
/// When there is none.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn said(output: &Output) -> String {
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    text.trim().to_owned()
}

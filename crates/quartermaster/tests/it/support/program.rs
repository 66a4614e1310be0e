//! The built program, run as its users run it.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The key of every program of the tests: any 32 bytes.
pub const KEY: &str = "c2l4IHRpbWVzIHNldmVuIGlzIGZvcnR5IHR3byAhISE=";

/// A command line of the program, away from the settings of whoever runs the tests.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quartermaster"));
    command.args(arguments).current_dir(std::env::temp_dir());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("QUARTERMASTER_") {
            command.env_remove(name);
        }
    }
    command.env("QUARTERMASTER_KEY_ENCRYPTION_KEY", KEY);
    // Most tests are not about it; those that are set it themselves.
    command.env("QUARTERMASTER_ADMIN_SECOND_FACTOR", "false");
    command
}

/// Runs it to its end.
pub fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

/// Runs it to its end; it must succeed. Gives what it printed.
#[track_caller]
pub fn run_ok(command: &mut Command) -> String {
    let output = run(command);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs it to its end; it must fail. Gives what it said.
#[track_caller]
pub fn run_failing(command: &mut Command) -> String {
    let output = run(command);
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Runs it to its end; it must fail. Gives what it printed.
#[track_caller]
pub fn run_failing_output(command: &mut Command) -> String {
    let output = run(command);
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// An address that was free a moment ago.
pub fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// A program that runs until the test ends it.
pub struct Running {
    pub child: Child,
}

impl Running {
    pub fn start(mut command: Command) -> Running {
        command.stdin(Stdio::null());
        Running { child: command.spawn().unwrap() }
    }

    /// Asks a URL until it answers with success.
    pub async fn wait_for(&mut self, url: &str) {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let end = Instant::now() + Duration::from_secs(120);
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the program ended: {status}");
            }
            if http.get(url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{url} did not answer");
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> std::process::ExitStatus {
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the program did not end");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal("TERM");
            self.wait();
        }
    }
}

/// Reads lines of a program's output until one contains `text`; gives all of them.
pub fn read_until(output: impl Read, text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in BufReader::new(output).lines() {
        lines.push(line.unwrap());
        if lines.last().is_some_and(|line| line.contains(text)) {
            return lines;
        }
    }
    panic!("{text:?} was not printed: {lines:#?}");
}

/// Writes a file and gives its path.
pub fn file(dir: &Path, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = dir.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

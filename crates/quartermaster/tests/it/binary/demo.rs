//! `quartermaster demo`: starts, prints how to use it, survives being killed, stops cleanly.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::portal::Browser;
use crate::support::program::{Running, free_address, program, read_until, run_failing, run_ok};

struct Demo {
    running: Running,
    lines: Vec<String>,
    services: String,
    portal: String,
}

async fn start(data: &Path) -> Demo {
    let (portal, services) = (free_address(), free_address());
    let data = data.to_str().unwrap();
    let mut command =
        program(&["demo", "--data-dir", data, "--portal-addr", &portal, "--services-addr", &services]);
    // As a person starts it: with the key for secrets that it makes itself.
    command.env_remove("QUARTERMASTER_KEY_ENCRYPTION_KEY").stdout(Stdio::piped());
    let mut running = Running::start(command);
    let output = running.child.stdout.take().unwrap();
    let lines = tokio::task::spawn_blocking(|| read_until(output, "Ctrl-C stops all of it")).await.unwrap();
    running.wait_for(&format!("http://{services}/ready")).await;
    Demo { running, lines, services, portal }
}

impl Demo {
    /// Runs the command line that the banner offers, as a person would paste it.
    fn pasted_curl(&self) -> String {
        let line = self.lines.iter().find(|line| line.trim().starts_with("curl ")).unwrap();
        let line = line.trim().replacen("curl ", "curl --silent --fail --noproxy '*' ", 1);
        let output =
            Command::new("sh").args(["-c", &line]).current_dir(std::env::temp_dir()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn password(&self, user: &str) -> String {
        let line = self.lines.iter().find(|line| line.trim().starts_with(&format!("{user} "))).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    }
}

/// The private PostgreSQL's process, if it runs.
fn postgres_of(data: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(data.join("postgres/data/postmaster.pid")).ok()?;
    let pid: u32 = text.lines().next()?.trim().parse().ok()?;
    Path::new(&format!("/proc/{pid}")).exists().then_some(pid)
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn the_demo_runs_prints_logins_that_work_and_survives_being_killed() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("demo");
    let mut demo = start(&data).await;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&demo.pasted_curl()).unwrap();
    assert_eq!(rows.len(), 3);
    let http =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for user in ["admin", "manager", "worker", "auditor"] {
        let browser = Browser::at(&format!("http://{}", demo.portal));
        assert_eq!(browser.sign_in(user, &demo.password(user)).await.status(), 303, "{user}");
    }
    let first_password = demo.password("admin");
    let postgres = postgres_of(&data).unwrap();

    kill(&mut demo.running.child);
    assert_eq!(postgres_of(&data), Some(postgres), "a killed program leaves its PostgreSQL running");
    let mut demo = start(&data).await;
    assert_eq!(postgres_of(&data), Some(postgres), "which the next one goes on with");
    assert_eq!(demo.password("admin"), first_password);
    assert_eq!(demo.pasted_curl().matches("branch_id").count(), 3);

    // Killed together with its PostgreSQL, as by a power cut.
    kill(&mut demo.running.child);
    assert!(Command::new("kill").args(["-9", &postgres.to_string()]).status().unwrap().success());
    let mut demo = start(&data).await;
    assert_ne!(postgres_of(&data), Some(postgres));
    let services = demo.services.clone();
    demo.running.signal("INT");
    assert!(demo.running.wait().success());
    assert_eq!(postgres_of(&data), None, "Ctrl-C stops all of it");
    assert!(http.get(format!("http://{services}/health")).send().await.is_err());
    let verified = run_ok(&mut program(&["verify", "--data-dir", data.to_str().unwrap()]));
    assert!(verified.contains("Everything holds."), "{verified}");
    let said = run_failing(&mut program(&["serve", "--data-dir", data.to_str().unwrap()]));
    assert!(said.contains("admin, manager, worker, auditor still have the passwords"), "{said}");
}

#[test]
fn an_address_that_is_taken_is_said_with_the_setting_to_change() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = dir.path().join("data");
    let said = run_failing(&mut program(&[
        "serve",
        "--data-dir",
        data.to_str().unwrap(),
        "--portal-addr",
        &address,
    ]));
    assert!(said.contains("setting portal_addr") && said.contains("--portal-addr"), "{said}");
    assert_eq!(postgres_of(&data), None);
}

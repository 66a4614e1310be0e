//! The warnings of `serve` at its start about insecure settings.

use std::net::TcpListener;
use std::process::Stdio;

use super::commands::on;
use crate::support::TestDatabase;
use crate::support::program::{Running, read_until};

/// The program's log with these settings, from its start until it listens.
async fn said(settings: &[(&str, &str)]) -> Vec<String> {
    let database = TestDatabase::new().await;
    let mut serve = on(&database, &["serve"]);
    for (name, value) in settings {
        serve.env(format!("QUARTERMASTER_{name}"), value);
    }
    serve.env("NO_COLOR", "1").stderr(Stdio::piped());
    let mut running = Running::start(serve);
    let lines = read_until(running.child.stderr.take().unwrap(), "the services listen addr=");
    lines.into_iter().filter(|line| line.contains("insecure: ")).collect()
}

/// A port of every address of this machine that was free a moment ago.
fn everywhere() -> String {
    TcpListener::bind("0.0.0.0:0").unwrap().local_addr().unwrap().to_string()
}

#[tokio::test]
async fn serve_says_once_each_what_is_insecure_and_what_mends_it() {
    let (portal, services) = (everywhere(), everywhere());
    let said = said(&[
        ("CORS_ORIGINS", "*"),
        ("PORTAL_ADDR", &portal),
        ("SERVICES_ADDR", &services),
        ("ADMIN_SECOND_FACTOR", "false"),
    ])
    .await;
    for words in [
        "a page of any website may call the services",
        &format!("the portal listens on {portal} by plain http"),
        &format!("the services listen on {services} by plain http"),
        "Admins sign in by a password alone",
        "the audit is not sealed",
    ] {
        assert_eq!(said.iter().filter(|line| line.contains(words)).count(), 1, "{words}: {said:#?}");
    }
    assert_eq!(said.len(), 5, "{said:#?}");
}

#[tokio::test]
async fn serve_says_nothing_of_settings_that_are_not_insecure() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("seal.key");
    let key = key.to_str().unwrap();
    crate::support::program::run_ok(&mut crate::support::program::program(&["audit", "keygen", key]));
    let (portal, services) = (everywhere(), everywhere());
    let said = said(&[
        ("CORS_ORIGINS", "https://till.example.com"),
        ("PORTAL_ADDR", &portal),
        ("SERVICES_ADDR", &services),
        ("TRUSTED_PROXIES", "10.0.0.0/8"),
        ("PORTAL_URL", "https://stock.example.com"),
        ("ADMIN_SECOND_FACTOR", "true"),
        ("SEAL_KEY", key),
    ])
    .await;
    assert_eq!(said, Vec::<String>::new());
}

//! The audit on the command line, and sealed by the worker.

use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::support::program::{Running, program, run, run_failing, run_ok};
use crate::support::{TestDatabase, until};

/// The program on a database, with a sealing key in a directory.
struct Company {
    database: TestDatabase,
    dir: tempfile::TempDir,
}

impl Company {
    async fn new() -> Company {
        let company = Company { database: TestDatabase::new().await, dir: tempfile::tempdir().unwrap() };
        run_ok(&mut program(&["audit", "keygen", &company.path("seal.key")]));
        company
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    fn on(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command.env("QUARTERMASTER_DATABASE_URL", self.database.url());
        command.env("QUARTERMASTER_SEAL_KEY", self.path("seal.key"));
        command
    }

    /// Adds entries to both audits and has a worker seal them.
    async fn sealed(&self, arguments: &[&str]) -> Running {
        let entries = "insert into services_audit_logs (at, actor, action, entity_type, entity_id, details)
             select now(), 'Mia', 'a.b', 'a', n::text, '{}' from generate_series(1, 20) n;
             insert into portal_audit_logs (actor, action, entity_type, entity_id, details)
             values ('Mia', 'thing.moved', 'thing', '1', '{}')";
        self.database.run(entries).await;
        let worker =
            Running::start(self.on(&[&["serve", "worker", "--seal-interval", "50ms"], arguments].concat()));
        until("both audits to be sealed", async || {
            let heads = std::fs::read_to_string(self.path("seal.heads")).unwrap_or_default();
            heads.contains("\"log\":\"services\"") && heads.contains("\"log\":\"portal\"")
        })
        .await;
        worker
    }
}

#[tokio::test]
async fn the_worker_seals_both_audits_and_verify_names_what_was_changed() {
    let company = Company::new().await;
    let worker = company.sealed(&[]).await;
    let said = run_ok(&mut company.on(&["audit", "verify"]));
    assert!(said.contains("services  1 seals, 20 entries, 0 not sealed yet"), "{said}");
    assert!(said.contains("newest seal 1 of") && said.contains("Everything is as it was sealed."), "{said}");
    drop(worker);
    company.database.run("set session_replication_role = replica; update services_audit_logs set actor = 'Max' where id = 7").await;
    let output = run(&mut company.on(&["audit", "verify"]));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success() && said.contains("entry 7 was altered (seal 1)"), "{said}");
    let output = run(&mut company.on(&["audit", "verify", "--json"]));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["sound"]), (Some(1), &Value::Bool(false)));
    let finding = &report["audits"][0]["findings"][0];
    assert_eq!((&finding["finding"], &finding["id"]), (&"entry_altered".into(), &7.into()));
}

#[tokio::test]
async fn entries_are_exported_checked_and_archived_by_command() {
    let company = Company::new().await;
    drop(company.sealed(&[]).await);
    let (export, public) = (company.path("export.jsonl"), company.path("seal.pub"));
    let said = run_ok(&mut company.on(&["audit", "export", "--entity-id", "7", &export]));
    assert_eq!(said, "1 entries, 1 seals.\n");
    let said = run_ok(&mut program(&["audit", "check", &export, "--key", &public]));
    assert!(
        said.starts_with("1 entries proved, 1 seals.\nChosen by {\"entity_id\":\"7\"}: 1 of 20 "),
        "{said}"
    );
    assert!(said.contains("not that nothing is missing.\nLast seal of services: 1, "), "{said}");
    let mut complete = program(&["audit", "check", &export, "--key", &public, "--complete"]);
    assert!(!run(&mut complete).status.success(), "it is not complete");
    assert!(run_ok(&mut program(&["audit", "check", &export])).contains("compare it with the one you know"));
    let text = std::fs::read_to_string(&export).unwrap().replace("Mia", "Max");
    std::fs::write(&export, text).unwrap();
    let output = run(&mut program(&["audit", "check", &export]));
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().contains("entry 7 is not in seal 1"));
    assert_eq!(run_ok(&mut company.on(&["audit", "export", "--audit", "portal"])).lines().count(), 5);

    let worker = company.sealed(&[]).await;
    let archive = company.path("archive");
    let tomorrow = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24)).to_string();
    until("another seal", async || {
        run_ok(&mut company.on(&["audit", "verify"])).contains("services  2 seals")
    })
    .await;
    drop(worker);
    let said = run_ok(
        &mut company
            .on(&["audit", "archive", "--before", &tomorrow, "--to", &archive, "--audit", "services"]),
    );
    assert!(said.contains("services-000000000001-000000000001.jsonl: 20 entries"), "{said}");
    let said = run_ok(&mut company.on(&["audit", "verify", "--archive", &archive]));
    assert!(said.contains("20 entries archived, to seal 1"), "{said}");
    assert!(
        run_ok(&mut company.on(&["audit", "verify"]))
            .contains("Warning: services: the archives were not verified")
    );
    assert!(run_ok(&mut company.on(&["verify"])).contains("Everything holds."));
}

#[tokio::test]
async fn heads_are_posted_by_the_worker_and_on_demand() {
    let company = Company::new().await;
    let got: Arc<Mutex<Vec<Value>>> = Arc::default();
    let to = Arc::clone(&got);
    let take = async move |axum::Json(head): axum::Json<Value>| to.lock().unwrap().push(head);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/heads", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/heads", axum::routing::post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let worker = company.sealed(&["--seal-push", &url]).await;
    until("two heads to be sent", async || got.lock().unwrap().len() == 2).await;
    drop(worker);
    let mut push = company.on(&["audit", "push", "--to", &url]);
    let pushed = tokio::task::spawn_blocking(move || run_ok(&mut push)).await.unwrap();
    assert!(pushed.contains("Posted seal 1 of the audit of portal."), "{pushed}");
    let got = got.lock().unwrap().clone();
    assert_eq!((got.len(), &got[0]), (4, &got[2]));
    assert_eq!(got[0]["log"], "services");
}

#[tokio::test]
async fn what_is_missing_for_sealing_or_verifying_is_named() {
    let company = Company::new().await;
    let key = company.path("seal.key");
    assert!(run_failing(&mut program(&["audit", "keygen", &key])).contains("never overwritten"));
    let said =
        run_failing(company.on(&["serve", "worker"]).env("QUARTERMASTER_SEAL_KEY", company.path("none.key")));
    assert!(said.contains("seal_key") && said.contains("audit keygen"), "{said}");
    let said = run_failing(&mut company.on(&["audit", "verify", "--key", &key]));
    assert!(said.contains("the file of heads is missing") && said.contains("--no-heads"), "{said}");
    let said = run_ok(&mut company.on(&["audit", "verify", "--key", &key, "--no-heads"]));
    assert!(said.contains("Warning: services: without a file of heads"), "{said}");
    let said = run_failing(company.on(&["audit", "verify"]).env_remove("QUARTERMASTER_SEAL_KEY"));
    assert!(said.contains("--key"), "{said}");
    let said = run_failing(&mut company.on(&["audit", "archive", "--before", "soon", "--to", "x"]));
    assert!(said.contains("2026-01-31"), "{said}");
}

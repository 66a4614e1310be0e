//! Keys, clients and users' access on the command line.

use std::process::Stdio;

use super::commands::on;
use crate::support::TestDatabase;
use crate::support::program::{program, run_failing, run_ok};

fn add_user(database: &TestDatabase, name: &str) {
    let mut add = on(database, &["user", "add", name, "--role", "admin", "--all-branches"]);
    let mut child = add.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"long enough\n").unwrap();
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn keys_are_listed_rotated_and_retired() {
    let database = TestDatabase::new().await;
    add_user(&database, "mia");
    run_ok(&mut on(&database, &["token", "--user", "mia"]));
    let listed = run_ok(&mut on(&database, &["keys", "list"]));
    let first = listed.split_whitespace().next().unwrap().to_owned();
    assert!(listed.contains("signing"), "{listed}");
    assert!(run_failing(&mut on(&database, &["keys", "retire", &first])).contains("rotate first"));
    let rotated = run_ok(&mut on(&database, &["keys", "rotate", "--publish-ahead", "1h"]));
    let next = rotated.split_whitespace().next().unwrap();
    assert!(rotated.contains("is published, and signs from"), "{rotated}");
    assert!(run_ok(&mut on(&database, &["keys", "list"])).contains(&format!("{next}  next")));
    run_ok(&mut on(&database, &["keys", "rotate", "--publish-ahead", "0s"]));
    assert!(run_ok(&mut on(&database, &["keys", "list"])).contains(&format!("{first}  retiring")));
    assert!(run_failing(&mut on(&database, &["keys", "retire", &first])).contains("--now"));
    run_ok(&mut on(&database, &["keys", "retire", &first, "--now"]));
    let listed = run_ok(&mut on(&database, &["keys", "list"]));
    assert!(listed.contains(&format!("{first}  retired")) && listed.contains("signing"), "{listed}");
    assert!(run_failing(&mut on(&database, &["keys", "rotate", "--publish-ahead", "soon"])).contains("2m"));
    let wrong = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let serve = ["serve", "portal", "--portal-addr", "127.0.0.1:0"];
    for command in [&["keys", "rotate"][..], &["token", "--user", "mia"], &serve] {
        let said = run_failing(on(&database, command).env("QUARTERMASTER_KEY_ENCRYPTION_KEY", wrong));
        assert!(said.contains("setting key_encryption_key") && said.contains("because"), "{said}");
        assert!(!said.contains("panicked") && !said.contains(wrong), "{said}");
    }
}

#[test]
fn a_lost_key_for_secrets_is_not_made_anew_unheard() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let rotate = || {
        let mut command = program(&["keys", "rotate", "--data-dir", data.to_str().unwrap()]);
        command.env_remove("QUARTERMASTER_KEY_ENCRYPTION_KEY");
        command
    };
    for _ in 0..2 {
        run_ok(&mut rotate());
    }
    std::fs::remove_file(data.join("key-encryption-key")).unwrap();
    assert!(run_failing(&mut rotate()).contains("setting key_encryption_key"));
}

#[tokio::test]
async fn clients_are_added_listed_given_new_secrets_and_disabled() {
    let database = TestDatabase::new().await;
    database.run("insert into services_branches (code, name) values ('HRB', 'Harbour')").await;
    let add = ["client", "add", "till", "--role", "worker", "--branch", "harbour"];
    let added = run_ok(on(&database, &add).args(["--expires", "2999-01-01T00:00:00Z"]));
    assert!(added.contains("client_id      client-1\nclient_secret  qms_"), "{added}");
    assert!(run_failing(&mut on(&database, &add)).contains("already"));
    let late =
        ["client", "add", "late", "--role", "worker", "--all-branches", "--expires", "2020-01-01T00:00:00Z"];
    assert!(run_failing(&mut on(&database, &late)).contains("later time"));
    let listed = run_ok(&mut on(&database, &["client", "list"]));
    for text in ["client-1", "till", "Worker", "branches 1", "never used", "expires 2999-01-01"] {
        assert!(listed.contains(text), "{text}: {listed}");
    }
    let rotated = run_ok(&mut on(&database, &["client", "rotate", "till", "--overlap", "1h"]));
    assert!(rotated.contains("client_secret  qms_") && rotated.contains("is good until"), "{rotated}");
    run_ok(&mut on(&database, &["client", "disable", "till"]));
    assert!(run_ok(&mut on(&database, &["client", "list"])).contains("disabled"));
    assert!(run_failing(&mut on(&database, &["client", "disable", "nobody"])).contains("no client"));
}

#[tokio::test]
async fn users_are_disabled_enabled_given_other_access_and_signed_out() {
    let database = TestDatabase::new().await;
    database.run("insert into services_branches (code, name) values ('HRB', 'Harbour')").await;
    add_user(&database, "mia");
    run_ok(&mut on(&database, &["user", "disable", "mia"]));
    assert!(run_ok(&mut on(&database, &["user", "list"])).contains("disabled"));
    assert!(run_failing(&mut on(&database, &["token", "--user", "mia"])).contains("no active user"));
    assert!(run_failing(&mut on(&database, &["user", "disable", "mia"])).contains("disabled already"));
    run_ok(&mut on(&database, &["user", "enable", "mia"]));
    let roles = ["user", "roles", "mia", "--role", "worker", "--role", "auditor", "--branch", "HRB"];
    let said = run_ok(&mut on(&database, &roles));
    assert!(said.contains("Worker, Auditor at branches 1"), "{said}");
    let listed = run_ok(&mut on(&database, &["user", "list"]));
    assert!(listed.contains("Worker, Auditor") && listed.contains("branches 1"), "{listed}");
    run_ok(&mut on(&database, &["user", "sign-out", "mia"]));
    assert!(run_failing(&mut on(&database, &["user", "sign-out", "nobody"])).contains("no user"));
    let audited: Vec<String> = database
        .value("select array_agg(action order by id) from portal_audit_logs where entity_type = 'user'")
        .await;
    let actions = ["added", "disabled", "enabled", "access_set", "signed_out_everywhere"];
    assert_eq!(audited, actions.map(|action| format!("user.{action}")));
}

#[tokio::test]
async fn clients_have_an_owner_whose_disabling_stops_them_and_is_told() {
    let database = TestDatabase::new().await;
    let run = |arguments: &[&str]| run_ok(&mut on(&database, arguments));
    for name in ["mia", "ben"] {
        add_user(&database, name);
    }
    let access = ["--role", "worker", "--all-branches"];
    run(&[&["client", "add", "till", "--owner", "mia"][..], &access].concat());
    let unknown = [&["client", "add", "scale", "--owner", "olga"][..], &access].concat();
    assert!(run_failing(&mut on(&database, &unknown)).contains("there is no user \"olga\""));
    assert!(run(&["client", "list"]).contains("owner mia"));
    let told = run(&["user", "disable", "mia"]);
    assert!(told.contains("The API clients till, which mia answers for, get no tokens either"), "{told}");
    assert!(run(&["client", "owner", "till", "ben"]).contains("From now on ben answers for till."));
    assert!(run(&["client", "list"]).contains("owner ben"));
    run(&["client", "owner", "till"]);
    assert!(run(&["client", "list"]).contains("owner nobody"));
    assert!(!run(&["user", "disable", "ben"]).contains("API clients"));
}

#[tokio::test]
async fn an_admin_of_some_branches_is_told_to_administer_nothing() {
    let app = crate::support::App::start().await;
    app.branch("Harbour").await;
    add_user(&app.database, "mia");
    let roles = ["user", "roles", "mia", "--role", "admin"];
    let told = run_ok(&mut on(&app.database, &[&roles[..], &["--branch", "Harbour"]].concat()));
    assert!(told.contains("An Admin of some branches") && told.contains("--all-branches"), "{told}");
    let told = run_ok(&mut on(&app.database, &[&roles[..], &["--all-branches"]].concat()));
    assert!(!told.contains("An Admin of some branches"), "{told}");
}

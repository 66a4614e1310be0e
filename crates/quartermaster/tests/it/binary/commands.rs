//! The command line: help, settings, users, files.

use std::process::Stdio;

use crate::support::TestDatabase;
use crate::support::program::{file, program, run, run_failing, run_ok};

/// The program on a test's database.
pub(super) fn on(database: &TestDatabase, arguments: &[&str]) -> std::process::Command {
    let mut command = program(arguments);
    command.env("QUARTERMASTER_DATABASE_URL", database.url());
    command
}

#[test]
fn every_command_explains_itself() {
    let help = run_ok(&mut program(&["--help"]));
    for command in [
        "demo",
        "serve",
        "migrate",
        "seed",
        "import",
        "export",
        "verify",
        "openapi",
        "config",
        "token",
        "user",
        "group",
        "import-django-users",
        "client",
        "keys",
    ] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}: {help}");
        let own = run_ok(&mut program(&[command, "--help"]));
        assert!(own.contains("Usage: quartermaster"), "{own}");
    }
}

#[test]
fn config_prints_what_is_in_force_from_where_with_secrets_masked() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "q.toml", "pool_size = 5\nposting_lanes = 1\n");
    let mut command = program(&["config", "--config", &path, "--pool-size", "7"]);
    command.env("QUARTERMASTER_DATABASE_URL", "postgres://qm:s3cret@db.example/qm");
    let printed = run_ok(&mut command);
    assert!(printed.contains("(flag)\npool_size = 7\n"), "{printed}");
    assert!(printed.contains("(default)\nposting_batch = 128\n"), "{printed}");
    assert!(printed.contains(&format!("({path})\nposting_lanes = 1\n")), "{printed}");
    assert!(printed.contains("database_url = \"postgres://qm:***@db.example/qm\""), "{printed}");
    assert!(!printed.contains("s3cret"), "{printed}");
    // What it prints is itself a file of settings.
    let own = file(dir.path(), "own.toml", run_ok(&mut program(&["config"])));
    assert!(run_ok(&mut program(&["config", "--config", &own])).contains("posting_batch = 128"));
}

#[test]
fn settings_that_cannot_be_used_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let unknown = file(dir.path(), "unknown.toml", "pool-size = 5\n");
    let said = run_failing(&mut program(&["config", "--config", &unknown]));
    assert!(said.contains("there is no setting pool-size") && said.contains("pool_size"), "{said}");
    let broken = file(dir.path(), "broken.toml", "pool_size = = 5\n");
    assert!(run_failing(&mut program(&["config", "--config", &broken])).contains("is not a TOML file"));
    assert!(run_failing(&mut program(&["config", "--config", "/nowhere.toml"])).contains("/nowhere.toml"));
    let said = run_failing(&mut program(&["config", "--portal-addr", "8000"]));
    assert!(said.contains("setting portal_addr (flag)"), "{said}");
    let said = run_failing(program(&["config"]).env("QUARTERMASTER_COLOUR", "red"));
    assert!(said.contains("there is no setting colour (environment)"), "{said}");
}

#[test]
fn the_openapi_document_is_printed() {
    let document: serde_json::Value = serde_json::from_str(&run_ok(&mut program(&["openapi"]))).unwrap();
    assert!(document["paths"]["/v1/orders"].is_object());
}

#[test]
fn a_database_that_is_not_there_is_said_plainly() {
    let mut command = program(&["verify", "--database-url", "postgres://nobody@127.0.0.1:1/none"]);
    let said = run_failing(&mut command);
    assert!(said.contains("the database is unavailable") && said.contains("because"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn migrate_brings_an_empty_database_up_to_date() {
    let database = TestDatabase::empty().await;
    let printed = run_ok(&mut on(&database, &["migrate"]));
    assert!(printed.contains("applied V1__branches"), "{printed}");
    assert_eq!(run_ok(&mut on(&database, &["migrate"])), "The database is up to date.\n");
    assert!(run_ok(&mut on(&database, &["verify"])).contains("Everything holds."));
}

#[tokio::test]
async fn what_migrate_would_run_is_printed_and_not_run() {
    let database = TestDatabase::empty().await;
    let printed = run_ok(&mut on(&database, &["migrate", "--plan"]));
    assert!(
        printed.contains("-- V1__branches\n") && printed.contains("create table services_branches"),
        "{printed}"
    );
    assert!(printed.contains("create table portal_users"), "{printed}");
    assert_eq!(database.value::<i64>("select count(*) from pg_tables where schemaname = 'public'").await, 0);
    run_ok(&mut on(&database, &["migrate"]));
    let printed = run_ok(&mut on(&database, &["migrate", "--plan"]));
    assert_eq!(printed, "-- services: 0 to apply\n-- portal: 0 to apply\n");
}

#[tokio::test]
async fn verify_fails_where_something_does_not_hold() {
    let database = TestDatabase::new().await;
    database
        .run(
            "insert into services_branches (code, name) values ('A', 'A');
             insert into services_items (sku, name) values ('A', 'A');
             insert into services_stock (branch_id, item_id, quantity, updated_at) values (1, 1, 5, now())",
        )
        .await;
    let output = run(&mut on(&database, &["verify"]));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success());
    assert!(printed.contains("BROKEN  quantity is the sum of its movements"), "{printed}");
    assert!(printed.contains("branch 1 item 1: quantity 5.000, movements sum up to 0"), "{printed}");

    let output = run(&mut on(&database, &["verify", "--repair", "--dry-run"]));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success());
    assert!(printed.contains("branch 1 item 1: quantity 5 would be set to 0"), "{printed}");
    let output = run(&mut on(&database, &["verify", "--repair"]));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("branch 1 item 1: quantity 5 was set to 0"), "{printed}");
    assert!(printed.contains("ok      quantity is the sum of its movements"), "{printed}");
}

#[tokio::test]
async fn users_are_added_listed_and_given_passwords_and_tokens() {
    let database = TestDatabase::new().await;
    database.run("insert into services_branches (code, name) values ('HRB', 'Harbour')").await;
    let with_password = |arguments: &[&str], password: &str| {
        let mut child = on(&database, arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        match std::io::Write::write_all(&mut stdin, format!("{password}\n").as_bytes()) {
            // It refused the arguments before it asked.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
            written => written.unwrap(),
        }
        drop(stdin);
        child.wait_with_output().unwrap()
    };
    let added =
        with_password(&["user", "add", "mia", "--role", "manager", "--branch", "harbour"], "long enough");
    assert!(added.status.success(), "{added:?}");
    let said = String::from_utf8(added.stderr).unwrap();
    assert!(said.contains("must have 8 to 128 characters"), "what it must be is said before: {said}");
    let listed = run_ok(&mut on(&database, &["user", "list"]));
    assert!(
        listed.contains("mia") && listed.contains("Manager") && listed.contains("branches 1"),
        "{listed}"
    );
    for (arguments, password, told) in [
        (vec!["user", "add", "max", "--role", "worker", "--branch", "Nowhere"], "long enough", "no branch"),
        (vec!["user", "add", "max", "--role", "worker", "--all-branches"], "short", "8 to 128"),
        (vec!["user", "add", "max", "--role", "boss", "--all-branches"], "long enough", "roles are"),
        (vec!["user", "add", "mia", "--role", "worker", "--all-branches"], "long enough", "already"),
        (vec!["user", "passwd", "nobody"], "long enough", "no active user"),
    ] {
        let output = with_password(&arguments, password);
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(told), "{arguments:?}: {said}");
    }
    let changed = with_password(&["user", "passwd", "mia"], "another one");
    assert!(changed.status.success(), "{changed:?}");
    assert!(String::from_utf8(changed.stderr).unwrap().contains("must have 8 to 128 characters"));
    let token = run_ok(&mut on(&database, &["token", "--user", "mia"]));
    assert_eq!(token.trim().split('.').count(), 3);
    assert!(run_failing(&mut on(&database, &["token", "--user", "max"])).contains("no active user"));
}

#[tokio::test]
async fn files_go_in_and_out_by_name_and_by_pipe() {
    let database = TestDatabase::new().await;
    let dir = tempfile::tempdir().unwrap();
    let good = file(dir.path(), "branches.csv", "name,code\nHarbour,HRB\n");
    assert!(run_ok(&mut on(&database, &["import", "branches", &good])).contains("branches: 1 new"));
    let bad = file(dir.path(), "items.csv", "sku,name\nA,Anchor\nB,\n");
    let output = run(&mut on(&database, &["import", "items", &bad]));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success());
    assert!(printed.contains("line 3, column name: must not be empty"), "{printed}");
    assert!(printed.contains("Nothing written"), "{printed}");
    assert!(run(&mut on(&database, &["import", "items", &bad, "--dry-run"])).status.code() == Some(1));
    let printed = run_ok(&mut on(&database, &["import", "items", &bad, "--continue"]));
    assert!(printed.contains("items: 1 new") && printed.contains("items.rejects.csv"), "{printed}");
    let rejects = std::fs::read_to_string(dir.path().join("items.rejects.csv")).unwrap();
    assert_eq!(rejects, "sku,name,reject_reason\nB,,name: must not be empty\n");
    let out = dir.path().join("out.csv");
    run_ok(&mut on(&database, &["export", "items", out.to_str().unwrap()]));
    let exported = std::fs::read_to_string(&out).unwrap();
    assert_eq!(run_ok(&mut on(&database, &["export", "items"])), exported);
    assert!(exported.contains("\nA,Anchor,,pcs,0,,0,true\n"), "{exported}");
    let mut piped = on(&database, &["import", "stock", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut piped.stdin.take().unwrap(), b"branch;sku;quantity\nHRB;A;5\n").unwrap();
    let output = piped.wait_with_output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("stock levels: 1 new"));
    assert!(run_failing(&mut on(&database, &["import", "stock", "/nowhere.csv"])).contains("/nowhere.csv"));
    assert!(
        run_failing(&mut on(&database, &["export", "items", "--status", "draft"])).contains("orders alone")
    );
}

#[tokio::test]
async fn seed_fills_an_empty_database_alone_and_everything_holds() {
    let database = TestDatabase::new().await;
    run_ok(&mut on(&database, &["seed", "--seed", "3", "--until", "2026-06-01"]));
    for (sql, least) in [
        ("select count(*) from services_branches", 12),
        ("select count(*) from services_items", 400),
        ("select count(distinct unit) from services_items", 3),
        ("select count(*) from services_orders", 1_000),
        ("select count(distinct at::date) from services_stock_movements", 80),
        ("select count(*) from services_orders where status = 'submitted'", 5),
        ("select count(*) from services_orders where status = 'draft'", 1),
        ("select count(*) from services_orders where status = 'cancelled'", 10),
        (
            "select count(*) from services_stock s join services_items i on i.id = s.item_id where s.quantity < i.min_stock_level",
            20,
        ),
    ] {
        assert!(database.value::<i64>(sql).await >= least, "{sql}");
    }
    database.assert_sound().await;
    assert!(run_failing(&mut on(&database, &["seed"])).contains("only an empty one is filled"));
}

//! What the program connects to the database as.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use aws_lc_rs::{digest, hmac, pbkdf2};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::support::cluster::RUN_LOGIN;
use crate::support::program::{Running, file, free_address, program, run_failing, run_ok};
use crate::support::{TestDatabase, until};

/// The program on a database, as this login.
fn on(database: &TestDatabase, login: &str, arguments: &[&str]) -> Command {
    let mut command = program(arguments);
    command.env("QUARTERMASTER_DATABASE_URL", database.url_of(login));
    command
}

fn add_admin(database: &TestDatabase, login: &str) {
    let mut add = on(database, login, &["user", "add", "admin", "--role", "admin", "--all-branches"]);
    let mut child = add.stdin(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"correct horse battery\n").unwrap();
    assert!(child.wait().unwrap().success());
}

async fn ready(address: &str) -> Value {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    http.get(format!("http://{address}/ready")).send().await.unwrap().json().await.unwrap()
}

async fn create_branch(services: &str, token: &str) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let made = http.post(format!("http://{services}/v1/branches")).bearer_auth(token);
    let made = made.json(&serde_json::json!({ "name": "Harbour" })).send().await.unwrap();
    assert_eq!(made.status(), 201);
}

#[tokio::test]
async fn everything_is_served_with_a_login_that_owns_nothing() {
    let database = TestDatabase::new().await;
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("seal.key");
    run_ok(&mut program(&["audit", "keygen", key.to_str().unwrap()]));
    add_admin(&database, RUN_LOGIN);
    let (portal, services) = (free_address(), free_address());
    let sealing = ["--seal-key", key.to_str().unwrap(), "--seal-interval", "50ms"];
    let addresses = ["--portal-addr", &portal, "--services-addr", &services];
    let mut serve = on(&database, RUN_LOGIN, &[&["serve"], addresses.as_slice(), &sealing].concat());
    serve.stderr(Stdio::piped());
    let mut running = Running::start(serve);
    running.wait_for(&format!("http://{portal}/ready")).await;
    running.wait_for(&format!("http://{services}/ready")).await;
    let token = run_ok(&mut on(&database, RUN_LOGIN, &["token", "--user", "admin"]));
    create_branch(&services, token.trim()).await;
    until("both audits to be sealed", async || {
        let seals = "select (select count(*) from services_audit_seals) > 0 and (select count(*) from portal_audit_seals) > 0";
        database.value(seals).await
    })
    .await;
    for address in [&portal, &services] {
        assert_eq!(ready(address).await["warnings"], Value::Null);
    }
    running.signal("TERM");
    let mut log = String::new();
    running.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(!log.contains("may do more"), "{log}");
    let verified =
        run_ok(&mut on(&database, RUN_LOGIN, &[&["audit", "verify"], sealing.as_slice()].concat()));
    assert!(verified.contains("Everything is as it was sealed."), "{verified}");
    assert!(run_ok(&mut on(&database, RUN_LOGIN, &["verify"])).contains("Everything holds."));
}

#[tokio::test]
async fn each_half_is_served_with_a_login_of_its_own() {
    let database = TestDatabase::new().await;
    add_admin(&database, RUN_LOGIN);
    let (portal, services) = (free_address(), free_address());
    let portal_url = format!("http://{portal}");
    let mut of_portal =
        Running::start(on(&database, "qm_portal_app", &["serve", "portal", "--portal-addr", &portal]));
    of_portal.wait_for(&format!("http://{portal}/ready")).await;
    let arguments = ["serve", "services", "--services-addr", &services, "--portal-url", &portal_url];
    let mut of_services = Running::start(on(&database, "qm_services_app", &arguments));
    of_services.wait_for(&format!("http://{services}/ready")).await;
    let token = run_ok(&mut on(&database, "qm_portal_app", &["token", "--user", "admin"]));
    create_branch(&services, token.trim()).await;
    for address in [&portal, &services] {
        assert_eq!(ready(address).await["warnings"], Value::Null);
    }
}

#[tokio::test]
async fn serve_says_when_its_login_may_do_more_than_it_needs_and_what_mends_it() {
    let database = TestDatabase::new().await;
    let (portal, services) = (free_address(), free_address());
    let addresses = ["serve", "--portal-addr", &portal, "--services-addr", &services];
    let mut serve = on(&database, "quartermaster", &addresses);
    serve.stderr(Stdio::piped());
    let mut running = Running::start(serve);
    for address in [&portal, &services] {
        running.wait_for(&format!("http://{address}/ready")).await;
        until("the warning", async || {
            let warnings = ready(address).await["warnings"].to_string();
            // Anybody may ask there: neither the login nor what it may do is told.
            assert!(!warnings.contains("superuser") && !warnings.contains("quartermaster"), "{warnings}");
            warnings.contains("login at the database may do more than serving needs")
        })
        .await;
    }
    running.signal("TERM");
    let mut log = String::new();
    running.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("it is a superuser") && log.contains("quartermaster login --to FILE"), "{log}");
}

#[tokio::test]
async fn what_needs_the_owners_login_says_so_and_the_rest_goes_on_without() {
    let database = TestDatabase::new().await;
    let dir = tempfile::tempdir().unwrap();
    let said = run_failing(&mut on(&database, RUN_LOGIN, &["migrate"]));
    assert!(
        said.contains("migrate needs a login that may create roles") && said.contains(RUN_LOGIN),
        "{said}"
    );
    // Its own password alone is its own to change.
    let said = run_failing(&mut on(&database, RUN_LOGIN, &["login", "portal"]));
    assert!(said.contains("needs a login that may create roles"), "{said}");
    let key = dir.path().join("seal.key");
    run_ok(&mut program(&["audit", "keygen", key.to_str().unwrap()]));
    let (key, to) = (key.to_str().unwrap(), dir.path().to_str().unwrap());
    let archive = ["audit", "archive", "--before", "2020-01-01T00:00:00Z", "--to", to, "--seal-key", key];
    let said = run_failing(&mut on(&database, RUN_LOGIN, &archive));
    assert!(said.contains("audit archive needs a login that may become qm_services"), "{said}");
    assert!(said.contains("qm_run of database_url may not"), "{said}");
    run_ok(&mut on(&database, "quartermaster", &archive));

    let branches = file(dir.path(), "branches.csv", "name,code\nHarbour,HRB\n");
    let output = on(&database, RUN_LOGIN, &["import", "branches", &branches]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("has not looked at the loaded tables yet"), "{said}");
    assert!(run_ok(&mut on(&database, RUN_LOGIN, &["export", "branches"])).contains("Harbour,HRB"));
    run_ok(&mut on(&database, RUN_LOGIN, &["verify", "--repair"]));
    run_ok(&mut on(&database, RUN_LOGIN, &["keys", "list"]));
    let added = run_ok(&mut on(
        &database,
        RUN_LOGIN,
        &["client", "add", "tills", "--role", "worker", "--all-branches"],
    ));
    assert!(added.contains("qms_"), "{added}");
    run_ok(&mut on(&database, RUN_LOGIN, &["migrate", "--plan"]));
}

#[tokio::test]
async fn a_login_gets_a_password_that_is_printed_once_and_that_the_server_never_sees() {
    let database = TestDatabase::new().await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("database-url");
    let text = path.to_str().unwrap();
    let told = run_ok(&mut on(&database, "quartermaster", &["login", "--to", text]));
    assert!(told.contains("--database-url-file") && !told.contains("password="), "{told}");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let url = std::fs::read_to_string(&path).unwrap();
    let password = |url: &str| url.trim().rsplit_once(" password=").unwrap().1.to_owned();
    assert!(url.contains(&format!(" user={RUN_LOGIN} ")) && password(&url).len() == 43, "{url}");
    assert!(is_password(&database, RUN_LOGIN, &password(&url)).await);
    // It is a database URL as the program reads it, and a new one takes its place.
    run_ok(&mut program(&["verify", "--database-url-file", text]));
    run_ok(&mut on(&database, "quartermaster", &["login", "worker", "--to", text]));
    assert!(!is_password(&database, RUN_LOGIN, &password(&url)).await);
    let url = std::fs::read_to_string(&path).unwrap();
    assert!(is_password(&database, RUN_LOGIN, &password(&url)).await);
    for (part, login) in [("portal", "qm_portal_app"), ("services", "qm_services_app")] {
        let url = run_ok(&mut on(&database, "quartermaster", &["login", part]));
        assert!(url.contains(&format!(" user={login} ")), "{url}");
        assert!(is_password(&database, login, &password(&url)).await);
    }
}

/// Whether the server would take it: by the verifier that it keeps (RFC 5803).
async fn is_password(database: &TestDatabase, login: &str, password: &str) -> bool {
    let sql = format!("select rolpassword from pg_authid where rolname = '{login}'");
    let verifier: String = database.value(&sql).await;
    let (iterations, rest) = verifier.strip_prefix("SCRAM-SHA-256$").unwrap().split_once(':').unwrap();
    let (salt, keys) = rest.split_once('$').unwrap();
    let mut salted = [0; 32];
    let salt = BASE64_STANDARD.decode(salt).unwrap();
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        iterations.parse().unwrap(),
        &salt,
        password.as_bytes(),
        &mut salted,
    );
    let client_key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &salted), b"Client Key");
    let stored = digest::digest(&digest::SHA256, client_key.as_ref());
    keys.split_once(':').unwrap().0 == BASE64_STANDARD.encode(stored)
}

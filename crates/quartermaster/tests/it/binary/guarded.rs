//! Files that decide what the program does, and those that hold its secrets.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use crate::support::TestDatabase;
use crate::support::program::{KEY, file, free_address, program, run_failing, run_failing_output, run_ok};

const NOBODY: u32 = 65_534;
const FORBID: &str = "forbid (principal, action == Action::\"FulfillOrders\", resource);\n";

fn set_mode(path: impl AsRef<Path>, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_configuration_file_that_others_may_write_is_refused_wherever_it_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "quartermaster.toml", "pool_size = 5\n");
    let found = || {
        let mut command = program(&["config"]);
        command.current_dir(dir.path());
        command
    };
    let named = || program(&["config", "--config", &path]);
    let commands: [&dyn Fn() -> std::process::Command; 2] = [&found, &named];
    for command in commands {
        set_mode(&path, 0o644);
        assert!(run_ok(&mut command()).contains("pool_size = 5"));
        set_mode(&path, 0o666);
        let said = run_failing(&mut command());
        assert!(said.contains("quartermaster.toml: anybody on this machine can change it"), "{said}");
        assert!(said.contains("chmod go-w"), "{said}");
        // Others cannot write the file, but may put another in its place.
        set_mode(&path, 0o644);
        set_mode(dir.path(), 0o777);
        assert!(run_failing(&mut command()).contains("anybody on this machine can change it"));
        set_mode(dir.path(), 0o755);
        // Only root can give files away, and only root runs in others' directories with rights that they have not.
        if chown(&path, Some(NOBODY), None).is_ok() {
            let said = run_failing(&mut command());
            assert!(said.contains("belongs to user") && said.contains("chown 0"), "{said}");
            chown(&path, Some(0), None).unwrap();
        }
    }
}

#[test]
fn policies_that_others_may_write_are_refused_file_by_file_and_as_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let policies = dir.path().join("policies");
    fs::create_dir(&policies).unwrap();
    set_mode(&policies, 0o755);
    let path = file(&policies, "a.cedar", FORBID);
    set_mode(&path, 0o644);
    let check = || program(&["policy", "check", policies.to_str().unwrap()]);
    run_ok(&mut check());
    set_mode(&path, 0o646);
    let said = run_failing_output(&mut check());
    assert!(said.contains("a.cedar") && said.contains("chmod go-w"), "{said}");
    set_mode(&path, 0o644);
    set_mode(&policies, 0o777);
    let said = run_failing_output(&mut check());
    assert!(said.contains("policies") && said.contains("chmod go-w"), "{said}");
}

#[tokio::test]
async fn serve_takes_no_key_that_others_can_read_and_no_authority_or_heads_that_they_can_write() {
    let database = TestDatabase::new().await;
    let dir = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let cert = file(dir.path(), "cert.pem", certificate.pem());
    let key = file(dir.path(), "key.pem", key.serialize_pem());
    let seal = dir.path().join("seal.key");
    run_ok(&mut program(&["audit", "keygen", seal.to_str().unwrap()]));
    let heads = file(dir.path(), "seal.heads", "");
    let ca = file(dir.path(), "ca.pem", certificate.pem());
    let serve = |arguments: &[&str]| {
        let addresses = ["--portal-addr", &free_address(), "--services-addr", &free_address()];
        let mut command = program(&[&["serve"], addresses.as_slice(), arguments].concat());
        command.env("QUARTERMASTER_DATABASE_URL", database.url());
        run_failing(&mut command)
    };
    set_mode(&key, 0o644);
    let said = serve(&["--tls-cert", &cert, "--tls-key", &key]);
    assert!(
        said.contains("key.pem") && said.contains("can read this secret") && said.contains("chmod o-rwx"),
        "{said}"
    );
    set_mode(&key, 0o602);
    assert!(serve(&["--tls-cert", &cert, "--tls-key", &key]).contains("can change it"));
    set_mode(&seal, 0o644);
    assert!(serve(&["--seal-key", seal.to_str().unwrap()]).contains("can read this secret"));
    set_mode(&seal, 0o600);
    set_mode(&heads, 0o666);
    let said = serve(&["--seal-key", seal.to_str().unwrap()]);
    assert!(said.contains("seal_heads") && said.contains("can change it"), "{said}");
    set_mode(&ca, 0o666);
    let said = serve(&["--portal-ca", &ca]);
    assert!(said.contains("portal_ca") && said.contains("can change it"), "{said}");
}

#[test]
fn secrets_are_read_from_files_of_their_own_that_others_cannot_read() {
    let dir = tempfile::tempdir().unwrap();
    let url = "postgres://qm:s3cret@db.example/qm";
    let path = file(dir.path(), "url", format!("{url}\n"));
    let key = file(dir.path(), "key", KEY);
    let config = || {
        let mut command =
            program(&["config", "--database-url-file", &path, "--key-encryption-key-file", &key]);
        command.env_remove("QUARTERMASTER_KEY_ENCRYPTION_KEY");
        command
    };
    set_mode(&path, 0o600);
    set_mode(&key, 0o640);
    let shown = run_ok(&mut config());
    assert!(
        shown.contains(&format!("({path})\ndatabase_url = \"postgres://qm:***@db.example/qm\"")),
        "{shown}"
    );
    assert!(shown.contains(&format!("({key})\nkey_encryption_key = \"***\"")), "{shown}");
    assert!(!shown.contains("s3cret") && !shown.contains(KEY), "{shown}");
    set_mode(&path, 0o604);
    let said = run_failing(&mut config());
    assert!(said.contains("setting database_url_file (flag)") && said.contains("chmod o-rwx"), "{said}");
    set_mode(&path, 0o600);
    fs::write(&key, "too short").unwrap();
    let said = run_failing(&mut config());
    assert!(said.contains("setting key_encryption_key") && !said.contains("too short"), "{said}");
    // A flag wins over the environment, and two ways in one place are a mistake.
    let mut both = program(&["config", "--database-url-file", &path]);
    assert!(
        run_ok(both.env("QUARTERMASTER_DATABASE_URL", "postgres://other@h/d")).contains("qm:***@db.example")
    );
    let mut both = program(&["config", "--database-url", "postgres://other@h/d"]);
    assert!(run_ok(both.env("QUARTERMASTER_DATABASE_URL_FILE", &path)).contains("postgres://other@h/d"));
    let mut both = program(&["config"]);
    both.env("QUARTERMASTER_DATABASE_URL", "postgres://other@h/d")
        .env("QUARTERMASTER_DATABASE_URL_FILE", &path);
    let said = run_failing(&mut both);
    assert!(said.contains("database_url and database_url_file (environment): give one of the two"), "{said}");
}

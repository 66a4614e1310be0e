//! The key that seals secrets at rest.

use std::os::unix::fs::PermissionsExt;

use crate::support::TestDatabase;
use crate::support::program::{Running, free_address, program, run_failing};

#[tokio::test]
async fn a_portal_on_a_database_of_the_companys_does_not_start_without_a_key_for_secrets() {
    let database = TestDatabase::new().await;
    let serve = |key: Option<&str>| {
        let mut command = program(&["serve", "portal", "--portal-addr", &free_address()]);
        command.env("QUARTERMASTER_DATABASE_URL", database.url());
        command.env_remove("QUARTERMASTER_KEY_ENCRYPTION_KEY");
        command.envs(key.map(|key| ("QUARTERMASTER_KEY_ENCRYPTION_KEY", key)));
        command
    };
    let said = run_failing(&mut serve(None));
    assert!(
        said.contains("key_encryption_key is missing") && said.contains("openssl rand -base64 32"),
        "{said}"
    );
    let said = run_failing(&mut serve(Some("c2hvcnQ=")));
    assert!(
        said.contains("setting key_encryption_key (environment)") && said.contains("must be 32 random bytes"),
        "{said}"
    );
    assert!(!said.contains("c2hvcnQ="), "{said}");
}

#[tokio::test]
async fn beside_a_private_postgresql_the_key_is_made_once_and_kept_from_others() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut keys = Vec::new();
    for _ in 0..2 {
        let portal = free_address();
        let arguments = ["serve", "portal", "--data-dir", data.to_str().unwrap(), "--portal-addr", &portal];
        let mut command = program(&arguments);
        command.env_remove("QUARTERMASTER_KEY_ENCRYPTION_KEY");
        let mut running = Running::start(command);
        running.wait_for(&format!("http://{portal}/ready")).await;
        keys.push(std::fs::read(data.join("key-encryption-key")).unwrap());
    }
    assert_eq!(keys[0], keys[1]);
    let mode = std::fs::metadata(data.join("key-encryption-key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

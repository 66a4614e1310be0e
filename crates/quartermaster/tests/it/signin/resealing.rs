//! Changing the key that seals secrets at rest, under those who sign in.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use portal::resealing::{Resealed, reseal};
use portal::{By, KeyEncryptionKey, Portal, keys};
use serde_json::Value;

use super::second_factor::{Authenticator, enrol, rest, second_step};
use crate::support::TestDatabase;
use crate::support::portal::{Browser, Company, PASSWORD};
use crate::support::program::{KEY, program, run_failing, run_ok};

fn old() -> KeyEncryptionKey {
    KeyEncryptionKey::new([7; 32])
}

fn new() -> KeyEncryptionKey {
    KeyEncryptionKey::new([8; 32])
}

fn both() -> KeyEncryptionKey {
    new().with_previous(Some([7; 32]))
}

fn by() -> By {
    By::operator("test")
}

/// What comes of signing in with a code at one portal.
async fn sign_in(company: &Company, portal: &str, username: &str, authenticator: &Authenticator) -> u16 {
    rest(company).await;
    let browser = Browser::at(portal);
    assert_eq!(browser.sign_in(username, PASSWORD).await.status(), 303);
    second_step(&browser, &authenticator.code(0)).await
}

async fn enrolled(company: &Company, portal: &str, username: &str) -> Authenticator {
    company.admin(username).await;
    let browser = Browser::at(portal);
    browser.sign_in(username, PASSWORD).await;
    enrol(&browser).await.0
}

async fn mint(company: &Company, key: &KeyEncryptionKey) -> Result<String, portal::Error> {
    portal::mint_for(
        &company.database.pool(portal::ROLES),
        "test",
        key,
        (&portal::By::operator("test"), "mia"),
    )
    .await
}

#[tokio::test]
async fn the_key_for_secrets_is_changed_while_people_sign_in_at_portals_that_know_one_key_or_both() {
    let company = Company::start().await;
    let pool = company.database.pool(portal::ROLES);
    // The first portal has not heard of the new key yet; the second knows both.
    let first = company.portal.clone();
    let mia = enrolled(&company, &first, "mia").await;
    let second = company.another_portal(|config| config.key_encryption_key = both()).await;
    let max = enrolled(&company, &second, "max").await;
    keys::rotate(&pool, &by(), &both(), Duration::ZERO).await.unwrap();
    for portal in [&first, &second] {
        assert_eq!(sign_in(&company, portal, "mia", &mia).await, 303);
        assert_eq!(sign_in(&company, portal, "max", &max).await, 303);
    }
    mint(&company, &old()).await.unwrap();

    // Tokens are made and codes are taken all the while.
    let changed = AtomicBool::new(false);
    let going_on = async {
        let mut rounds = 0;
        while rounds < 3 || !changed.load(Ordering::Acquire) {
            mint(&company, &both()).await.unwrap();
            assert_eq!(sign_in(&company, &second, "mia", &mia).await, 303);
            rounds += 1;
        }
    };
    let changing = async {
        let resealed = reseal(&pool, &by(), &both()).await.unwrap();
        changed.store(true, Ordering::Release);
        resealed
    };
    let ((), resealed) = tokio::join!(going_on, changing);
    assert_eq!(resealed, Resealed { signing_keys: 2, second_factors: 2, all: 4 });
    let zoe = enrolled(&company, &second, "zoe").await;

    let third = company.another_portal(|config| config.key_encryption_key = new()).await;
    for (name, authenticator) in [("mia", &mia), ("max", &max), ("zoe", &zoe)] {
        for portal in [&second, &third] {
            assert_eq!(sign_in(&company, portal, name, authenticator).await, 303, "{name}");
        }
    }
    mint(&company, &new()).await.unwrap();
    let refused = mint(&company, &old()).await.unwrap_err();
    assert!(refused.to_string().contains("key_encryption_key"), "{refused}");
    let again = reseal(&pool, &by(), &both()).await.unwrap();
    assert_eq!(again, Resealed { signing_keys: 0, second_factors: 0, all: 5 });

    let entry: Value = company
        .database
        .value(
            "select details || jsonb_build_object('entity', entity_id) from portal_audit_logs
             where action = 'keys.resealed' order by id limit 1",
        )
        .await;
    assert_eq!((&entry["entity"], &entry["from"]), (&new().name().into(), &old().name().into()));
    assert_eq!((&entry["signing_keys"], &entry["second_factors"]), (&2.into(), &2.into()));
}

#[tokio::test]
async fn secrets_that_neither_key_opens_are_left_as_they_are() {
    let company = Company::start().await;
    let pool = company.database.pool(portal::ROLES);
    enrolled(&company, &company.portal.clone(), "mia").await;
    let secrets = "select array(select private_key from portal_signing_keys union all select secret from portal_second_factors)";
    let before: Vec<Vec<u8>> = company.database.value(secrets).await;
    let refused = reseal(&pool, &by(), &new()).await.unwrap_err();
    assert!(refused.to_string().contains("key_encryption_key_previous is missing"), "{refused}");
    let wrong = new().with_previous(Some([9; 32]));
    assert!(reseal(&pool, &by(), &wrong).await.is_err());
    // One second factor that cannot be opened keeps the signing key too.
    company.database.run("update portal_second_factors set secret = '\\x00'").await;
    assert!(reseal(&pool, &by(), &both()).await.is_err());
    company.database.run("update portal_second_factors set secret = secret").await;
    let after: Vec<Vec<u8>> = company.database.value(secrets).await;
    assert_eq!(before.first(), after.first());
    let _: Portal = company.built().await;
}

#[tokio::test]
async fn the_key_for_secrets_is_changed_by_command() {
    const OTHER: &str = "c2V2ZW4gdGltZXMgc2l4IGlzIGZvcnR5IHR3byAhISE=";
    let database = TestDatabase::new().await;
    database
        .run("insert into portal_users (username, password_hash, all_branches) values ('mia', '!', true)")
        .await;
    let with = |arguments: &[&str], key: &str| {
        let mut command = program(arguments);
        command.env("QUARTERMASTER_DATABASE_URL", database.url());
        command.env("QUARTERMASTER_KEY_ENCRYPTION_KEY", key);
        command
    };
    let token = ["token", "--user", "mia"];
    run_ok(&mut with(&token, KEY));
    let said = run_failing(&mut with(&["keys", "reseal"], OTHER));
    assert!(said.contains("key_encryption_key_previous is missing"), "{said}");
    let dir = tempfile::tempdir().unwrap();
    let previous = dir.path().join("previous");
    files::write_new(&previous, KEY).unwrap();
    let told = run_ok(
        with(&["keys", "reseal"], OTHER).env("QUARTERMASTER_KEY_ENCRYPTION_KEY_PREVIOUS_FILE", &previous),
    );
    assert!(told.contains("Sealed 1 signing keys and 0 second factors anew"), "{told}");
    assert!(!told.contains(KEY) && !told.contains(OTHER), "{told}");
    run_ok(&mut with(&token, OTHER));
    run_failing(&mut with(&token, KEY));
}

//! Signing keys: encrypted, rotated without a request failing, retired with care.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use portal::keys::{self, KeyState};
use portal::{By, KeyEncryptionKey, Portal};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::fleet::{Fleet, config, part, until};

fn by() -> By {
    By::operator("test")
}

async fn state(fleet: &Fleet, kid: &str) -> KeyState {
    keys::list(&fleet.pool).await.unwrap().into_iter().find(|life| life.kid == kid).unwrap().state
}

async fn published(fleet: &Fleet) -> Vec<String> {
    let url = format!("{}/.well-known/jwks.json", fleet.portal);
    let set: Value = fleet.http.get(url).send().await.unwrap().json().await.unwrap();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_keys_are_rotated_again_and_again() {
    let fleet = Fleet::start().await;
    fleet.admin("mia").await;
    let cookie = fleet.sign_in("mia").await;
    let first = fleet.token("mia").await;
    let (stop, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let load = async |process: usize| {
        while !stop.load(Ordering::Relaxed) {
            let answer: Value = fleet.session_token(&cookie).await.json().await.unwrap();
            let fresh = answer["access_token"].as_str().unwrap();
            for token in [fresh, &first] {
                assert_eq!(fleet.call(process, token).await, 200);
            }
            asked.fetch_add(2, Ordering::Relaxed);
        }
    };
    let rotations = async {
        for round in 1..=4 {
            let ahead = Duration::from_millis(700);
            let (kid, _) = keys::rotate(&fleet.pool, &by(), &fleet.encryption, ahead).await.unwrap();
            until("the new key to be published", async || published(&fleet).await.contains(&kid)).await;
            until("the new key to sign", async || part(&fleet.token("mia").await, 0)["kid"] == *kid).await;
            assert_eq!(published(&fleet).await.len(), round + 1, "the keys before stay published");
            assert_eq!(state(&fleet, &kid).await, KeyState::Signing);
        }
        stop.store(true, Ordering::Relaxed);
    };
    tokio::join!(rotations, load(0), load(1), load(0), load(1));
    assert!(asked.load(Ordering::Relaxed) > 50, "{asked:?}");
}

#[tokio::test]
async fn a_new_key_is_published_before_it_signs() {
    let fleet = Fleet::start().await;
    fleet.admin("mia").await;
    let before = part(&fleet.token("mia").await, 0)["kid"].clone();
    let (kid, _) = keys::rotate(&fleet.pool, &by(), &fleet.encryption, keys::PUBLISH_AHEAD).await.unwrap();
    until("the new key to be published", async || published(&fleet).await.contains(&kid)).await;
    assert_eq!(state(&fleet, &kid).await, KeyState::Next);
    assert_eq!(part(&fleet.token("mia").await, 0)["kid"], before);
    assert_eq!(fleet.audited("signing_key.added").await["entity"], *kid);
}

#[tokio::test]
async fn a_key_is_retired_when_its_tokens_have_ended_or_in_an_emergency_with_them() {
    let fleet = Fleet::start().await;
    fleet.admin("mia").await;
    let token = fleet.token("mia").await;
    let old = part(&token, 0)["kid"].as_str().unwrap().to_owned();
    fleet.assert_good(&token).await;
    let refused = async |kid: &str, now: bool| {
        keys::retire(&fleet.pool, &by(), kid, now).await.unwrap_err().to_string()
    };
    assert!(refused(&old, true).await.contains("rotate first"));
    assert!(refused("nothing", true).await.contains("no signing key"));
    let (kid, _) = keys::rotate(&fleet.pool, &by(), &fleet.encryption, Duration::ZERO).await.unwrap();
    until("the new key to sign", async || part(&fleet.token("mia").await, 0)["kid"] == *kid).await;
    assert!(refused(&old, false).await.contains("--now"));
    fleet.assert_good(&token).await;
    keys::retire(&fleet.pool, &by(), &old, true).await.unwrap();
    // Also where the token was verified before and is remembered.
    fleet.until_refused(&token).await;
    assert_eq!(published(&fleet).await, [kid]);
    assert_eq!(fleet.audited("signing_key.retired").await["tokens_ended"], true);
    assert!(refused(&old, true).await.contains("retired already"));
    let left: i64 =
        fleet.database.value("select count(*) from portal_signing_keys where private_key is not null").await;
    assert_eq!(left, 1, "the private half of a retired key is destroyed");
    fleet.assert_good(&fleet.token("mia").await).await;
}

#[tokio::test]
async fn a_key_whose_tokens_have_ended_is_retired_by_the_portal() {
    let fleet = Fleet::start().await;
    let old = published(&fleet).await[0].clone();
    let (kid, _) = keys::rotate(&fleet.pool, &by(), &fleet.encryption, Duration::ZERO).await.unwrap();
    fleet
        .database
        .run("update portal_signing_keys set signs_from = signs_from - interval '17 minutes'")
        .await;
    assert_eq!(
        (state(&fleet, &old).await, state(&fleet, &kid).await),
        (KeyState::Retiring, KeyState::Signing)
    );
    // Another portal looks at once, this one within the hour.
    let another = Portal::build(config(&fleet.encryption), fleet.pool.clone(), crate::support::roles_alone())
        .await
        .unwrap();
    let stop = CancellationToken::new();
    tokio::spawn({
        let stop = stop.clone();
        async move { another.keep_house(stop).await }
    });
    until("the old key to be retired", async || published(&fleet).await == [kid.as_str()]).await;
    stop.cancel();
    let audited = fleet.audited("signing_key.retired").await;
    assert_eq!((&audited["by"], &audited["tokens_ended"]), (&"quartermaster portal".into(), &false.into()));
}

#[tokio::test]
async fn what_the_database_holds_of_a_key_signs_nothing_without_the_encryption_key() {
    let fleet = Fleet::start().await;
    fleet.admin("mia").await;
    let sealed: Vec<u8> = fleet.database.value("select private_key from portal_signing_keys").await;
    // Every PKCS #8 form of an Ed25519 key names the algorithm.
    let ed25519 = [0x06, 0x03, 0x2b, 0x65, 0x70];
    assert!(!sealed.windows(ed25519.len()).any(|window| window == ed25519));
    let wrong = KeyEncryptionKey::new([8; 32]);
    let said = "cannot be opened with the key of the setting key_encryption_key";
    let refused =
        portal::mint_for(&fleet.pool, "test", &wrong, (&By::operator("test"), "mia")).await.unwrap_err();
    assert!(refused.to_string().contains(said), "{refused}");
    let refused = keys::rotate(&fleet.pool, &by(), &wrong, Duration::ZERO).await.unwrap_err();
    assert!(refused.to_string().contains(said), "{refused}");
    assert_eq!(keys::list(&fleet.pool).await.unwrap().len(), 1);
}

#[tokio::test]
async fn portals_of_one_company_share_one_first_key() {
    let database = crate::support::TestDatabase::new().await;
    let (pool, encryption) = (database.pool(portal::ROLES), KeyEncryptionKey::new([7; 32]));
    let start = async || {
        Portal::build(config(&encryption), pool.clone(), crate::support::roles_alone()).await.unwrap();
    };
    tokio::join!(start(), start(), start());
    assert_eq!(keys::list(&pool).await.unwrap().len(), 1);
}

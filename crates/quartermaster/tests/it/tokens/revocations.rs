//! What takes a user's or client's tokens away: in both services, and with the sessions at the portal.

use identity::{BranchScope, Role};
use portal::By;
use portal::accounts::access;
use portal::accounts::users::{self, PasswordIs};

use super::fleet::{Fleet, part, until};
use crate::support::portal::{Browser, PASSWORD};

/// Does `change` to a user who has a session and a token that both services know, and sees both end.
async fn ends_sessions_and_tokens(change: impl AsyncFnOnce(&Fleet, &By)) -> Fleet {
    let fleet = Fleet::start().await;
    fleet.admin("mia").await;
    fleet.admin("max").await;
    let (token, another) = (fleet.token("mia").await, fleet.token("max").await);
    let cookie = fleet.sign_in("mia").await;
    fleet.assert_good(&token).await;
    change(&fleet, &By::operator("test")).await;
    fleet.until_refused(&token).await;
    assert_eq!(fleet.session_token(&cookie).await.status(), 401);
    fleet.assert_good(&another).await;
    fleet
}

#[tokio::test]
async fn disabling_a_user_ends_sessions_and_tokens_everywhere_until_it_is_enabled() {
    let fleet = ends_sessions_and_tokens(async |fleet, by| {
        access::disable(&fleet.pool, by, "MIA").await.unwrap();
    })
    .await;
    assert_eq!(fleet.audited("user.disabled").await["sessions_ended"], 1);
    let refused = portal::mint_for(
        &fleet.pool,
        super::fleet::ISSUER,
        &fleet.encryption,
        (&By::operator("test"), "mia"),
    )
    .await;
    assert!(refused.unwrap_err().to_string().contains("no active user"));
    let by = By::operator("test");
    assert!(access::disable(&fleet.pool, &by, "mia").await.is_err());
    access::enable(&fleet.pool, &by, "mia").await.unwrap();
    assert!(access::enable(&fleet.pool, &by, "mia").await.is_err());
    // At once, although the second of the revocation may not be over.
    fleet.assert_good(&fleet.token("mia").await).await;
    assert_eq!(fleet.audited("user.enabled").await["by"], "test");
}

#[tokio::test]
async fn a_new_password_ends_sessions_and_tokens_everywhere() {
    let fleet = ends_sessions_and_tokens(async |fleet, by| {
        users::set_password(&fleet.pool, by, "mia", ("another password", PasswordIs::Own)).await.unwrap();
    })
    .await;
    fleet.assert_good(&fleet.token("mia").await).await;
}

#[tokio::test]
async fn other_roles_and_branches_end_sessions_and_tokens_everywhere() {
    let fleet = ends_sessions_and_tokens(async |fleet, by| {
        let scope = BranchScope::only([domain::BranchId(3)]);
        access::set_access(&fleet.pool, by, "mia", &[Role::Worker], &scope).await.unwrap();
    })
    .await;
    let token = fleet.token("mia").await;
    fleet.assert_good(&token).await;
    let claims = part(&token, 1);
    assert_eq!((&claims["roles"][0], &claims["branches"][0]), (&"Worker".into(), &3.into()));
    let audited = fleet.audited("user.access_set").await;
    assert_eq!((&audited["from"]["branches"], &audited["to"]["branches"][0]), (&"*".into(), &3.into()));
}

#[tokio::test]
async fn signing_out_everywhere_ends_sessions_and_tokens_everywhere() {
    let fleet = ends_sessions_and_tokens(async |fleet, by| {
        access::sign_out(&fleet.pool, by, "mia").await.unwrap();
    })
    .await;
    assert_eq!(fleet.audited("user.signed_out_everywhere").await["sessions_ended"], 1);
    assert!(access::sign_out(&fleet.pool, &By::operator("test"), "nobody").await.is_err());
}

#[tokio::test]
async fn of_tokens_made_and_revoked_in_the_same_second_each_is_what_it_was_last() {
    let fleet = Fleet::start().await;
    fleet.admin("mia").await;
    let by = By::operator("test");
    for _ in 0..3 {
        let before = fleet.token("mia").await;
        access::sign_out(&fleet.pool, &by, "mia").await.unwrap();
        let after = fleet.token("mia").await;
        fleet.until_refused(&before).await;
        fleet.assert_good(&after).await;
        // Made before the next revocation, however close that is.
        access::sign_out(&fleet.pool, &by, "mia").await.unwrap();
        fleet.until_refused(&after).await;
    }
}

#[tokio::test]
async fn no_token_is_made_of_what_a_change_in_the_making_takes_away() {
    let fleet = Fleet::start().await;
    fleet.admin("mia").await;
    let mut changing = fleet.database.connect("qm_portal_app").await;
    let change = changing.transaction().await.unwrap();
    for sql in [
        "select from portal_users where id = 1 for update",
        "delete from portal_memberships where user_id = 1",
        "select pg_advisory_xact_lock(hashtextextended('portal tokens of ' || '1', 0))",
    ] {
        change.batch_execute(sql).await.unwrap();
    }
    let minting = fleet.token("mia");
    let committing = async {
        // By now the other waits, or it has not begun: both must end well.
        let waits = "select count(*) > 0 from pg_locks where locktype = 'advisory' and not granted";
        until("the other to wait", async || fleet.database.value::<bool>(waits).await).await;
        change.commit().await.unwrap();
    };
    let (token, ()) = tokio::join!(minting, committing);
    assert_eq!(part(&token, 1)["roles"], serde_json::json!([]));
}

#[tokio::test]
async fn no_session_begins_with_a_password_that_is_changed_while_it_is_checked() {
    let fleet = Fleet::start().await;
    fleet.admin("mia").await;
    let mut changing = fleet.database.connect("qm_portal_app").await;
    let change = changing.transaction().await.unwrap();
    change.batch_execute("update portal_users set password_hash = 'another' where id = 1").await.unwrap();
    let browser = Browser::at(&fleet.portal);
    let signing_in = browser.sign_in("mia", PASSWORD);
    let committing = async {
        let waits = "select count(*) > 0 from pg_locks where not granted";
        until("the sign-in to wait", async || fleet.database.value::<bool>(waits).await).await;
        change.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(signing_in, committing);
    assert_eq!(answer.status(), 422);
    assert_eq!(fleet.database.value::<i64>("select count(*) from portal_sessions").await, 0);
}

#[tokio::test]
async fn without_the_portal_services_go_on_with_what_they_last_knew() {
    let mut fleet = Fleet::start().await;
    fleet.admin("mia").await;
    fleet.admin("max").await;
    let (revoked, good) = (fleet.token("mia").await, fleet.token("max").await);
    fleet.assert_good(&revoked).await;
    access::disable(&fleet.pool, &By::operator("test"), "mia").await.unwrap();
    fleet.until_refused(&revoked).await;
    fleet.stop_portal().await;
    fleet.assert_good(&good).await;
    assert_eq!((fleet.call(0, &revoked).await, fleet.call(1, &revoked).await), (401, 401));
    let stranger = identity::SigningKey::generate().unwrap();
    let claims = identity::Claims::new(super::fleet::ISSUER, portal::AUDIENCE, "1", "mia", 0);
    assert_eq!(fleet.call(0, &stranger.mint(&claims).unwrap()).await, 401);
}

#[tokio::test]
async fn a_stopping_portal_keeps_nobody_waiting() {
    let mut fleet = Fleet::start().await;
    fleet.admin("mia").await;
    // Both services wait at the portal for news by now.
    fleet.assert_good(&fleet.token("mia").await).await;
    fleet.stop_portal().await;
}

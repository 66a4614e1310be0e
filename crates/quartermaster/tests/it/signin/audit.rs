//! Everything about signing in is audited, and nothing secret is.

use identity::Role;
use portal::By;
use portal::accounts::{groups, second_factor, sessions};

use crate::support::portal::{Company, PASSWORD, field};
use totp_rs::{Algorithm, Builder, Secret};

#[tokio::test]
async fn sign_ins_and_what_people_do_with_their_accounts_are_audited_without_a_secret() {
    let company = Company::start().await;
    company.admin("mia").await;
    let browser = company.browser();
    browser.sign_in("mia", "a wrong secret").await;
    browser.sign_in("hunter2-in-the-wrong-field", "x").await;
    browser.sign_in("mia", PASSWORD).await;
    let form = [("current", PASSWORD), ("new", "another password"), ("again", "another password")];
    browser.post("/accounts/password/", &form).await;
    let page = browser.page("/accounts/second-factor/").await;
    let secret = page.split("id=\"secret\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let totp = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_step_duration(30);
    let totp = totp.with_secret(Secret::try_from_base32(&secret).unwrap()).build().unwrap();
    let code = totp.generate(jiff::Timestamp::now().as_second().unsigned_abs()).to_string();
    let form = [("offer", &*field(&page, "offer")), ("code", &code), ("password", "another password")];
    let page = browser.post("/accounts/second-factor/", &form).await.text().await.unwrap();
    let recovery = page.split("class=\"codes").nth(1).unwrap();
    let recovery = recovery.split("<li>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let other = company.browser();
    other.sign_in("mia", "another password").await;
    other.post("/accounts/second-step/", &[("code", "000000")]).await;
    other.post("/accounts/second-step/", &[("code", &recovery)]).await;
    browser.post("/accounts/sessions/end-others/", &[]).await;
    browser.post("/accounts/second-factor/remove/", &[("password", "another password")]).await;
    browser.post("/accounts/logout/", &[]).await;
    assert_eq!(
        company.audited().await,
        [
            "user.added",
            "user.sign_in_failed",
            "user.sign_in_failed",
            "user.signed_in",
            "user.password_changed",
            "user.second_factor_added",
            "user.password_accepted",
            "user.sign_in_failed",
            "user.signed_in",
            "user.sessions_ended",
            "user.second_factor_removed",
            "user.signed_out",
        ]
    );
    let all: String =
        company.database.value("select string_agg(l::text, e'\\n') from portal_audit_logs l").await;
    let bare = recovery.replace('-', "");
    let session = browser.cookie("device").unwrap();
    for secret in [
        "a wrong secret",
        "hunter2",
        PASSWORD,
        "another password",
        &secret,
        &recovery,
        &bare,
        &session,
        "argon2",
    ] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    let with_place: i64 = company
        .database
        .value("select count(*) from portal_audit_logs where ip = '127.0.0.1' and request_id is not null")
        .await;
    assert_eq!(with_place, 11, "all but the operator's are told with address and request");
    let failed: String = company
        .database
        .value("select string_agg(actor || ' ' || entity_id || ' ' || (details ->> 'wrong'), ', ' order by id) from portal_audit_logs where action = 'user.sign_in_failed'")
        .await;
    assert_eq!(failed, "mia 1 password, (unknown name) unknown password, mia 1 second factor");
}

#[tokio::test]
async fn an_entry_under_an_id_that_its_sender_chose_has_one_of_the_server_besides() {
    let company = Company::start().await;
    company.admin("mia").await;
    for _ in 0..2 {
        let browser = company.browser();
        let token = browser.form_token().await;
        let form = [("form_token", &*token), ("username", "mia"), ("password", PASSWORD)];
        browser.post_under("till-7", "/accounts/login/", &form).await;
    }
    let told: i64 = company
        .database
        .value("select count(distinct details ->> 'server_request_id') from portal_audit_logs where request_id = 'till-7'")
        .await;
    assert_eq!(told, 2);
}

#[tokio::test]
async fn what_the_operator_does_is_audited() {
    let company = Company::start().await;
    company.admin("mia").await;
    company.signed_in("mia").await;
    let (pool, by) = (company.database.pool(portal::ROLES), By::operator("test"));
    company
        .database
        .run("insert into portal_second_factors (user_id, secret, last_step) values (1, '', 0)")
        .await;
    sessions::end_all(&pool, &by, 1).await.unwrap();
    second_factor::reset(&pool, &by, "mia").await.unwrap();
    groups::require_second_factor(&pool, &by, Role::Auditor, true).await.unwrap();
    assert_eq!(
        company.audited().await[2..],
        ["user.sessions_ended", "user.second_factor_reset", "group.second_factor_required"]
    );
}

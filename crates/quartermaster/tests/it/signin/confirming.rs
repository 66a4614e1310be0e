//! Acts on accounts, programs and keys ask for the password again.

use serde_json::Value;

use crate::support::portal::{Browser, Company, PASSWORD, field, location};
use crate::support::routes::portal_routes;

/// As if every password had been given more than 10 minutes ago.
async fn let_time_pass(company: &Company) {
    company.database.run("update portal_sessions set confirmed_at = now() - interval '11 minutes'").await;
}

/// Answers the page that asks for the password.
async fn confirm(browser: &Browser, path: &str, page: &str, password: &str) -> reqwest::Response {
    let kept = field(page, "confirm_form");
    browser.post(path, &[("confirm_form", &kept), ("confirm_password", password)]).await
}

/// Forms that change nothing about who may sign in, or that ask for the password themselves: a form of the portal's own
/// administration that is not among them must be confirmed.
const OTHERWISE: [&str; 7] = [
    "/accounts/login/",
    "/accounts/second-step/",
    "/accounts/logout/",
    "/admin/policies/",
    "/accounts/password/",
    "/accounts/second-factor/",
    "/accounts/second-factor/remove/",
];

#[tokio::test]
async fn every_form_about_accounts_programs_and_keys_asks_for_the_password_after_ten_minutes() {
    let company = Company::start().await;
    company.admin("mia").await;
    let browser = company.signed_in("mia").await;
    let before = company.audited().await;
    let of_accounts = |path: &str| path.starts_with("/admin/") || path.starts_with("/accounts/");
    let routes = portal_routes().into_iter().filter(|route| route.takes_forms && of_accounts(&route.path));
    let mut asked = 0;
    for path in routes.map(|route| route.path).filter(|path| !OTHERWISE.contains(&path.as_str())) {
        let_time_pass(&company).await;
        let form =
            [("username", "eve"), ("password", "a first password"), ("role", "Admin"), ("name", "eve")];
        let response = browser.post(&path, &form).await;
        assert_eq!(response.status(), 403, "{path}");
        let page = response.text().await.unwrap();
        assert!(page.contains("name=\"confirm_password\""), "{path}: {page}");
        assert!(
            !page.contains("a first password"),
            "{path}: what was typed as a password is not in the page"
        );
        asked += 1;
    }
    assert!(asked >= 9, "{asked}");
    assert_eq!(company.audited().await, before);
}

#[tokio::test]
async fn forms_about_ones_own_password_and_second_factor_always_ask_for_the_password() {
    let company = Company::start().await;
    company.admin("mia").await;
    let browser = company.signed_in("mia").await;
    company
        .database
        .run("insert into portal_second_factors (user_id, secret, last_step) values (1, '', 0)")
        .await;
    let new = [("new", "another password"), ("again", "another password")];
    assert_eq!(browser.post("/accounts/password/", &new).await.status(), 422);
    assert_eq!(browser.post("/accounts/second-factor/remove/", &[]).await.status(), 422);
    company.database.run("delete from portal_second_factors").await;
    let offer = field(&browser.page("/accounts/second-factor/").await, "offer");
    let form = [("offer", offer.as_str()), ("code", "000000")];
    assert_eq!(browser.post("/accounts/second-factor/", &form).await.status(), 422);
    let changed: i64 = company.database.value("select count(*) from portal_second_factors").await;
    assert_eq!(changed, 0);
    assert_eq!(company.browser().sign_in("mia", PASSWORD).await.status(), 303);
}

#[tokio::test]
async fn a_form_goes_on_with_all_its_fields_once_the_password_is_given() {
    let company = Company::start().await;
    company.admin("mia").await;
    let browser = company.signed_in("mia").await;
    let_time_pass(&company).await;
    let path = "/admin/users/new/";
    let form = [
        ("username", "lena"),
        ("password", "a first password"),
        ("role", "Worker"),
        ("role", "Auditor"),
        ("branch", "7"),
        ("branch", "9"),
    ];
    let page = browser.post(path, &form).await.text().await.unwrap();
    let response = confirm(&browser, path, &page, "wrong horse").await;
    assert_eq!(response.status(), 422);
    let page = response.text().await.unwrap();
    assert!(page.contains("That is not your password."), "{page}");
    let users: i64 = company.database.value("select count(*) from portal_users").await;
    assert_eq!(users, 1);
    let response = confirm(&browser, path, &page, PASSWORD).await;
    assert_eq!(response.status(), 303);
    let added: Value = company
        .database
        .value("select details from portal_audit_logs where action = 'user.added' and details ->> 'username' = 'lena'")
        .await;
    assert_eq!(added["roles"], serde_json::json!(["Worker", "Auditor"]));
    assert_eq!(added["branches"], serde_json::json!([7, 9]));
    assert_eq!(company.browser().sign_in("lena", "a first password").await.status(), 303);
    // For 10 minutes nothing more is asked.
    assert_eq!(browser.post("/admin/users/2/sign-out/", &[]).await.status(), 303);
    assert!(company.audited().await.contains(&"user.password_confirmed".to_owned()));
}

#[tokio::test]
async fn wrong_passwords_at_the_confirmation_are_guesses() {
    let company = Company::start().await;
    company.admin("mia").await;
    let browser = company.signed_in("mia").await;
    let_time_pass(&company).await;
    let path = "/admin/keys/rotate/";
    let page = browser.post(path, &[]).await.text().await.unwrap();
    for _ in 0..3 {
        assert_eq!(confirm(&browser, path, &page, "wrong horse").await.status(), 422);
    }
    // As if just now, however slow this machine is.
    company.database.run("update portal_guesses set at = at + interval '1 hour'").await;
    let response = confirm(&browser, path, &page, PASSWORD).await;
    assert_eq!(response.status(), 429);
    assert!(response.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn a_kept_form_opens_in_its_own_session_and_at_its_own_address_alone() {
    let company = Company::start().await;
    company.admin("mia").await;
    company.admin("max").await;
    let (mia, max) = (company.signed_in("mia").await, company.signed_in("max").await);
    let_time_pass(&company).await;
    let path = "/admin/users/2/disable/";
    let page = mia.post(path, &[]).await.text().await.unwrap();
    assert_eq!(confirm(&max, path, &page, PASSWORD).await.status(), 403);
    assert_eq!(confirm(&mia, "/admin/users/2/sign-out/", &page, PASSWORD).await.status(), 403);
    let kept = [("confirm_form", "bm90aGluZw"), ("confirm_password", PASSWORD)];
    assert_eq!(mia.post(path, &kept).await.status(), 403);
    let disabled: i64 = company.database.value("select count(*) from portal_users where not active").await;
    assert_eq!(disabled, 0);
}

#[tokio::test]
async fn removing_a_second_factor_ends_other_sessions_and_tokens() {
    let company = Company::start().await;
    company.admin("mia").await;
    let (mine, other) = (company.signed_in("mia").await, company.signed_in("mia").await);
    company
        .database
        .run("insert into portal_second_factors (user_id, secret, last_step) values (1, '', 0)")
        .await;
    let before = mine.clone();
    let removed = mine.post("/accounts/second-factor/remove/", &[("password", PASSWORD)]).await;
    assert_eq!((removed.status().as_u16(), location(&removed)), (303, "/accounts/second-factor/"));
    assert_eq!(other.get("/").await.status(), 303, "other sessions end");
    assert_eq!(before.get("/").await.status(), 303, "the session has a new id");
    assert_eq!(mine.get("/").await.status(), 200);
    let revoked: i64 =
        company.database.value("select count(*) from portal_revocations where subject = '1'").await;
    assert_eq!(revoked, 1);
}

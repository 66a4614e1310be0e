//! Which passwords may be set, and whose hashes are taken.

use identity::{BranchScope, Role};
use portal::By;
use portal::accounts::users::{self, NewUser, PasswordIs};

use crate::support::portal::{Browser, Company, PASSWORD};

/// What Django 5.2's `make_password` gave for [`PASSWORD`], with fewer iterations than it does by itself.
const DJANGO: &str = "pbkdf2_sha256$1000$a9mTvQXKbJ2c$aTFDZ7t7SeIv+ZfYqOhOBxEZge7rr69JQuTfh+mA5NY=";
/// Argon2id of [`PASSWORD`] with 8 MiB and 1 pass.
const WEAK: &str = "$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$";

async fn hash_of(company: &Company, username: &str) -> String {
    let sql = format!("select password_hash from portal_users where username = '{username}'");
    company.database.value(&sql).await
}

async fn change(browser: &Browser, current: &str, new: &str, again: &str) -> (u16, String) {
    let form = [("current", current), ("new", new), ("again", again)];
    let response = browser.post("/accounts/password/", &form).await;
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn a_password_that_django_hashed_signs_in_and_is_hashed_anew() {
    let company = Company::start().await;
    company.admin("mia").await;
    company.database.run(&format!("update portal_users set password_hash = '{DJANGO}'")).await;
    assert_eq!(company.browser().sign_in("mia", "wrong horse").await.status(), 422);
    assert_eq!(hash_of(&company, "mia").await, DJANGO);
    assert_eq!(company.browser().sign_in("mia", PASSWORD).await.status(), 303);
    let hash = hash_of(&company, "mia").await;
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert_eq!(company.browser().sign_in("mia", PASSWORD).await.status(), 303);
    assert_eq!(hash_of(&company, "mia").await, hash, "a hash of today's stays");
}

#[tokio::test]
async fn what_is_no_hash_signs_nobody_in() {
    let company = Company::start().await;
    company.admin("mia").await;
    for hash in
        ["!gw4tUfs1p7Ia10UdK9ojZbtZsXF2n9q8EDv8xcLB", "!", "", &format!("{WEAK}bm90aGluZw"), "md5$a$b"]
    {
        company.database.run(&format!("update portal_users set password_hash = '{hash}'")).await;
        company.database.run("truncate portal_guesses").await;
        for password in ["", "!", hash, PASSWORD] {
            let status = company.browser().sign_in("mia", password).await.status();
            assert!(status == 422 || status == 429, "{hash} {password}");
        }
    }
}

#[tokio::test]
async fn people_change_their_passwords_by_giving_the_one_before_and_their_other_sessions_end() {
    let company = Company::start().await;
    company.admin("mia").await;
    let (mine, other) = (company.signed_in("mia").await, company.signed_in("mia").await);
    let before = mine.clone();
    let (status, page) = change(&mine, "wrong horse", "another password", "another password").await;
    assert_eq!(status, 422);
    assert!(page.contains("That is not your password.") && page.contains("id=\"current-error\""), "{page}");
    let (status, page) = change(&mine, PASSWORD, "another password", "another passwort").await;
    assert_eq!((status, page.contains("The two new passwords differ.")), (422, true));
    let (status, page) = change(&mine, PASSWORD, "another password", "another password").await;
    assert_eq!((status, page.contains("Your password is changed")), (200, true), "{page}");
    assert_eq!(mine.get("/").await.status(), 200);
    assert_eq!(other.get("/").await.status(), 303, "other sessions end");
    assert_eq!(before.get("/").await.status(), 303, "the session has a new id");
    assert_eq!(company.browser().sign_in("mia", PASSWORD).await.status(), 422);
    assert_eq!(company.browser().sign_in("mia", "another password").await.status(), 303);
}

#[tokio::test]
async fn common_short_and_telling_passwords_are_refused_with_the_reason() {
    let company = Company::start().await;
    company.admin("anna.smith").await;
    let browser = company.signed_in("anna.smith").await;
    for (password, reason) in [
        ("PassWord1", "most common"),
        ("äöüßäöü", "8 to 128 characters"),
        ("my anna.smith!", "must not contain the user name"),
    ] {
        let (status, page) = change(&browser, PASSWORD, password, password).await;
        assert_eq!((status, page.contains(reason)), (422, true), "{password}: {page}");
        assert!(page.contains("aria-describedby=\"new-error new-hint\""), "{page}");
        let pool = company.database.pool(portal::ROLES);
        let new = NewUser {
            username: "anna.smith2",
            password,
            roles: &[Role::Worker],
            scope: &BranchScope::All,
            password_is: PasswordIs::Own,
        };
        let refused = users::add(&pool, &By::operator("test"), &new).await;
        assert!(refused.is_err() || password.contains("anna"), "{password}");
    }
    // Eight characters of any kind will do.
    let (status, page) = change(&browser, PASSWORD, "鍵鍵鍵鍵鍵鍵鍵鍵", "鍵鍵鍵鍵鍵鍵鍵鍵").await;
    assert_eq!(status, 200, "{page}");
    assert_eq!(company.browser().sign_in("anna.smith", "鍵鍵鍵鍵鍵鍵鍵鍵").await.status(), 303);
}

//! Passwords that somebody else set, and second factors that Admins need.

use identity::{BranchScope, Role};
use portal::By;
use portal::accounts::users::{self, NewUser, PasswordIs};

use crate::support::portal::{Browser, Company, PASSWORD, location};
use crate::support::program::{program, run_ok};

const FIRST: &str = "a first password";
const OWN: &str = "one of their own";

async fn add(company: &Company, username: &str) {
    let (roles, scope, password_is) = (&[Role::Worker], &BranchScope::All, PasswordIs::First);
    let new = NewUser { username, password: FIRST, roles, scope, password_is };
    users::add(&company.database.pool(portal::ROLES), &By::operator("test"), &new).await.unwrap();
}

async fn change(browser: &Browser, new: &str) -> u16 {
    let form = [("current", FIRST), ("new", new), ("again", new)];
    browser.post("/accounts/password/", &form).await.status().as_u16()
}

#[tokio::test]
async fn a_first_password_is_changed_before_anything_else() {
    let company = Company::start().await;
    add(&company, "lena").await;
    let browser = company.browser();
    assert_eq!(browser.sign_in("lena", FIRST).await.status(), 303);
    for path in ["/", "/stock/", "/accounts/sessions/", "/accounts/second-factor/"] {
        assert_eq!(location(&browser.get(path).await), "/accounts/password/", "{path}");
    }
    assert_eq!(browser.get("/accounts/api/token/").await.status(), 403);
    assert!(browser.page("/accounts/password/").await.contains("Somebody else set your password"));
    assert_eq!(change(&browser, FIRST).await, 422, "the same is no password of their own");
    assert_eq!(browser.get("/").await.status(), 303);
    assert_eq!(change(&browser, OWN).await, 200);
    assert_eq!(browser.get("/").await.status(), 200);
    browser.token().await;
    let again = company.browser();
    again.sign_in("lena", OWN).await;
    assert_eq!(again.get("/").await.status(), 200);
}

#[tokio::test]
async fn a_first_password_that_was_not_used_for_seven_days_is_good_no_more() {
    let company = Company::start().await;
    add(&company, "lena").await;
    let browser = company.browser();
    browser.sign_in("lena", FIRST).await;
    company.database.run("update portal_users set first_password_at = now() - interval '8 days'").await;
    assert_eq!(
        location(&browser.get("/accounts/password/").await).split('?').next(),
        Some("/accounts/login/")
    );
    let response = company.browser().sign_in("lena", FIRST).await;
    assert_eq!(response.status(), 422);
    assert!(response.text().await.unwrap().contains("not used within 7 days"));
    let response = company.browser().sign_in("lena", "wrong horse").await;
    assert!(
        !response.text().await.unwrap().contains("7 days"),
        "that is told to who knows the password alone"
    );
    assert_eq!(company.audited().await.last().map(String::as_str), Some("user.sign_in_failed"));
}

#[tokio::test]
async fn a_password_that_an_admin_sets_is_a_first_one() {
    let company = Company::start().await;
    company.admin("mia").await;
    company.user("max", &[Role::Worker], &BranchScope::All).await;
    let mia = company.signed_in("mia").await;
    assert_eq!(mia.post("/admin/users/2/password/", &[("password", FIRST)]).await.status(), 303);
    let max = company.browser();
    max.sign_in("max", FIRST).await;
    assert_eq!(location(&max.get("/").await), "/accounts/password/");
}

#[tokio::test]
async fn the_operator_is_told_what_a_new_user_is_asked_and_may_let_a_password_stay() {
    let company = Company::start().await;
    let add = |words: &[&str]| {
        let dir = tempfile::tempdir().unwrap();
        let line = dir.path().join("password");
        std::fs::write(&line, format!("{FIRST}\n")).unwrap();
        let mut command = program(&[&["user", "add"], words, &["--all-branches"]].concat());
        command.env("QUARTERMASTER_DATABASE_URL", company.database.url());
        command.env("QUARTERMASTER_ADMIN_SECOND_FACTOR", "true");
        let output = command.stdin(std::fs::File::open(&line).unwrap()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let said = add(&["lena", "--role", "worker"]);
    assert!(
        said.contains("they choose a password of their own") && !said.contains("second factor"),
        "{said}"
    );
    let said = add(&["root", "--role", "admin"]);
    assert!(said.contains("they set up a second factor"), "{said}");
    assert_eq!(add(&["till", "--role", "worker", "--keep"]), "Added till.\n");
    let till = company.browser();
    till.sign_in("till", FIRST).await;
    assert_eq!(till.get("/").await.status(), 200);
    let lena = company.browser();
    lena.sign_in("lena", FIRST).await;
    assert_eq!(location(&lena.get("/").await), "/accounts/password/");
}

#[tokio::test]
async fn admins_need_a_second_factor_unless_it_is_switched_off() {
    let company = Company::start().await;
    company.admin("mia").await;
    company.user("max", &[Role::Manager], &BranchScope::All).await;
    let portal = company.another_portal(|config| config.admin_second_factor = true).await;
    let (mia, max) = (Browser::at(&portal), Browser::at(&portal));
    mia.sign_in("mia", PASSWORD).await;
    max.sign_in("max", PASSWORD).await;
    for path in ["/", "/admin/users/"] {
        assert_eq!(location(&mia.get(path).await), "/accounts/second-factor/", "{path}");
    }
    assert_eq!(mia.get("/accounts/api/token/").await.status(), 403);
    assert_eq!(max.get("/").await.status(), 200);
    // Where it is switched off, and by default in no program of the company's.
    assert_eq!(company.signed_in("mia").await.get("/").await.status(), 200);
    let shown = run_ok(program(&["config"]).env_remove("QUARTERMASTER_ADMIN_SECOND_FACTOR"));
    assert!(
        shown.lines().any(|line| line.contains("admin_second_factor") && line.contains("true")),
        "{shown}"
    );
}

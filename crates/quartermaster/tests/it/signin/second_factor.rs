//! Second factors: set up, asked for, recovered, required.

use identity::{BranchScope, Role};
use portal::By;
use portal::accounts::{groups, second_factor};
use totp_rs::{Algorithm, Builder, Secret, Totp};

use crate::support::portal::{Browser, Company, PASSWORD, field, location};

const PATH: &str = "/accounts/second-factor/";

/// An authenticator as people have it in their pockets.
pub(super) struct Authenticator(Totp);

impl Authenticator {
    fn with(secret: &str) -> Authenticator {
        let secret = Secret::try_from_base32(secret).unwrap();
        let totp = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_secret(secret);
        Authenticator(totp.with_step_duration(30).build().unwrap())
    }

    /// The code it shows some steps from now.
    pub(super) fn code(&self, steps: i64) -> String {
        let at = jiff::Timestamp::now().as_second() + 30 * steps;
        self.0.generate(at.unsigned_abs()).to_string()
    }
}

/// Has taken no code lately: as if some time had passed since the last one.
pub(super) async fn rest(company: &Company) {
    company.database.run("update portal_second_factors set last_step = 0").await;
}

/// Sets up a second factor; gives the authenticator and the recovery codes.
pub(super) async fn enrol(browser: &Browser) -> (Authenticator, Vec<String>) {
    let page = browser.page(PATH).await;
    let secret = page.split("id=\"secret\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(page.contains("<svg class=\"qr\""), "{page}");
    let authenticator = Authenticator::with(secret);
    let (offer, code) = (field(&page, "offer"), authenticator.code(0));
    let form = [("offer", offer.as_str()), ("code", &code), ("password", PASSWORD)];
    let response = browser.post(PATH, &form).await;
    assert_eq!(response.status(), 200);
    let page = response.text().await.unwrap();
    let codes = page.split("class=\"codes").nth(1).unwrap();
    let codes = codes.split("<li>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect();
    (authenticator, codes)
}

pub(super) async fn second_step(browser: &Browser, code: &str) -> u16 {
    browser.post("/accounts/second-step/", &[("code", code)]).await.status().as_u16()
}

#[tokio::test]
async fn who_has_a_second_factor_signs_in_with_a_code_and_until_then_can_do_nothing() {
    let company = Company::start().await;
    company.admin("mia").await;
    let first = company.signed_in("mia").await;
    let before = first.clone();
    let (authenticator, codes) = enrol(&first).await;
    assert_eq!(codes.len(), 10);
    assert_eq!(before.get("/").await.status(), 303, "the session has a new id");
    assert_eq!(first.get("/").await.status(), 200);

    let browser = company.browser();
    let form = [("username", "mia"), ("password", PASSWORD), ("next", "/accounts/sessions/")];
    let response = browser.post("/accounts/login/", &form).await;
    assert_eq!(location(&response), "/accounts/second-step/?next=/accounts/sessions/");
    assert_eq!(browser.cookie("device"), None, "a password alone makes no browser known");
    for path in ["/", "/accounts/sessions/", "/accounts/password/", PATH] {
        assert_eq!(location(&browser.get(path).await), "/accounts/second-step/", "{path}");
    }
    assert_eq!(browser.get("/accounts/api/token/").await.status(), 401);
    let half = browser.clone();
    let code = authenticator.code(1);
    let form = [("code", code.as_str()), ("next", "/accounts/sessions/")];
    let response = browser.post("/accounts/second-step/", &form).await;
    assert_eq!((response.status().as_u16(), location(&response)), (303, "/accounts/sessions/"));
    assert_eq!(browser.get("/").await.status(), 200);
    assert_ne!(browser.cookie("sid"), half.cookie("sid"));
    assert_eq!(half.get("/").await.status(), 303);
    browser.token().await;
}

#[tokio::test]
async fn a_code_is_taken_once_and_only_while_it_is_shown() {
    let company = Company::start().await;
    company.admin("mia").await;
    let (authenticator, _) = enrol(&company.signed_in("mia").await).await;
    rest(&company).await;
    let code = authenticator.code(0);
    let browser = company.signed_in("mia").await;
    for wrong in [authenticator.code(-3), authenticator.code(3), "12345".to_owned(), String::new()] {
        assert_eq!(second_step(&browser, &wrong).await, 422);
        company.database.run("truncate portal_guesses").await;
    }
    assert_eq!(second_step(&browser, &code).await, 303);
    let again = company.signed_in("mia").await;
    assert_eq!(second_step(&again, &code).await, 422, "a code that was seen by somebody is of no use");
}

#[tokio::test]
async fn of_one_code_sent_twice_at_once_one_is_taken() {
    let company = Company::start().await;
    company.admin("mia").await;
    let (authenticator, _) = enrol(&company.signed_in("mia").await).await;
    rest(&company).await;
    let (one, other) = (company.signed_in("mia").await, company.signed_in("mia").await);
    let code = authenticator.code(0);
    let (one, other) = tokio::join!(second_step(&one, &code), second_step(&other, &code));
    assert_eq!(one.min(other), 303);
    assert_eq!(one.max(other), 422);
}

#[tokio::test]
async fn a_recovery_code_signs_in_once() {
    let company = Company::start().await;
    company.admin("mia").await;
    let (_, codes) = enrol(&company.signed_in("mia").await).await;
    let browser = company.signed_in("mia").await;
    assert_eq!(second_step(&browser, &codes[3].to_uppercase().replace('-', " ")).await, 303);
    let again = company.signed_in("mia").await;
    assert_eq!(second_step(&again, &codes[3]).await, 422);
    assert_eq!(second_step(&again, &codes[4]).await, 303);
    assert!(again.page(PATH).await.contains("8 recovery codes are left"));
}

#[tokio::test]
async fn wrong_codes_are_guesses_too() {
    let company = Company::start().await;
    company.admin("mia").await;
    let (authenticator, codes) = enrol(&company.signed_in("mia").await).await;
    rest(&company).await;
    let browser = company.signed_in("mia").await;
    for _ in 0..3 {
        assert_eq!(second_step(&browser, "000000").await, 422);
    }
    // As if just now, however slow this machine is.
    company.database.run("update portal_guesses set at = at + interval '1 hour'").await;
    let code = authenticator.code(0);
    let response = browser.post("/accounts/second-step/", &[("code", &code)]).await;
    assert_eq!(response.status(), 429);
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(company.browser().sign_in("mia", "wrong horse").await.status(), 429, "of the same account");
    // After a hundred in a row codes are refused, whatever their pace, and a recovery code is needed.
    company.database.run("truncate portal_guesses; update portal_second_factors set wrong_codes = 100").await;
    assert_eq!(second_step(&browser, &code).await, 422);
    company.database.run("truncate portal_guesses").await;
    assert_eq!(second_step(&browser, &codes[0]).await, 303);
    let browser = company.signed_in("mia").await;
    assert_eq!(second_step(&browser, &code).await, 303);
}

#[tokio::test]
async fn half_a_sign_in_ends_after_ten_minutes() {
    let company = Company::start().await;
    company.admin("mia").await;
    let (authenticator, _) = enrol(&company.signed_in("mia").await).await;
    rest(&company).await;
    let browser = company.signed_in("mia").await;
    company.database.run("update portal_sessions set created_at = now() - interval '11 minutes'").await;
    let response = browser.post("/accounts/second-step/", &[("code", &authenticator.code(0))]).await;
    assert_eq!(location(&response), "/accounts/login/");
    assert_eq!(browser.get("/").await.status(), 303);
}

#[tokio::test]
async fn setting_up_and_removing_ask_for_the_password_and_for_what_they_need() {
    let company = Company::start().await;
    company.admin("mia").await;
    let (browser, other) = (company.signed_in("mia").await, company.signed_in("mia").await);
    let page = browser.page(PATH).await;
    let secret = page.split("id=\"secret\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let (offer, code) = (field(&page, "offer"), Authenticator::with(secret).code(0));
    for (code, password, error) in
        [(code.as_str(), "wrong horse", "id=\"password-error\""), ("000000", PASSWORD, "id=\"code-error\"")]
    {
        let form = [("offer", offer.as_str()), ("code", code), ("password", password)];
        let response = browser.post(PATH, &form).await;
        assert_eq!(response.status(), 422);
        let page = response.text().await.unwrap();
        assert!(page.contains(error) && page.contains(secret), "{page}");
    }
    // An offer that was made to somebody else sets up nothing.
    company.admin("max").await;
    let strangers = field(&company.signed_in("max").await.page(PATH).await, "offer");
    let form = [("offer", strangers.as_str()), ("code", code.as_str()), ("password", PASSWORD)];
    assert_eq!(browser.post(PATH, &form).await.status(), 303);
    let there: i64 = company.database.value("select count(*) from portal_second_factors").await;
    assert_eq!(there, 0);

    enrol(&browser).await;
    assert_eq!(other.get("/").await.status(), 303, "other sessions were begun without it");
    let remove = async |password: &str| {
        browser.post(&format!("{PATH}remove/"), &[("password", password)]).await.status().as_u16()
    };
    assert_eq!(remove("wrong horse").await, 422);
    assert!(browser.page(PATH).await.contains("10 recovery codes are left"));
    assert_eq!(remove(PASSWORD).await, 303);
    assert!(browser.page(PATH).await.contains("Set it up"));
    assert_eq!(location(&company.browser().sign_in("mia", PASSWORD).await), "/");
}

#[tokio::test]
async fn members_of_a_group_that_needs_one_can_do_nothing_before_it_is_set_up() {
    let company = Company::start().await;
    company.user("mia", &[Role::Manager], &BranchScope::All).await;
    company.user("max", &[Role::Worker], &BranchScope::All).await;
    let (mia, max) = (company.signed_in("mia").await, company.signed_in("max").await);
    let pool = company.database.pool(portal::ROLES);
    let by = By::operator("test");
    assert!(groups::require_second_factor(&pool, &by, Role::Manager, true).await.unwrap());
    assert!(!groups::require_second_factor(&pool, &by, Role::Manager, true).await.unwrap());
    // At once, also in sessions that were begun before.
    for path in ["/", "/accounts/sessions/", "/accounts/password/"] {
        assert_eq!(location(&mia.get(path).await), PATH);
    }
    assert_eq!(mia.get("/accounts/api/token/").await.status(), 403);
    assert_eq!(max.get("/").await.status(), 200);
    let again = company.browser();
    again.sign_in("mia", PASSWORD).await;
    assert!(again.page(PATH).await.contains("Your group needs a second factor"));
    enrol(&again).await;
    assert_eq!(again.get("/").await.status(), 200);
    again.token().await;
    groups::require_second_factor(&pool, &by, Role::Manager, false).await.unwrap();
}

#[tokio::test]
async fn the_operator_resets_a_second_factor_that_was_lost() {
    let company = Company::start().await;
    company.admin("mia").await;
    let browser = company.signed_in("mia").await;
    enrol(&browser).await;
    let pool = company.database.pool(portal::ROLES);
    second_factor::reset(&pool, &By::operator("test"), "MIA").await.unwrap();
    assert_eq!(browser.get("/").await.status(), 303);
    assert_eq!(location(&company.browser().sign_in("mia", PASSWORD).await), "/");
    for name in ["mia", "nobody"] {
        second_factor::reset(&pool, &By::operator("test"), name).await.unwrap_err();
    }
}

#[tokio::test]
async fn secrets_and_recovery_codes_are_not_in_the_database_as_they_are() {
    let company = Company::start().await;
    company.admin("mia").await;
    let browser = company.signed_in("mia").await;
    let secret = {
        let page = browser.page(PATH).await;
        page.split("id=\"secret\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let (authenticator, codes) = enrol(&browser).await;
    assert_ne!(secret, "");
    let kept: Vec<u8> = company.database.value("select secret from portal_second_factors").await;
    let own = authenticator.0.secret().as_bytes();
    assert!(kept.len() > own.len() && !kept.windows(own.len()).any(|part| part == own));
    let plain = codes[0].replace('-', "");
    let found: i64 = company
        .database
        .value(&format!(
            "select count(*) from portal_recovery_codes where code_hash = sha256('{plain}'::bytea)"
        ))
        .await;
    assert_eq!(found, 1);
    // Moved to another user's row, or under another key, it opens nothing.
    company.admin("max").await;
    company.database.run("insert into portal_second_factors (user_id, secret, last_step) select 2, secret, 0 from portal_second_factors").await;
    let max = company.signed_in("max").await;
    assert_eq!(second_step(&max, &authenticator.code(1)).await, 500);
}

//! Sessions that people see and end, and the cookies that carry them.

use std::time::Duration;

use portal::By;
use portal::accounts::sessions::{self, Limits};

use crate::support::portal::{Browser, Company, PASSWORD};

#[tokio::test]
async fn people_see_their_sessions_and_end_one_or_all_others() {
    let company = Company::start().await;
    company.admin("mia").await;
    company.admin("max").await;
    let (mine, second, third) =
        (company.signed_in("mia").await, company.signed_in("mia").await, company.signed_in("mia").await);
    let strangers = company.signed_in("max").await;
    let page = mine.page("/accounts/sessions/").await;
    assert_eq!(page.matches("127.0.0.1").count(), 3, "{page}");
    assert_eq!(page.matches("This one").count(), 1);
    let ids: Vec<String> = page
        .split("name=\"session\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 2, "every session but this one can be ended");
    // Nobody ends another's session.
    for id in &ids {
        strangers.post("/accounts/sessions/end/", &[("session", id)]).await;
    }
    assert_eq!(
        (second.get("/").await.status(), third.get("/").await.status()),
        (200.try_into().unwrap(), 200.try_into().unwrap())
    );
    mine.post("/accounts/sessions/end/", &[("session", &ids[0])]).await;
    let left = [second.get("/").await.status().as_u16(), third.get("/").await.status().as_u16()];
    assert!(left == [200, 303] || left == [303, 200], "{left:?}");
    mine.post("/accounts/sessions/end-others/", &[]).await;
    assert_eq!((second.get("/").await.status().as_u16(), third.get("/").await.status().as_u16()), (303, 303));
    assert_eq!(mine.get("/").await.status(), 200);
    assert_eq!(strangers.get("/").await.status(), 200);
}

#[tokio::test]
async fn the_operator_sees_and_ends_anybodys_sessions() {
    let company = Company::start().await;
    company.admin("mia").await;
    let browser = company.signed_in("mia").await;
    let pool = company.database.pool(portal::ROLES);
    let shown = sessions::of_user(&pool, 1, Limits::default()).await.unwrap();
    assert_eq!((shown.len(), shown[0].ip.as_deref()), (1, Some("127.0.0.1")));
    assert_eq!(sessions::end_all(&pool, &By::operator("test"), 1).await.unwrap(), 1);
    assert_eq!(browser.get("/").await.status(), 303);
}

#[tokio::test]
async fn each_sign_in_has_an_id_of_its_own_and_the_one_before_it_opens_nothing() {
    let company = Company::start().await;
    company.admin("mia").await;
    let browser = company.browser();
    browser.set_cookie("sid", Some("planted"));
    browser.sign_in("mia", PASSWORD).await;
    let first = browser.clone();
    assert_ne!(first.cookie("sid").unwrap(), "planted");
    browser.sign_in("mia", PASSWORD).await;
    assert_ne!(browser.cookie("sid"), first.cookie("sid"));
    assert_eq!(browser.cookie("device"), first.cookie("device"), "the browser stays the same");
    assert_eq!(first.get("/").await.status(), 303);
    assert_eq!(browser.get("/").await.status(), 200);
}

#[tokio::test]
async fn sessions_hold_as_long_as_the_settings_say() {
    let company = Company::start().await;
    company.admin("mia").await;
    let short = Limits { idle: Duration::from_secs(600), lifetime: Duration::from_secs(3_600) };
    let browser = Browser::at(&company.another_portal(|config| config.sessions = short).await);
    for change in ["seen_at = now() - interval '11 minutes'", "created_at = now() - interval '61 minutes'"] {
        browser.sign_in("mia", PASSWORD).await;
        assert_eq!(browser.get("/").await.status(), 200);
        company.database.run(&format!("update portal_sessions set {change}")).await;
        assert_eq!(browser.get("/").await.status(), 303);
    }
}

#[tokio::test]
async fn over_tls_cookies_are_bound_to_the_host_and_to_tls() {
    let company = Company::start().await;
    company.admin("mia").await;
    let browser = Browser::at(&company.another_portal(|config| config.cookie_secure = true).await);
    let token = browser.form_token().await;
    let form = [("username", "mia"), ("password", PASSWORD), ("form_token", token.as_str())];
    let response = browser.post_bare("/accounts/login/", &form).await;
    let cookies: Vec<&str> =
        response.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(cookies.len(), 3, "{cookies:?}");
    for cookie in &cookies {
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        for attribute in ["; Path=/", "; HttpOnly", "; Secure", "; SameSite="] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert_eq!(browser.get("/").await.status(), 200);
    // A cookie without the prefix is not looked at.
    browser.set_cookie("sid", browser.cookie("__Host-sid").as_deref());
    browser.set_cookie("__Host-sid", None);
    assert_eq!(browser.get("/").await.status(), 303);
}

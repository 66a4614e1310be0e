//! Signing out ends the tokens too, and nothing of a session stays in the browser.

use reqwest::Client;
use serde_json::json;

use crate::support::portal::{Browser, Company, PASSWORD};
use crate::support::until;

const FORGET: &str = "\"cache\", \"storage\"";

/// What the services answer to a token.
async fn answer(company: &Company, token: &str) -> u16 {
    let http = Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/v1/branches", company.services);
    http.get(url).bearer_auth(token).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn signing_out_revokes_the_tokens_that_were_had_and_other_sessions_get_new_ones() {
    let company = Company::start().await;
    company.admin("mia").await;
    let (mine, other) = (company.signed_in("mia").await, company.signed_in("mia").await);
    let token = mine.token().await;
    assert_eq!(answer(&company, &token).await, 200);
    mine.post("/accounts/logout/", &[]).await;
    until("the token to be refused", async || answer(&company, &token).await == 401).await;
    assert_eq!(answer(&company, &other.token().await).await, 200);
    assert!(!other.page("/branches/").await.contains("do not answer"));
}

#[tokio::test]
async fn a_browser_that_signs_out_or_whose_session_was_ended_forgets_all_but_its_cookies_for_later() {
    let company = Company::start().await;
    company.admin("mia").await;
    let (mine, other) = (company.signed_in("mia").await, company.signed_in("mia").await);
    mine.post("/accounts/sessions/end-others/", &[]).await;
    let sent_away = other.get("/stock/").await;
    assert_eq!(
        (sent_away.status().as_u16(), &sent_away.headers()["clear-site-data"]),
        (303, &FORGET.parse().unwrap())
    );
    assert_eq!(other.cookie("sid"), None);
    let device = mine.cookie("device");
    let signed_out = mine.post("/accounts/logout/", &[]).await;
    assert_eq!(signed_out.headers()["clear-site-data"], FORGET);
    assert_eq!((mine.cookie("sid"), mine.cookie("device")), (None, device), "the browser stays known");
    // Who was never signed in has nothing to forget.
    assert!(!company.browser().get("/").await.headers().contains_key("clear-site-data"));
}

/// The stream of events of an open dashboard.
async fn events(browser: &Browser) -> reqwest::Response {
    let request = browser.http.get(format!("{}/dashboard/events/", browser.base));
    request.header("cookie", browser.cookies()).send().await.unwrap()
}

#[tokio::test]
async fn an_open_dashboard_goes_on_when_another_session_signs_out_and_ends_with_its_own() {
    let company = Company::start().await;
    company.admin("mia").await;
    let (mine, other) = (company.signed_in("mia").await, company.signed_in("mia").await);
    let mut stream = events(&mine).await;
    let token = mine.token().await;
    other.post("/accounts/logout/", &[]).await;
    until("the token to be refused", async || answer(&company, &token).await == 401).await;
    // Something new again and again, until the stream tells of it.
    let http = Client::builder().no_proxy().build().unwrap();
    let token = mine.token().await;
    let mut number = 0;
    let trade = async {
        loop {
            number += 1;
            for (path, body) in [
                ("/v1/branches", json!({ "name": format!("Branch {number}") })),
                ("/v1/items", json!({ "sku": format!("SKU-{number}"), "name": "Rope" })),
            ] {
                let url = format!("{}{path}", company.services);
                http.post(url).bearer_auth(&token).json(&body).send().await.unwrap();
            }
            let order = json!({ "branch_id": 1, "lines": [{ "item_id": 1, "requested_qty": 1 }] });
            let url = format!("{}/v1/orders", company.services);
            http.post(url).bearer_auth(&token).json(&order).send().await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    };
    let told = async {
        while let Some(chunk) = stream.chunk().await.unwrap() {
            if String::from_utf8_lossy(&chunk).contains("event: changed") {
                return true;
            }
        }
        false
    };
    let told = tokio::select! {
        told = told => told,
        () = trade => false,
    };
    assert!(told, "the stream goes on with a new token");
    mine.post("/accounts/logout/", &[]).await;
    let ended = async { while stream.chunk().await.is_ok_and(|chunk| chunk.is_some()) {} };
    tokio::time::timeout(crate::support::PATIENCE, ended).await.expect("the stream ends with its session");
    assert_eq!(company.browser().sign_in("mia", PASSWORD).await.status(), 303);
}

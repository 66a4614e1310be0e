//! Guesses are few, over all portals, and keep nobody out who is known.

use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use reqwest::Response;
use tokio_util::sync::CancellationToken;

use crate::support::portal::{Browser, Company, PASSWORD, field};

fn wait_of(response: &Response) -> u64 {
    response.headers()["retry-after"].to_str().unwrap().parse().unwrap()
}

/// Counts guesses as if they had been made some time ago.
async fn age(company: &Company, time: &str) {
    company.database.run(&format!("update portal_guesses set at = at - interval '{time}'")).await;
}

/// Counts guesses as if they had been made just now, however slow this machine is.
async fn hold(company: &Company) {
    age(company, "-1 hour").await;
}

/// How many guesses were checked and wrong.
async fn checked(company: &Company) -> i64 {
    let sql = "select count(*) from portal_audit_logs where action = 'user.sign_in_failed'";
    company.database.value(sql).await
}

#[tokio::test]
async fn after_three_wrong_guesses_the_next_has_to_wait_and_then_longer_each_time() {
    let company = Company::start().await;
    company.admin("mia").await;
    let browser = company.browser();
    for _ in 0..3 {
        assert_eq!(browser.sign_in("mia", "wrong horse").await.status(), 422);
    }
    for wait in [2, 4, 8] {
        hold(&company).await;
        let response = browser.sign_in("MIA", PASSWORD).await;
        assert_eq!(response.status(), 429, "the right one is not checked either");
        assert_eq!(wait_of(&response), wait);
        let page = response.text().await.unwrap();
        assert!(page.contains(&format!("Wait {wait} seconds,")) && page.contains("role=\"alert\""), "{page}");
        age(&company, "1 hour 10 seconds").await;
        assert_eq!(browser.sign_in("mia", "wrong horse").await.status(), 422);
    }
    assert_eq!(checked(&company).await, 6);
    age(&company, "20 seconds").await;
    assert_eq!(browser.sign_in("mia", PASSWORD).await.status(), 303);
}

#[tokio::test]
async fn ten_wrong_guesses_at_an_account_are_all_in_a_quarter_of_an_hour() {
    let company = Company::start().await;
    company.admin("mia").await;
    for wait in [0, 0, 0, 2, 4, 8, 16, 32, 64, 128] {
        age(&company, &format!("{wait} seconds")).await;
        assert_eq!(company.browser().sign_in("mia", "wrong horse").await.status(), 422);
    }
    let response = company.browser().sign_in("mia", PASSWORD).await;
    assert_eq!(response.status(), 429);
    assert!(wait_of(&response) > 128, "{}", wait_of(&response));
    assert!(response.text().await.unwrap().contains("minutes, then try again"));
    age(&company, "11 minutes").await;
    assert_eq!(company.browser().sign_in("mia", PASSWORD).await.status(), 303);
}

#[tokio::test]
async fn of_fifty_guesses_at_once_through_two_portals_no_more_are_checked_than_may_be() {
    let company = Company::start().await;
    company.admin("mia").await;
    let other = company.another_portal(|_| {}).await;
    let fifty = async || {
        let browsers: Vec<Browser> = (0..50)
            .map(|number| Browser::at(if number % 2 == 0 { &company.portal } else { &other }))
            .collect();
        // Their pages first, so that the guesses come all at once.
        let tokens = join_all(browsers.iter().map(Browser::form_token)).await;
        let guesses = browsers.iter().zip(&tokens).map(async |(browser, token)| {
            let form = [("username", "mia"), ("password", "wrong horse"), ("form_token", token.as_str())];
            browser.post_bare("/accounts/login/", &form).await.status().as_u16()
        });
        let statuses = join_all(guesses).await;
        assert!(statuses.iter().all(|status| [422, 429].contains(status)), "{statuses:?}");
        statuses.iter().filter(|status| **status == 422).count()
    };
    let first = fifty().await;
    assert!((3..=10).contains(&first), "three are free, then each has to wait: {first}");
    // Nine made minutes ago: one is left, and nobody waits for a delay any more.
    company
        .database
        .run(
            "create temporary table mias as select bucket from portal_guesses group by bucket order by min(id) desc limit 1;
             truncate portal_guesses;
             insert into portal_guesses (bucket) select bucket from mias, generate_series(1, 9);
             update portal_guesses set at = at - interval '5 minutes'",
        )
        .await;
    assert_eq!(fifty().await, 1, "the tenth");
    assert_eq!(fifty().await, 0);
    let audited = usize::try_from(checked(&company).await).unwrap();
    assert_eq!(audited, first + 1, "what the audit has is what was checked");
}

#[tokio::test]
async fn who_is_known_is_not_kept_out_by_guesses_made_elsewhere() {
    let company = Company::start().await;
    company.admin("mia").await;
    let known = company.signed_in("mia").await;
    known.post("/accounts/logout/", &[]).await;
    for _ in 0..5 {
        company.browser().sign_in("mia", "wrong horse").await;
    }
    hold(&company).await;
    assert_eq!(company.browser().sign_in("mia", PASSWORD).await.status(), 429);
    assert_eq!(known.sign_in("mia", PASSWORD).await.status(), 303);
    // An id that somebody planted in a browser is not the one it is known by.
    let planted = company.browser();
    planted.set_cookie("device", Some("planted"));
    company.admin("tom").await;
    planted.sign_in("tom", PASSWORD).await;
    assert!(planted.cookie("device").is_some_and(|id| id != "planted"));
    // A browser that is known to one account is not to another, and its own guesses are limited too.
    company.admin("max").await;
    for _ in 0..3 {
        company.browser().sign_in("max", "wrong horse").await;
    }
    hold(&company).await;
    assert_eq!(known.sign_in("max", PASSWORD).await.status(), 429);
    for _ in 0..3 {
        assert_eq!(known.sign_in("mia", "wrong horse").await.status(), 422);
    }
    hold(&company).await;
    assert_eq!(known.sign_in("mia", PASSWORD).await.status(), 429);
}

#[tokio::test]
async fn names_that_nobody_has_are_limited_and_answered_like_those_that_somebody_has() {
    let company = Company::start().await;
    company.admin("mia").await;
    let mut said = Vec::new();
    for username in ["mia", "nobody"] {
        let browser = company.browser();
        let mut statuses = Vec::new();
        let mut page = String::new();
        for number in 0..4 {
            if number == 3 {
                hold(&company).await;
            }
            let response = browser.sign_in(username, "wrong horse").await;
            statuses.push(response.status().as_u16());
            page = response.text().await.unwrap().replace(username, "NAME");
        }
        said.push((statuses, page.replace(&field(&page, "form_token"), "TOKEN")));
    }
    assert_eq!(said[0].0, [422, 422, 422, 429]);
    assert_eq!(said[0], said[1]);
}

#[tokio::test]
async fn one_address_has_a_hundred_guesses_at_all_accounts_together() {
    let company = Company::start().await;
    company.admin("mia").await;
    company.admin("max").await;
    let known = company.signed_in("max").await;
    let proxied = company.portal_behind_a_proxy().await;
    let browser = company.browser();
    let token = browser.form_token().await;
    let guesses = (0..130).map(async |number: u32| {
        let username = format!("user{}", number / 2);
        let form =
            [("username", username.as_str()), ("password", "wrong horse"), ("form_token", token.as_str())];
        browser.clone().post_bare("/accounts/login/", &form).await.status().as_u16()
    });
    // Not more at once than may wait to be checked.
    let statuses: Vec<u16> = stream::iter(guesses).buffered(10).collect().await;
    assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 100);
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 30);
    assert_eq!(company.browser().sign_in("mia", PASSWORD).await.status(), 429);
    assert_eq!(known.sign_in("max", PASSWORD).await.status(), 303, "who is known there is not kept out");
    // Behind a proxy that is trusted, the address is that of the person.
    let elsewhere = Browser::at(&proxied);
    let token = elsewhere.form_token().await;
    let form = [("username", "mia"), ("password", PASSWORD), ("form_token", token.as_str())];
    let request = elsewhere.http.post(format!("{proxied}/accounts/login/")).form(&form);
    let request = request.header("cookie", elsewhere.cookies()).header("x-forwarded-for", "198.51.100.7");
    assert_eq!(request.send().await.unwrap().status(), 303);
    let from: String =
        company.database.value("select host(ip) from portal_sessions order by id desc limit 1").await;
    assert_eq!(from, "198.51.100.7");
}

#[tokio::test]
async fn what_counts_no_longer_is_forgotten_by_the_house_keeping() {
    let company = Company::start().await;
    company.admin("mia").await;
    for _ in 0..2 {
        company.browser().sign_in("mia", "wrong horse").await;
    }
    company.signed_in("mia").await;
    age(&company, "16 minutes").await;
    company.browser().sign_in("mia", "wrong horse").await;
    company.database.run("update portal_devices set seen_at = now() - interval '13 months'").await;
    let stop = CancellationToken::new();
    let portal = company.built().await;
    let house = tokio::spawn({
        let stop = stop.clone();
        async move { portal.keep_house(stop).await }
    });
    let sql = "select (select count(*) from portal_guesses) + (select count(*) from portal_devices)";
    let mut left: i64 = company.database.value(sql).await;
    for _ in 0..200 {
        if left == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        left = company.database.value(sql).await;
    }
    assert_eq!(left, 2, "the newest guess, at its account and from its address");
    stop.cancel();
    house.await.unwrap();
}

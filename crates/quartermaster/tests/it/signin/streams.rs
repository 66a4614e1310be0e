//! A dashboard's stream of events ends with its session, and a user has few of them.

use std::time::Duration;

use portal::By;
use portal::accounts::access;
use reqwest::Response;

use crate::support::portal::{Browser, Company};

async fn open(browser: &Browser) -> Response {
    let stream = browser.get("/dashboard/events/").await;
    assert_eq!(stream.status(), 200);
    stream
}

/// Reads until the stream ends. By itself it would go on for ten minutes.
async fn ends(mut stream: Response) {
    let read = async { while let Ok(Some(_)) = stream.chunk().await {} };
    tokio::time::timeout(Duration::from_secs(60), read).await.unwrap();
}

#[tokio::test]
async fn a_stream_ends_when_its_user_signs_out_or_is_signed_out() {
    let company = Company::start().await;
    company.admin("mia").await;
    let (one, other) = (company.signed_in("mia").await, company.signed_in("mia").await);
    let (of_one, of_other) = (open(&one).await, open(&other).await);
    one.post("/accounts/logout/", &[]).await;
    ends(of_one).await;
    access::sign_out(&company.database.pool(portal::ROLES), &By::operator("test"), "mia").await.unwrap();
    ends(of_other).await;
}

#[tokio::test]
async fn the_oldest_stream_of_a_user_ends_when_a_ninth_begins() {
    let company = Company::start().await;
    company.admin("mia").await;
    let browser = company.signed_in("mia").await;
    let first = open(&browser).await;
    let mut others = Vec::new();
    for _ in 0..8 {
        others.push(open(&browser).await);
    }
    ends(first).await;
    let goes_on = tokio::time::timeout(Duration::from_millis(500), others[0].chunk()).await;
    assert!(goes_on.is_err(), "the second goes on");
}

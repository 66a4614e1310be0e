//! Idempotency-Key: the same request twice happens once and is answered alike.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::App;
use crate::support::api::{Answer, User, send};

async fn post(user: &User, path: &str, key: &str, body: &Value) -> Answer {
    send(user.request(Method::POST, path).header("idempotency-key", key).json(body)).await
}

fn assert_replayed(first: &Answer, second: &Answer) {
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    assert_eq!(first.header("idempotent-replayed"), None);
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    for name in ["location", "etag", "content-type"] {
        assert_eq!(first.header(name), second.header(name), "{name}");
    }
}

#[tokio::test]
async fn the_same_creation_twice_creates_once_and_answers_byte_for_byte_alike() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let order = json!({ "branch_id": branch, "lines": [{ "item_id": item, "requested_qty": 1 }] });
    for (path, body) in [
        ("/v1/branches", json!({ "name": "Port" })),
        ("/v1/items", json!({ "sku": "X", "name": "X" })),
        ("/v1/orders", order),
    ] {
        let first = post(&app.admin(), path, path, &body).await.expect(201);
        let second = post(&app.admin(), path, path, &body).await.expect(201);
        assert_replayed(&first, &second);
    }
    assert_eq!(app.admin().get("/v1/orders").await.expect(200).len(), 1);
}

#[tokio::test]
async fn the_same_fulfilment_twice_moves_once() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 10).await;
    let order = app.draft(branch, &[(item, 4)]).await;
    let path = format!("/v1/orders/{order}/fulfill");
    let first = post(&app.admin(), &path, "k", &json!({})).await.expect(200);
    let second = post(&app.admin(), &path, "k", &json!({})).await.expect(200);
    assert_replayed(&first, &second);
    assert_eq!(app.level(branch, item).await.0, "6");
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_refusal_is_kept_too_even_when_it_would_not_be_one_any_more() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let order = app.draft(branch, &[(item, 4)]).await;
    let path = format!("/v1/orders/{order}/submit");
    let first = post(&app.admin(), &path, "k", &json!({})).await.expect(409);
    app.stock(branch, item, 10).await;
    let second = post(&app.admin(), &path, "k", &json!({})).await.expect(409);
    assert_replayed(&first, &second);
    post(&app.admin(), &path, "another", &json!({})).await.expect(200);
}

#[tokio::test]
async fn a_key_with_another_body_or_path_is_refused() {
    let app = App::start().await;
    let admin = app.admin();
    post(&admin, "/v1/branches", "k", &json!({ "name": "A" })).await.expect(201);
    post(&admin, "/v1/branches", "k", &json!({ "name": "B" }))
        .await
        .expect_problem(422, "idempotency-key-reused");
    post(&admin, "/v1/items", "k", &json!({ "sku": "A", "name": "A" }))
        .await
        .expect_problem(422, "idempotency-key-reused");
}

#[tokio::test]
async fn keys_of_different_callers_never_meet() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    let item = app.any_item().await;
    let body = json!({ "branch_id": branch, "lines": [{ "item_id": item, "requested_qty": 1 }] });
    let first = post(&app.worker(&[branch]), "/v1/orders", "k", &body).await.expect(201);
    let second = post(&app.manager(&[branch]), "/v1/orders", "k", &body).await.expect(201);
    assert_ne!(first.id(), second.id());
}

#[tokio::test]
async fn many_of_the_same_request_at_once_happen_once() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let body = json!({ "branch_id": branch, "lines": [{ "item_id": item, "requested_qty": 1 }] });
    let admin = app.admin();
    let answers =
        futures_util::future::join_all((0..20).map(|_| post(&admin, "/v1/orders", "k", &body))).await;
    for answer in &answers {
        match answer.status {
            201 => {}
            409 => assert_eq!(answer.json()["type"], "/problems/idempotency-in-flight"),
            status => panic!("{status}: {}", answer.text()),
        }
    }
    assert!(answers.iter().any(|answer| answer.status == 201));
    assert_eq!(admin.get("/v1/orders").await.expect(200).len(), 1);
}

#[tokio::test]
async fn a_key_may_be_of_several_words() {
    let app = App::start().await;
    let body = json!({ "name": "Port" });
    let first = post(&app.admin(), "/v1/branches", "port of the north", &body).await.expect(201);
    let second = post(&app.admin(), "/v1/branches", "port of the north", &body).await.expect(201);
    assert_replayed(&first, &second);
}

#[tokio::test]
async fn a_key_that_is_no_key_is_malformed() {
    let app = App::start().await;
    for key in ["", "a\tb", &"x".repeat(256)] {
        post(&app.admin(), "/v1/branches", key, &json!({ "name": "A" }))
            .await
            .expect_problem(400, "malformed-request");
    }
    post(&app.admin(), "/v1/branches", &"x".repeat(255), &json!({ "name": "A" })).await.expect(201);
}

#[tokio::test]
async fn answers_are_forgotten_after_their_time() {
    let app = App::start().await;
    post(&app.admin(), "/v1/branches", "k", &json!({ "name": "A" })).await.expect(201);
    let database = app.surface.services.database();
    let hour = std::time::Duration::from_secs(3_600);
    assert_eq!(services::retention::purge_idempotency_keys(database, hour, 10).await.unwrap(), 0);
    app.database.run("update services_idempotency_keys set created_at = now() - interval '2 hours'").await;
    assert_eq!(services::retention::purge_idempotency_keys(database, hour, 10).await.unwrap(), 1);
    post(&app.admin(), "/v1/branches", "k", &json!({ "name": "B" })).await.expect(201);
}

//! Many counts and many items in one request.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::App;
use crate::support::api::{Answer, User, send};

async fn post(user: &User, path: &str, key: &str, body: &Value) -> Answer {
    send(user.request(Method::POST, path).header("idempotency-key", key).json(body)).await
}

fn count(branch: i64, item: i64, quantity: impl Into<Value>) -> Value {
    json!({ "branch_id": branch, "item_id": item, "quantity": quantity.into() })
}

fn batch(entries: &[Value]) -> Value {
    json!({ "entries": entries })
}

fn statuses(answer: &Answer) -> Vec<i64> {
    let results = answer.json()["results"].as_array().unwrap().clone();
    results.iter().map(|result| result["status"].as_i64().unwrap()).collect()
}

async fn rows(app: &App, sql: &str) -> i64 {
    app.database.value(sql).await
}

const MOVEMENTS: &str = "select count(*) from services_stock_movements";
const ADJUSTED: &str = "select count(*) from services_audit_logs where action = 'stock.adjusted'";

#[tokio::test]
async fn each_count_of_a_batch_is_answered_in_order_as_it_would_be_alone() {
    let app = App::start().await;
    let (branch, whole, split) =
        (app.branch("Harbour").await, app.item("A").await, app.item_with_places("B", 1).await);
    let answer = app
        .admin()
        .post(
            "/v1/stock/batch",
            batch(&[
                count(branch, whole, 12),
                count(branch, split, 0.3),
                count(branch, whole, 1.5),
                count(branch, 999_999, 1),
                count(branch, whole, -1),
                json!({ "branch_id": branch, "item_id": whole }),
                json!({ "branch_id": branch, "item_id": whole, "quantity": 9, "expected_quantity": 11 }),
            ]),
        )
        .await
        .expect(200);
    assert_eq!(statuses(&answer), [200, 200, 422, 404, 422, 422, 412]);
    let results = answer.json()["results"].clone();
    assert_eq!((&results[0]["body"]["quantity"], &results[1]["body"]["quantity"]), (&json!(12), &json!(0.3)));
    assert_eq!(results[2]["problem"]["errors"][0]["pointer"], "/quantity");
    assert_eq!(app.level(branch, whole).await.0, "12");
    assert_eq!(
        (rows(&app, MOVEMENTS).await, rows(&app, ADJUSTED).await),
        (2, 2),
        "each change has its entry"
    );
    app.database.assert_sound().await;
}

#[tokio::test]
async fn counts_of_the_same_level_in_one_batch_follow_each_other() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let entries = [count(branch, item, 5), count(branch, item, 8), count(branch, item, 8)];
    let answer = app.admin().post("/v1/stock/batch", batch(&entries)).await.expect(200);
    assert_eq!(statuses(&answer), [200, 200, 200]);
    assert_eq!(app.level(branch, item).await.0, "8");
    assert_eq!(rows(&app, MOVEMENTS).await, 2, "what moves nothing is no movement");
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_batch_under_one_key_is_carried_out_once_and_answered_alike() {
    let app = App::start().await;
    let (branch, item, other) = (app.branch("Harbour").await, app.any_item().await, app.any_item().await);
    let entries = batch(&[count(branch, item, 5), count(branch, other, -1)]);
    let first = post(&app.admin(), "/v1/stock/batch", "k", &entries).await.expect(200);
    app.stock(branch, item, 3).await;
    let again = post(&app.admin(), "/v1/stock/batch", "k", &entries).await.expect(200);
    assert_eq!((&first.body, again.header("idempotent-replayed")), (&again.body, Some("true")));
    assert_eq!(app.level(branch, item).await.0, "3", "it is not carried out again");
    let longer = batch(&[count(branch, item, 5), count(branch, other, 2)]);
    post(&app.admin(), "/v1/stock/batch", "k", &longer).await.expect_problem(422, "idempotency-key-reused");
    post(&app.admin(), "/v1/stock/batch?atomic=true", "k", &entries)
        .await
        .expect_problem(422, "idempotency-key-reused");
    assert_eq!(app.admin().get(&format!("/v1/stock?item_id={other}")).await.expect(200).len(), 0);
}

#[tokio::test]
async fn a_batch_that_is_cut_off_before_its_end_leaves_nothing_and_can_be_repeated() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    // The answer cannot be kept, which comes last.
    app.database.run("create function refuse() returns trigger language plpgsql as 'begin raise exception using errcode = ''disk_full''; end'").await;
    app.database
        .run("create trigger refuse before insert on services_idempotency_keys for each row execute function refuse()")
        .await;
    let counts = batch(&[count(branch, item, 5)]);
    let items = batch(&[json!({ "sku": "NEW", "name": "New" })]);
    post(&app.admin(), "/v1/stock/batch", "k", &counts).await.expect_problem(503, "unavailable");
    post(&app.admin(), "/v1/items/batch", "l", &items).await.expect_problem(503, "unavailable");
    assert_eq!(rows(&app, MOVEMENTS).await, 0);
    assert_eq!(app.admin().get("/v1/items?sku=NEW").await.expect(200).len(), 0);
    app.database.run("drop function refuse cascade").await;
    post(&app.admin(), "/v1/stock/batch", "k", &counts).await.expect(200);
    post(&app.admin(), "/v1/items/batch", "l", &items).await.expect(200);
    assert_eq!(rows(&app, MOVEMENTS).await, 1);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn an_atomic_batch_is_carried_out_whole_or_not_at_all() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let path = "/v1/stock/batch?atomic=true";
    let mixed = batch(&[count(branch, item, 5), count(branch, item, -1), count(branch, 999_999, 1)]);
    let refused = app.admin().post(path, mixed).await.expect_problem(409, "not-applied");
    let pointers: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/entries/1/quantity", "/entries/2"]);
    assert_eq!((rows(&app, MOVEMENTS).await, rows(&app, ADJUSTED).await), (0, 0));
    app.admin().post(path, batch(&[count(branch, item, 5)])).await.expect(200);
    let items = batch(&[json!({ "sku": "A-1", "name": "A" }), json!({ "sku": "A-2", "name": "" })]);
    let refused =
        app.admin().post("/v1/items/batch?atomic=true", items).await.expect_problem(409, "not-applied");
    assert_eq!(refused["errors"][0]["pointer"], "/entries/1/name");
    assert_eq!(app.admin().get("/v1/items?sku=A-1").await.expect(200).len(), 0);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn entries_at_branches_that_the_caller_does_not_see_are_absent_and_the_others_are_carried_out() {
    let app = App::start().await;
    let (own, other, item) = (app.branch("Own").await, app.branch("Other").await, app.any_item().await);
    let manager = app.manager(&[own]);
    let entries = batch(&[count(own, item, 5), count(other, item, 6), count(9_999, item, 7)]);
    let answer = manager.post("/v1/stock/batch", entries).await.expect(200);
    assert_eq!(statuses(&answer), [200, 404, 404]);
    let results = answer.json()["results"].clone();
    assert_eq!(results[1], results[2], "what is hidden is as what is not there");
    assert_eq!(app.admin().get(&format!("/v1/stock?branch_id={other}")).await.expect(200).len(), 0);
    let refusals = "select count(*) from services_audit_logs where action = 'authorization.refused'";
    assert_eq!(rows(&app, refusals).await, 2, "the audit knows of both");
    manager.post("/v1/stock/batch", batch(&[count(other, item, 6)])).await.expect_problem(404, "not-found");
    app.worker(&[own])
        .post("/v1/stock/batch", batch(&[count(own, item, 6)]))
        .await
        .expect_problem(403, "forbidden");
    assert_eq!(app.level(own, item).await.0, "5");
}

#[tokio::test]
async fn a_batch_given_again_tells_nothing_of_branches_that_its_caller_does_not_see_any_more() {
    let app = App::start().await;
    let (first, second, item) = (app.branch("First").await, app.branch("Second").await, app.any_item().await);
    let entries = batch(&[count(first, item, 5), count(second, item, 6)]);
    let before = app.manager(&[first, second]);
    assert_eq!(statuses(&post(&before, "/v1/stock/batch", "k", &entries).await.expect(200)), [200, 200]);
    let after = app.manager(&[first]);
    let again = post(&after, "/v1/stock/batch", "k", &entries).await.expect(200);
    assert_eq!(statuses(&again), [200, 404]);
    assert_eq!(again.json()["results"][1]["body"], Value::Null);
}

#[tokio::test]
async fn items_of_a_batch_are_created_or_changed_by_their_skus() {
    let app = App::start().await;
    let old = app
        .admin()
        .post("/v1/items", json!({ "sku": "OLD", "name": "Old", "unit": "m" }))
        .await
        .expect(201)
        .id();
    let answer = app
        .admin()
        .post(
            "/v1/items/batch",
            batch(&[
                json!({ "sku": "NEW", "name": "New", "barcode": "42" }),
                json!({ "sku": "OLD", "name": "Renamed" }),
                json!({ "sku": "THIRD", "name": "Third", "barcode": "42" }),
                json!({ "sku": "", "name": "Nameless" }),
                json!({ "sku": "NEW", "name": "New again" }),
            ]),
        )
        .await
        .expect(200);
    assert_eq!(statuses(&answer), [201, 200, 409, 422, 200]);
    let results = answer.json()["results"].clone();
    assert_eq!(results[1]["body"]["id"], old);
    assert_eq!(results[1]["body"]["unit"], "m", "what is left out stays");
    assert_eq!(results[2]["problem"]["type"], "/problems/duplicate");
    assert_eq!(results[4]["body"]["id"], results[0]["body"]["id"]);
    assert_eq!(results[4]["body"]["barcode"], "42");
    let audited = "select count(*) from services_audit_logs where action in ('item.created', 'item.updated')";
    assert_eq!(rows(&app, audited).await, 4);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_batch_has_1_to_1000_entries_and_no_unknown_field() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    for path in ["/v1/stock/batch", "/v1/items/batch"] {
        let none = app.admin().post(path, batch(&[])).await.expect_invalid();
        assert_eq!(none, ["/entries"], "{path}");
        app.admin().post(path, json!({ "entries": [{ "nonsense": 1 }] })).await.expect(422);
        app.admin().post(&format!("{path}?atomic=perhaps"), batch(&[])).await.expect(422);
    }
    let entries: Vec<Value> = (0..1_001).map(|n| count(branch, item, n)).collect();
    let path = "/v1/stock/batch";
    assert_eq!(app.admin().post(path, batch(&entries)).await.expect_invalid(), ["/entries"]);
    assert_eq!(rows(&app, MOVEMENTS).await, 0);
    let answer = app.admin().post(path, batch(&entries[1..])).await.expect(200);
    assert_eq!(statuses(&answer).len(), 1_000);
    assert_eq!(app.level(branch, item).await.0, "1000");
    app.database.assert_sound().await;
}

#[tokio::test]
async fn batches_of_the_same_levels_at_once_wait_for_each_other_and_lose_nothing() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    let mut items = Vec::new();
    for _ in 0..5 {
        items.push(app.any_item().await);
    }
    let admin = app.admin();
    let batches = (0..8_i64).map(|n| {
        let mut entries: Vec<Value> = items.iter().map(|item| count(branch, *item, n + 1)).collect();
        if n % 2 == 1 {
            entries.reverse();
        }
        let admin = &admin;
        async move { admin.post("/v1/stock/batch", batch(&entries)).await.expect(200) }
    });
    for answer in futures_util::future::join_all(batches).await {
        assert_eq!(statuses(&answer), [200; 5]);
    }
    app.database.assert_sound().await;
}

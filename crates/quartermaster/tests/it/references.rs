//! References of orders: unique where the company says so, and orders that are put by theirs.

use futures_util::future::join_all;
use policy::PolicyFile;
use reqwest::Method;
use serde_json::{Value, json};
use services::engine::EngineConfig;

use crate::support::App;
use crate::support::api::{Answer, User, send};

fn order(branch: i64, item: i64, reference: &str) -> Value {
    json!({ "branch_id": branch, "reference": reference, "lines": [{ "item_id": item, "requested_qty": 1 }] })
}

fn content(item: i64, quantity: i64) -> Value {
    json!({ "lines": [{ "item_id": item, "requested_qty": quantity }] })
}

fn by_reference(branch: i64, reference: &str) -> String {
    format!("/v1/orders/by-reference/{branch}/{reference}")
}

async fn unique() -> (App, i64, i64) {
    let app = App::with_unique_references(&EngineConfig::default(), Vec::new()).await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    (app, branch, item)
}

async fn draft(user: &User, branch: i64, item: i64, reference: &str) -> Answer {
    user.post("/v1/orders", order(branch, item, reference)).await
}

/// The ids of the orders with that reference.
async fn found(app: &App, reference: &str) -> Vec<Value> {
    app.admin().get(&format!("/v1/orders?reference={reference}")).await.expect(200).each("id")
}

#[tokio::test]
async fn orders_may_share_a_reference_unless_the_company_says_otherwise() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    for _ in 0..2 {
        draft(&app.admin(), branch, item, "PO-7").await.expect(201);
    }
    assert_eq!(found(&app, "PO-7").await.len(), 2);
}

#[tokio::test]
async fn a_reference_that_an_order_of_the_branch_has_is_refused_naming_that_order() {
    let (app, branch, item) = unique().await;
    let first = draft(&app.admin(), branch, item, "PO-7 é").await.expect(201).id();
    for reference in ["PO-7 é", " PO-7 e\u{301} "] {
        let problem = draft(&app.admin(), branch, item, reference).await.expect_problem(409, "duplicate");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("Order {first} has this reference")), "{detail}");
        assert_eq!(problem["errors"][0]["pointer"], "/reference");
    }
    // Another text, another branch, and none at all are no duplicates.
    let other = app.branch("Hill").await;
    draft(&app.admin(), branch, item, "po-7 é").await.expect(201);
    draft(&app.admin(), other, item, "PO-7 é").await.expect(201);
    for _ in 0..2 {
        app.draft(branch, &[(item, 1)]).await;
    }
    // Whatever became of the order, but for cancelling.
    app.stock(branch, item, 5).await;
    app.admin().command(first, "fulfill").await.expect(200);
    draft(&app.admin(), branch, item, "PO-7 é").await.expect_problem(409, "duplicate");
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_cancelled_or_deleted_order_leaves_its_reference_to_others() {
    let (app, branch, item) = unique().await;
    let first = draft(&app.admin(), branch, item, "PO-7").await.expect(201).id();
    app.admin().command(first, "cancel").await.expect(200);
    let second = draft(&app.admin(), branch, item, "PO-7").await.expect(201).id();
    app.admin().delete(&format!("/v1/orders/{second}")).await.expect(204);
    draft(&app.admin(), branch, item, "PO-7").await.expect(201);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_draft_is_not_changed_to_a_reference_that_is_taken_and_keeps_its_own() {
    let (app, branch, item) = unique().await;
    let first = draft(&app.admin(), branch, item, "PO-1").await.expect(201).id();
    let second = draft(&app.admin(), branch, item, "PO-2").await.expect(201).id();
    let path = format!("/v1/orders/{second}");
    let problem = app.admin().put(&path, order(branch, item, "PO-1")).await.expect_problem(409, "duplicate");
    assert!(problem["detail"].as_str().unwrap().contains(&format!("Order {first} ")), "{problem}");
    assert_eq!(app.admin().get(&path).await.json()["reference"], "PO-2");
    app.admin().put(&path, order(branch, item, "PO-2")).await.expect(200);
    app.admin().put(&path, order(branch, item, "PO-3")).await.expect(200);
    draft(&app.admin(), branch, item, "PO-2").await.expect(201);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn orders_that_shared_a_reference_before_keep_it_and_can_be_changed() {
    let (app, branch, item) = unique().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(app.draft(branch, &[(item, 1)]).await);
    }
    // As the program without the setting leaves them.
    app.database.run("update services_orders set reference = 'PO-7'").await;
    for id in ids {
        app.admin().put(&format!("/v1/orders/{id}"), order(branch, item, "PO-7")).await.expect(200);
    }
    draft(&app.admin(), branch, item, "PO-7").await.expect_problem(409, "duplicate");
    let path = by_reference(branch, "PO-7");
    let problem = app.admin().put(&path, content(item, 3)).await.expect_problem(409, "duplicate");
    assert!(problem["detail"].as_str().unwrap().contains("More than one order"), "{problem}");
}

#[tokio::test]
async fn the_order_that_has_a_reference_is_named_to_those_alone_who_may_see_orders() {
    let forbid =
        r#"@id("blind") forbid (principal in Role::"Worker", action == Action::"ViewOrders", resource);"#;
    let files = vec![PolicyFile::new("blind.cedar", forbid)];
    let app = App::with_unique_references(&EngineConfig::default(), files).await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let first = draft(&app.admin(), branch, item, "PO-7").await.expect(201).id();
    let mut told = draft(&app.worker(&[branch]), branch, item, "PO-7").await.expect_problem(409, "duplicate");
    told["request_id"] = Value::Null;
    assert!(!told["detail"].as_str().unwrap().contains(&first.to_string()), "{told}");
    assert_eq!(told["errors"][0]["detail"], "is taken");
}

#[tokio::test]
async fn a_refused_reference_is_refused_alike_under_its_key() {
    let (app, branch, item) = unique().await;
    let first = draft(&app.admin(), branch, item, "PO-7").await.expect(201).id();
    let post = async || {
        let request = app.admin().request(Method::POST, "/v1/orders").header("idempotency-key", "k");
        send(request.json(&order(branch, item, "PO-7"))).await.expect(409)
    };
    let refused = post().await;
    app.admin().command(first, "cancel").await.expect(200);
    let again = post().await;
    assert_eq!((refused.body, again.header("idempotent-replayed")), (again.body.clone(), Some("true")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_draft_with_one_reference_at_once_one_does() {
    // Two processes of several lanes each, on one database.
    let engine = EngineConfig { lanes: 3, ..EngineConfig::default() };
    let app = App::with_unique_references(&engine, Vec::new()).await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let users = [app.admin(), User::at(&app.beside(&engine).await, app.admin().token())];
    for round in 0..8 {
        let reference = format!("PO-{round}");
        let draft = |n: usize| draft(&users[n % 2], branch, item, &reference);
        let mut statuses: Vec<u16> =
            join_all((0..16).map(draft)).await.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![201], vec![409; 15]].concat(), "round {round}");
        assert_eq!(found(&app, &reference).await.len(), 1);
    }
    app.database.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_drafts_that_are_given_one_reference_at_once_one_gets_it() {
    let engine = EngineConfig { lanes: 3, ..EngineConfig::default() };
    let app = App::with_unique_references(&engine, Vec::new()).await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let users = [app.admin(), User::at(&app.beside(&engine).await, app.admin().token())];
    let mut drafts = Vec::new();
    for _ in 0..8 {
        drafts.push(app.draft(branch, &[(item, 1)]).await);
    }
    for round in 0..4 {
        let reference = format!("PO-{round}");
        // Some change a draft, some draft anew, some put it.
        let change = async |n: usize| {
            let user = &users[n % 2];
            let draft_anew = order(branch, item, &reference);
            match n % 3 {
                0 => user.put(&format!("/v1/orders/{}", drafts[n % 8]), draft_anew).await.status,
                1 => user.post("/v1/orders", draft_anew).await.status,
                _ => user.put(&by_reference(branch, &reference), content(item, 2)).await.status,
            }
        };
        let statuses = join_all((0..18).map(change)).await;
        assert!(statuses.iter().all(|status| [200, 201, 409].contains(status)), "{statuses:?}");
        assert_eq!(found(&app, &reference).await.len(), 1, "{statuses:?}");
    }
    app.database.assert_sound().await;
}

#[tokio::test]
async fn an_order_put_by_its_reference_is_drafted_and_then_changed() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let path = by_reference(branch, "PO%207%2F%C3%A9");
    let drafted = app.admin().put(&path, content(item, 1)).await.expect(201);
    let id = drafted.id();
    assert_eq!(drafted.header("location"), Some(format!("/v1/orders/{id}").as_str()));
    assert_eq!(
        (&drafted.json()["reference"], &drafted.json()["branch_id"]),
        (&json!("PO 7/é"), &json!(branch))
    );
    let changed = app.admin().put(&path, content(item, 3)).await.expect(200);
    assert_eq!((changed.id(), &changed.json()["lines"][0]["requested_qty"]), (id, &json!(3)));
    assert_eq!(found(&app, "PO%207%2F%C3%A9").await, [json!(id)]);
    let actions = app.admin().get(&format!("/v1/audit?entity_type=order&entity_id={id}")).await.expect(200);
    assert_eq!(actions.each("action"), ["order.updated", "order.created"]);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn an_order_is_put_at_the_version_that_was_read() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let put = async |if_match: &str| {
        let request = app.admin().request(Method::PUT, &by_reference(branch, "PO-7"));
        send(request.header("if-match", if_match).json(&content(item, 1))).await
    };
    put("*").await.expect_problem(412, "precondition-failed");
    assert_eq!(found(&app, "PO-7").await.len(), 0);
    let drafted = app.admin().put(&by_reference(branch, "PO-7"), content(item, 1)).await.expect(201);
    let etag = drafted.header("etag").unwrap();
    put(etag).await.expect(200);
    put(etag).await.expect_problem(412, "precondition-failed");
}

#[tokio::test]
async fn an_order_put_under_one_key_is_drafted_once_and_answered_alike() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let put = async || {
        let request = app.admin().request(Method::PUT, &by_reference(branch, "PO-7"));
        send(request.header("idempotency-key", "k").json(&content(item, 1))).await.expect(201)
    };
    let first = put().await;
    let second = put().await;
    assert_eq!((&first.body, second.header("idempotent-replayed")), (&second.body, Some("true")));
    assert_eq!(found(&app, "PO-7").await.len(), 1);
}

#[tokio::test]
async fn an_order_that_is_no_draft_any_more_is_not_put_and_a_cancelled_one_is_drafted_anew() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 5).await;
    let path = by_reference(branch, "PO-7");
    let first = app.admin().put(&path, content(item, 1)).await.expect(201).id();
    app.admin().command(first, "submit").await.expect(200);
    app.admin().put(&path, content(item, 2)).await.expect_problem(409, "wrong-state");
    app.admin().command(first, "cancel").await.expect(200);
    let second = app.admin().put(&path, content(item, 2)).await.expect(201).id();
    assert_ne!(first, second);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn an_order_that_cannot_be_put_says_why_and_is_not_drafted() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let put =
        async |reference: &str, body: Value| app.admin().put(&by_reference(branch, reference), body).await;
    assert_eq!(put("%20", content(item, 1)).await.expect_invalid(), ["/reference"]);
    assert_eq!(put(&"x".repeat(101), content(item, 1)).await.expect_invalid(), ["/reference"]);
    assert_eq!(put("PO-7", content(item, 0)).await.expect_invalid(), ["/lines/0/requested_qty"]);
    assert_eq!(put("PO-7", content(999_999, 1)).await.expect_invalid(), ["/lines/0/item_id"]);
    assert_eq!(put("PO-7", order(branch, item, "PO-7")).await.expect_invalid(), ["/branch_id"]);
    put("%FF", content(item, 1)).await.expect_problem(400, "malformed-request");
    assert_eq!(app.admin().get("/v1/orders").await.expect(200).len(), 0);
}

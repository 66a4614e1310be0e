//! The audit over the API.

mod changes;

use domain::BranchId;
use identity::{BranchScope, Role};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::App;
use crate::support::api::{User, send};

#[tokio::test]
async fn every_change_of_every_kind_has_one_entry() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.item("NAIL").await);
    let admin = app.admin();
    admin.put(&format!("/v1/branches/{branch}"), json!({ "name": "Port" })).await.expect(200);
    admin.put(&format!("/v1/items/{item}"), json!({ "sku": "NAIL", "name": "Nail" })).await.expect(200);
    app.stock(branch, item, 10).await;
    let order = app.draft(branch, &[(item, 1)]).await;
    let lines = json!([{ "item_id": item, "requested_qty": 2 }]);
    admin
        .put(&format!("/v1/orders/{order}"), json!({ "branch_id": branch, "lines": lines }))
        .await
        .expect(200);
    admin.command(order, "submit").await.expect(200);
    admin.command(order, "fulfill").await.expect(200);
    let cancelled = app.draft(branch, &[(item, 1)]).await;
    admin.command(cancelled, "cancel").await.expect(200);
    let deleted = app.draft(branch, &[(item, 1)]).await;
    admin.delete(&format!("/v1/orders/{deleted}")).await.expect(204);
    let (b, i) = (app.branch("B").await, app.item("I").await);
    admin.delete(&format!("/v1/branches/{b}")).await.expect(204);
    admin.delete(&format!("/v1/items/{i}")).await.expect(204);
    let mut actions = app.auditor().get("/v1/audit?limit=100").await.expect(200).each("action");
    actions.reverse();
    assert_eq!(
        actions,
        [
            "branch.created",
            "item.created",
            "branch.updated",
            "item.updated",
            "stock.adjusted",
            "order.created",
            "order.updated",
            "order.submitted",
            "order.fulfilled",
            "order.created",
            "order.cancelled",
            "order.created",
            "order.deleted",
            "branch.created",
            "item.created",
            "branch.deleted",
            "item.deleted"
        ]
    );
}

#[tokio::test]
async fn an_entry_says_who_did_what_from_where_in_which_request() {
    let app = App::start().await;
    let request = app.admin().request(Method::POST, "/v1/branches").header("x-request-id", "till-7.42");
    let answer = send(request.json(&json!({ "name": "Harbour" }))).await.expect(201);
    assert_eq!(answer.header("x-request-id"), Some("till-7.42"));
    let entry = &app.admin().get("/v1/audit").await.expect(200).json()[0];
    for (field, value) in [
        ("actor_user_id", json!("id-admin")),
        ("actor", json!("admin")),
        ("action", json!("branch.created")),
        ("entity_type", json!("branch")),
        ("entity_id", json!(answer.id().to_string())),
        ("branch_id", json!(answer.id())),
        ("ip", json!("127.0.0.1")),
        ("request_id", json!("till-7.42")),
    ] {
        assert_eq!(entry[field], value, "{field}");
    }
    assert_eq!(entry["details"]["to"]["name"], "Harbour");
}

#[tokio::test]
async fn a_request_under_the_id_of_another_one_is_told_from_it() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let body = json!({ "branch_id": branch, "lines": [{ "item_id": item, "requested_qty": 1 }] });
    let draft = async |user: &User, id: Option<&str>| {
        let request = user.request(Method::POST, "/v1/orders").json(&body);
        let request = id.into_iter().fold(request, |request, id| request.header("x-request-id", id));
        let answer = send(request).await.expect(201);
        answer.header("x-request-id").unwrap().to_owned()
    };
    // A Worker takes the id that the server made for a Manager's request, and one that another caller chose.
    let (manager, worker) = (app.manager(&[branch]), app.worker(&[branch]));
    let made = draft(&manager, None).await;
    for id in [made.as_str(), "till-7"] {
        draft(&manager, Some("till-7")).await;
        assert_eq!(draft(&worker, Some(id)).await, id);
        worker.request(Method::GET, "/v1/audit").header("x-request-id", id).send().await.unwrap();
    }
    let entries = app.admin().get(&format!("/v1/audit?request_id={made}")).await.expect(200).json();
    let of = |actor: &str| -> Vec<Value> {
        let entries = entries.as_array().unwrap().iter().filter(|entry| entry["actor"] == actor);
        entries.map(|entry| entry["details"]["server_request_id"].clone()).collect()
    };
    assert_eq!(of("manager"), [Value::Null], "under the server's own id");
    assert_eq!(of("worker").len(), 2);
    let chosen = app.admin().get("/v1/audit?request_id=till-7").await.expect(200).each("details");
    let mut ids: Vec<Value> =
        chosen.iter().map(|details| details["server_request_id"].clone()).chain(of("worker")).collect();
    assert!(ids.iter().all(Value::is_string), "{ids:?}");
    ids.sort_by_key(ToString::to_string);
    ids.dedup();
    assert_eq!(ids.len(), 6, "each request has one of its own");
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_refused_change_leaves_no_entry() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let order = app.draft(branch, &[(item, 1)]).await;
    let before = app.admin().get("/v1/audit").await.expect(200).len();
    app.admin().command(order, "submit").await.expect_problem(409, "insufficient-stock");
    app.admin().post("/v1/branches", json!({ "name": "harbour" })).await.expect_problem(409, "duplicate");
    assert_eq!(app.admin().get("/v1/audit").await.expect(200).len(), before);
}

#[tokio::test]
async fn an_auditor_of_some_branches_sees_their_entries_and_those_of_no_branch() {
    let app = App::start().await;
    let (harbour, station) = (app.branch("Harbour").await, app.branch("Station").await);
    let item = app.any_item().await;
    app.stock(harbour, item, 3).await;
    app.stock(station, item, 4).await;
    let auditor = app.user("auditor", &[Role::Auditor], &BranchScope::only([BranchId(station)]));
    let seen =
        async |query: &str| auditor.get(&format!("/v1/audit?{query}")).await.expect(200).each("action");
    assert_eq!(seen("").await, ["stock.adjusted", "item.created", "branch.created"]);
    assert_eq!(seen("limit=1").await, ["stock.adjusted"]);
    assert_eq!(seen("entity_type=stock").await, ["stock.adjusted"]);
    assert_eq!(seen("entity_type=item").await, ["item.created"]);
    assert_eq!(seen(&format!("entity_id={harbour}&entity_type=branch")).await, Vec::<Value>::new());
}

#[tokio::test]
async fn entries_are_found_by_each_field() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    let item = app.any_item().await;
    app.stock(branch, item, 3).await;
    let found = async |query: &str| app.auditor().get(&format!("/v1/audit?{query}")).await.expect(200).len();
    for (query, count) in [
        ("actor=admin", 3),
        ("actor=other", 0),
        ("actor_user_id=id-admin", 3),
        ("action=stock.adjusted", 1),
        ("entity_type=branch", 1),
        (&format!("entity_type=item&entity_id={item}"), 1),
        (&format!("branch_id={branch}"), 2),
        ("ip=127.0.0.1", 3),
        ("ip=10.0.0.1", 0),
        ("ip=nowhere", 0),
        ("actor_user_id=id-other", 0),
        ("action=item.deleted", 0),
        ("entity_type=stock", 1),
        ("entity_type=order", 0),
        ("entity_type=branch&action=stock.adjusted", 0),
        (&format!("entity_id={branch}:{item}"), 1),
        (&format!("entity_type=stock&branch_id={branch}&action=stock.adjusted"), 1),
        ("request_id=none", 0),
        ("from=2999-01-01T00:00:00Z", 0),
        ("to=2999-01-01T00:00:00Z", 3),
    ] {
        assert_eq!(found(query).await, count, "{query}");
    }
}

//! First answers are given again to callers who still see what they tell of.

use identity::{BranchScope, Role};
use reqwest::Method;
use serde_json::{Value, json};

use super::told;
use crate::support::App;
use crate::support::api::{Answer, User, send};

/// One user, whose roles and branches change.
struct Person<'a>(&'a App);

impl Person<'_> {
    fn with(&self, role: Role, branches: &[i64]) -> User {
        let scope = BranchScope::only(branches.iter().map(|id| domain::BranchId(*id)));
        self.0.user("person", &[role], &scope)
    }
}

async fn ask(user: &User, method: &Method, path: &str, key: &str, body: &Value) -> Answer {
    let request = user.request(method.clone(), path).header("idempotency-key", key);
    send(if body.is_null() { request } else { request.json(body) }).await
}

/// Every way to change something at a branch, each done by an Admin of it, and some that are refused by the rules.
async fn changes(app: &App, branch: i64, item: i64) -> Vec<(Method, String, Value)> {
    app.stock(branch, item, 100).await;
    let order = async || app.draft(branch, &[(item, 1)]).await;
    let says = json!({ "branch_id": branch, "note": "a secret", "lines": [{ "item_id": item, "requested_qty": 2 }] });
    let too_much = app.draft(branch, &[(item, 9_999)]).await;
    let cancelled = order().await;
    app.admin().command(cancelled, "cancel").await.expect(200);
    let of = |id: i64, verb: &str| format!("/v1/orders/{id}{verb}");
    let count = |quantity: i64| json!({ "branch_id": branch, "item_id": item, "quantity": quantity });
    let elsewhere = json!({ "branch_id": branch + 1, "lines": [{ "item_id": item, "requested_qty": 2 }] });
    vec![
        (Method::POST, "/v1/orders".to_owned(), says.clone()),
        (Method::PUT, of(order().await, ""), says.clone()),
        (
            Method::PUT,
            format!("/v1/orders/by-reference/{branch}/PO-7"),
            json!({ "note": "a secret", "lines": [{ "item_id": item, "requested_qty": 2 }] }),
        ),
        (Method::DELETE, of(order().await, ""), Value::Null),
        (Method::POST, of(order().await, "/submit"), json!({})),
        (Method::POST, of(order().await, "/fulfill"), json!({})),
        (Method::POST, of(order().await, "/cancel"), json!({})),
        (Method::PUT, "/v1/stock".to_owned(), count(77)),
        (Method::PUT, format!("/v1/branches/{branch}"), json!({ "name": "Renamed", "location": "a secret" })),
        // Refused by the rules: 409, 409, 409, 422, 422.
        (Method::POST, of(too_much, "/submit"), json!({})),
        (Method::PUT, of(cancelled, ""), says.clone()),
        (Method::DELETE, of(cancelled, ""), Value::Null),
        (Method::PUT, of(order().await, ""), elsewhere),
        (Method::PUT, "/v1/stock".to_owned(), count(-1)),
    ]
}

#[tokio::test]
async fn a_first_answer_is_given_again_as_long_as_its_branch_is_seen() {
    let app = App::start().await;
    let (branch, other, item) = (app.branch("First").await, app.branch("Second").await, app.any_item().await);
    let person = Person(&app);
    let (before, lost) = (person.with(Role::Admin, &[branch]), person.with(Role::Admin, &[other]));
    let absent = lost.get("/v1/orders/999999").await.expect(404);
    let absent = |path: &str| {
        let (status, headers, body) = told(&absent, 999_999);
        let mut body: Value = serde_json::from_str(&body).unwrap();
        body["instance"] = json!(path);
        (status, headers, body.to_string())
    };
    let changes = changes(&app, branch, item).await;
    let mut statuses = Vec::new();
    for (n, (method, path, body)) in changes.iter().enumerate() {
        let key = format!("key-{n}");
        let first = ask(&before, method, path, &key, body).await;
        statuses.push(first.status);
        let again = ask(&before, method, path, &key, body).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{path}");
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{method} {path}");
        // The branch is lost: neither the answer, nor that there is one, nor that it was to something else.
        let none = ask(&lost, method, path, &key, body).await;
        assert_eq!(told(&none, 0), absent(path), "{method} {path}");
        let count = json!({ "branch_id": other, "item_id": item, "quantity": 5 });
        let none = ask(&lost, &Method::PUT, "/v1/stock", &key, &count).await;
        assert_eq!(told(&none, 0), absent("/v1/stock"), "{method} {path}");
        // It is given back.
        let again = ask(&before, method, path, &key, body).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{path}");
        let lines = json!([{ "item_id": item, "requested_qty": 3 }]);
        let draft = json!({ "branch_id": branch, "note": "another", "lines": lines });
        let reused = ask(&before, &Method::POST, "/v1/orders", &key, &draft).await;
        reused.expect_problem(422, "idempotency-key-reused");
    }
    assert_eq!(statuses, [201, 200, 201, 204, 200, 200, 200, 200, 200, 409, 409, 409, 422, 422]);
    assert_eq!(app.admin().get(&format!("/v1/stock?branch_id={other}")).await.len(), 0);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_first_answer_is_not_given_again_to_who_may_not_see_such_things_any_more() {
    let app = App::start().await;
    let (branch, item) = (app.branch("First").await, app.any_item().await);
    app.stock(branch, item, 10).await;
    let order = app.draft(branch, &[(item, 1)]).await;
    let person = Person(&app);
    let path = format!("/v1/orders/{order}/submit");
    let count = json!({ "branch_id": branch, "item_id": item, "quantity": 5 });
    let manager = person.with(Role::Manager, &[branch]);
    ask(&manager, &Method::POST, &path, "order", &json!({})).await.expect(200);
    ask(&manager, &Method::PUT, "/v1/stock", "stock", &count).await.expect(200);
    // A Worker sees orders and stock, so the answer to what was done before stands.
    let worker = person.with(Role::Worker, &[branch]);
    ask(&worker, &Method::POST, &path, "order", &json!({})).await.expect(200);
    ask(&worker, &Method::PUT, "/v1/stock", "stock", &count).await.expect(200);
    let nobody = app.user("person", &[], &BranchScope::only([domain::BranchId(branch)]));
    ask(&nobody, &Method::POST, &path, "order", &json!({})).await.expect_problem(403, "forbidden");
    ask(&nobody, &Method::PUT, "/v1/stock", "stock", &count).await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn an_answer_that_was_kept_without_its_branch_is_asked_for_the_branch_that_it_names() {
    let app = App::start().await;
    let (branch, other, item) = (app.branch("First").await, app.branch("Second").await, app.any_item().await);
    let order = app.draft(branch, &[(item, 1)]).await;
    let person = Person(&app);
    let path = format!("/v1/orders/{order}/cancel");
    let first = person.with(Role::Manager, &[branch]);
    ask(&first, &Method::POST, &path, "k", &json!({})).await.expect(200);
    // As a program of the version before writes it.
    app.database.run("update services_idempotency_keys set branch_id = null").await;
    let lost = person.with(Role::Manager, &[other]);
    ask(&lost, &Method::POST, &path, "k", &json!({})).await.expect_problem(404, "not-found");
    ask(&first, &Method::POST, &path, "k", &json!({})).await.expect(200);
}

#[tokio::test]
async fn what_is_not_there_is_not_kept_under_a_key() {
    let app = App::start().await;
    let admin = app.admin();
    for (method, path, body) in [
        (Method::POST, "/v1/orders/999999/submit", json!({})),
        (Method::DELETE, "/v1/orders/999999", Value::Null),
        (Method::PUT, "/v1/items/999999", json!({ "sku": "A", "name": "A" })),
        (Method::PUT, "/v1/stock", json!({ "branch_id": 999_999, "item_id": 999_999, "quantity": 1 })),
    ] {
        for _ in 0..2 {
            let answer = ask(&admin, &method, path, "k", &body).await;
            assert_eq!((answer.status, answer.header("idempotent-replayed")), (404, None), "{path}");
        }
    }
}

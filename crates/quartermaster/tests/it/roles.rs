//! Who may do what, over the API.

use identity::{BranchScope, Role};
use serde_json::json;

use crate::support::App;
use crate::support::api::Answer;

/// What a role may do at its own branch, as the contract's table has it.
#[tokio::test]
async fn each_role_may_do_what_the_contract_says_and_no_more() {
    let app = App::start().await;
    let branch = app.branch("Own").await;
    let item = app.item("NAIL").await;
    app.stock(branch, item, 1_000).await;
    let scope = BranchScope::only([domain::BranchId(branch)]);
    let order = json!({ "branch_id": branch, "lines": [{ "item_id": item, "requested_qty": 1 }] });
    for role in Role::ALL {
        let user = app.user("someone", &[role], &scope);
        let may = |answer: &Answer| match answer.status {
            200..=299 => true,
            403 => false,
            status => panic!("{role:?}: {status} {}", answer.text()),
        };
        let draft = app.draft(branch, &[(item, 1)]).await;
        let submitted = app.submitted(branch, &[(item, 1)]).await;
        let other_draft = app.draft(branch, &[(item, 1)]).await;
        let count = json!({ "branch_id": branch, "item_id": item, "quantity": 1_000 });
        let sku = format!("NEW-{}", role.name());
        let (admin, manager, worker, auditor) =
            (role == Role::Admin, role == Role::Manager, role == Role::Worker, role == Role::Auditor);
        let manages = admin || manager;
        let name = format!("Branch {}", role.name());
        for (what, answer, allowed) in [
            ("read stock", user.get("/v1/stock").await, true),
            ("read orders", user.get(&format!("/v1/orders/{draft}")).await, true),
            ("read the audit", user.get("/v1/audit").await, admin || auditor),
            ("create a branch", user.post("/v1/branches", json!({ "name": name })).await, false),
            (
                "edit its branch",
                user.put(&format!("/v1/branches/{branch}"), json!({ "name": "Own" })).await,
                manages,
            ),
            ("create an item", user.post("/v1/items", json!({ "sku": sku, "name": sku })).await, false),
            ("count", user.put("/v1/stock", count).await, manages),
            ("draft", user.post("/v1/orders", order.clone()).await, manages || worker),
            (
                "edit a draft",
                user.put(&format!("/v1/orders/{draft}"), order.clone()).await,
                manages || worker,
            ),
            ("submit", user.command(draft, "submit").await, manages),
            ("fulfil", user.command(submitted, "fulfill").await, manages),
            ("cancel another's", user.command(other_draft, "cancel").await, manages),
        ] {
            assert_eq!(may(&answer), allowed, "{role:?} {what}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn what_belongs_to_no_one_branch_is_for_callers_of_all_branches() {
    let app = App::start().await;
    for role in Role::ALL {
        let user = app.user("someone", &[role], &BranchScope::All);
        let (item, branch) = (app.any_item().await, app.branch(&format!("Old {}", role.name())).await);
        let new = json!({ "sku": role.name(), "name": role.name() });
        let changed = json!({ "sku": format!("{}-2", role.name()), "name": "Changed" });
        let named = json!({ "name": format!("New {}", role.name()) });
        let (admin, keeps) = (role == Role::Admin, [Role::Admin, Role::Manager].contains(&role));
        for (what, answer, allowed) in [
            ("create an item", user.post("/v1/items", new).await, keeps),
            ("change an item", user.put(&format!("/v1/items/{item}"), changed).await, keeps),
            ("delete an item", user.delete(&format!("/v1/items/{item}")).await, keeps),
            ("create a branch", user.post("/v1/branches", named).await, admin),
            ("delete a branch", user.delete(&format!("/v1/branches/{branch}")).await, admin),
        ] {
            assert_eq!(answer.status < 300, allowed, "{role:?} {what}: {}", answer.text());
            assert!(allowed || answer.status == 403, "{role:?} {what}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_worker_cancels_its_own_draft_and_nothing_else() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Own").await, app.any_item().await);
    app.stock(branch, item, 10).await;
    let worker = app.worker(&[branch]);
    let body = json!({ "branch_id": branch, "lines": [{ "item_id": item, "requested_qty": 1 }] });
    let own = worker.post("/v1/orders", body.clone()).await.expect(201).id();
    worker.command(own, "cancel").await.expect(200);
    let others = app.draft(branch, &[(item, 1)]).await;
    worker.command(others, "cancel").await.expect_problem(403, "forbidden");
    let submitted = worker.post("/v1/orders", body).await.expect(201).id();
    app.admin().command(submitted, "submit").await.expect(200);
    worker.command(submitted, "cancel").await.expect_problem(409, "wrong-state");
}

#[tokio::test]
async fn what_is_at_another_branch_does_not_exist_for_the_caller() {
    let app = App::start().await;
    let (own, other, item) = (app.branch("Own").await, app.branch("Other").await, app.any_item().await);
    app.stock(other, item, 10).await;
    let order = app.draft(other, &[(item, 1)]).await;
    let manager = app.manager(&[own]);
    let count = json!({ "branch_id": other, "item_id": item, "quantity": 1 });
    let lines = json!([{ "item_id": item, "requested_qty": 1 }]);
    let draft = json!({ "branch_id": other, "lines": lines });
    for answer in [
        manager.get(&format!("/v1/branches/{other}")).await,
        manager.put(&format!("/v1/branches/{other}"), json!({ "name": "Mine" })).await,
        manager.get(&format!("/v1/orders/{order}")).await,
        manager.put(&format!("/v1/orders/{order}"), draft.clone()).await,
        manager.delete(&format!("/v1/orders/{order}")).await,
        manager.command(order, "submit").await,
        manager.command(order, "fulfill").await,
        manager.command(order, "cancel").await,
        manager.put("/v1/stock", count).await,
        manager.post("/v1/orders", draft).await,
        manager.get(&format!("/v1/orders?branch_id={other}")).await,
    ] {
        answer.expect_problem(404, "not-found");
    }
    assert_eq!(manager.get("/v1/orders").await.expect(200).len(), 0);
}

#[tokio::test]
async fn without_a_good_token_nothing_is_answered() {
    let app = App::start().await;
    let mut expired = app.admin_claims();
    (expired.iat, expired.exp) = (expired.iat - 10_000, expired.exp - 10_000);
    let mut other_audience = app.admin_claims();
    other_audience.aud = "elsewhere".to_owned();
    let mut other_issuer = app.admin_claims();
    other_issuer.iss = "elsewhere".to_owned();
    let stranger = identity::SigningKey::generate().unwrap().mint(&app.admin_claims()).unwrap();
    // {"alg":"none"}, and claims nobody signed.
    let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.";
    for user in [
        app.nobody(),
        app.bearer("nonsense"),
        app.bearer(unsigned),
        app.bearer(&stranger),
        app.sign(&expired),
        app.sign(&other_audience),
        app.sign(&other_issuer),
    ] {
        let answer = user.get("/v1/stock").await;
        assert!(answer.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")));
        answer.expect_problem(401, "unauthorized");
        user.command(1, "fulfill").await.expect_problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn every_documented_path_needs_a_token_unless_it_says_otherwise() {
    let app = App::start().await;
    let document = app.nobody().get("/openapi.json").await.expect(200).json();
    let mut checked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let public = operation["security"] == json!([{}]) || operation["security"] == json!([]);
            let path = path.replace("{id}", "1");
            let method = method.to_uppercase().parse().unwrap();
            let answer = crate::support::api::send(app.nobody().request(method, &path)).await;
            assert_eq!(answer.status == 401, !public, "{path}: {}", answer.status);
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked}");
}

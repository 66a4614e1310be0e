//! The policies that ship as examples, over HTTP, and those who try to get round them.

use std::sync::Arc;

use identity::{BranchScope, Claims, Role};
use policy::PolicyFile;
use serde_json::{Value, json};

use super::{example, refusals};
use crate::support::App;
use crate::support::api::User;

async fn company(name: &str) -> (App, i64, i64) {
    let app = App::with_policies(vec![example(name)]).await;
    let (branch, item) = (app.branch("Own").await, app.any_item().await);
    (app, branch, item)
}

fn count(branch: i64, item: i64, quantity: i64) -> Value {
    json!({ "branch_id": branch, "item_id": item, "quantity": quantity })
}

/// An API client with a secret of its own.
fn client(app: &App, id: &str, role: Role, branch: i64) -> User {
    let now = jiff::Timestamp::now().as_second();
    let scope = BranchScope::only([domain::BranchId(branch)]);
    app.sign(&Claims::new("test", portal::AUDIENCE, id, id, now).with_access([role], &scope))
}

#[tokio::test]
async fn four_eyes_nobody_both_submits_and_fulfils_an_order() {
    let (app, branch, item) = company("four-eyes.cedar").await;
    app.stock(branch, item, 10).await;
    let (one, other) = (app.user("one", &[Role::Admin], &BranchScope::All), app.manager(&[branch]));
    let order = app.draft(branch, &[(item, 1)]).await;
    one.command(order, "fulfill").await.expect_problem(403, "forbidden");
    one.command(order, "submit").await.expect(200);
    one.command(order, "fulfill").await.expect_problem(403, "forbidden");
    other.command(order, "fulfill").await.expect(200);
    let denied = &refusals(&app).await[0];
    assert_eq!(denied["details"]["policies"], json!(["four-eyes.cedar#nobody-fulfils-what-they-submitted"]));
    app.database.assert_sound().await;
}

#[tokio::test]
async fn large_adjustments_need_an_admin_by_how_far_the_stock_really_moves() {
    let (app, branch, item) = company("large-adjustments.cedar").await;
    let manager = app.manager(&[branch]);
    manager.put("/v1/stock", count(branch, item, 101)).await.expect_problem(403, "forbidden");
    manager.put("/v1/stock", count(branch, item, 100)).await.expect(200);
    manager.put("/v1/stock", count(branch, item, 100)).await.expect(200);
    app.admin().put("/v1/stock", count(branch, item, 0)).await.expect(200);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_manager_of_every_branch_fulfils_nowhere_when_only_own_branches_count() {
    let (app, branch, item) = company("managers-fulfil-at-own-branches.cedar").await;
    app.stock(branch, item, 10).await;
    let order = app.submitted(branch, &[(item, 1)]).await;
    let everywhere = app.user("everywhere", &[Role::Manager], &BranchScope::All);
    everywhere.get(&format!("/v1/orders/{order}")).await.expect(200);
    everywhere.command(order, "fulfill").await.expect_problem(403, "forbidden");
    app.manager(&[branch]).command(order, "fulfill").await.expect(200);
}

#[tokio::test]
async fn a_worker_sees_movements_without_their_reasons() {
    let (app, branch, item) = company("workers-see-no-reasons.cedar").await;
    let count = json!({ "branch_id": branch, "item_id": item, "quantity": 4, "reason": "stolen" });
    app.admin().put("/v1/stock", count).await.expect(200);
    let reasons = async |user: &User| user.get("/v1/stock/movements").await.expect(200).each("reason");
    assert_eq!(reasons(&app.worker(&[branch])).await, [Value::Null]);
    assert_eq!(reasons(&app.manager(&[branch])).await, ["stolen"]);
    // Whoever reads the audit and may not see reasons does not find them there either.
    let see_audit = r#"permit (principal in Role::"Worker", action == Action::"ViewAudit", resource);"#;
    let files = vec![example("workers-see-no-reasons.cedar"), PolicyFile::new("audit.cedar", see_audit)];
    let authorizer = Arc::clone(app.surface.services.authorizer());
    authorizer.replace(policy::Policies::new(files).unwrap());
    let path = "/v1/audit?action=stock.adjusted";
    let entry = app.worker(&[branch]).get(path).await.expect(200).json()[0].clone();
    assert_eq!((&entry["details"]["reason"], &entry["details"]["quantity"]["to"]), (&Value::Null, &json!(4)));
    assert_eq!(app.admin().get(path).await.json()[0]["details"]["reason"], "stolen");
}

#[tokio::test]
async fn a_large_adjustment_is_not_made_in_small_steps_nor_by_a_second_account_or_a_client() {
    let (app, branch, item) = company("large-adjustments.cedar").await;
    app.stock(branch, item, 0).await;
    let other_item = app.any_item().await;
    let manager = app.manager(&[branch]);
    manager.put("/v1/stock", count(branch, item, 90)).await.expect(200);
    // The step, back and forth, by somebody else and by a program: 11 units more or less are too many.
    let second = app.user("second", &[Role::Manager], &BranchScope::All);
    let program = client(&app, "client-3", Role::Manager, branch);
    for caller in [&manager, &second, &program] {
        for quantity in [79, 101] {
            let refused = caller.put("/v1/stock", count(branch, item, quantity)).await;
            refused.expect_problem(403, "forbidden");
        }
    }
    program.put("/v1/stock", count(branch, item, 80)).await.expect(200);
    second.put("/v1/stock", count(branch, item, 81)).await.expect_problem(403, "forbidden");
    // Another item has a day of its own.
    manager.put("/v1/stock", count(branch, other_item, 100)).await.expect(200);
    // An Admin may, and what was long ago counts no more.
    app.admin().put("/v1/stock", count(branch, item, 500)).await.expect(200);
    app.database.assert_sound().await;
    let back = "set session_replication_role = replica;
                update services_stock_movements set at = at - interval '25 hours'";
    app.database.run(back).await;
    manager.put("/v1/stock", count(branch, item, 400)).await.expect(200);
}

#[tokio::test]
async fn adjustments_that_come_at_once_add_up() {
    let (app, branch, item) = company("large-adjustments.cedar").await;
    app.stock(branch, item, 0).await;
    let accounts: Vec<User> =
        (0..8).map(|n| app.user(&format!("m{n}"), &[Role::Manager], &BranchScope::All)).collect();
    let counts =
        accounts.iter().zip(60..).map(|(account, n)| account.put("/v1/stock", count(branch, item, n)));
    let answers = futures_util::future::join_all(counts).await;
    let moved = "select sum(abs(quantity))::bigint from services_stock_movements where kind = 'adjustment'";
    assert!(answers.iter().any(|answer| answer.status == 200));
    let moved: i64 = app.database.value(moved).await;
    assert!((60..=100).contains(&moved), "{moved}");
    app.database.assert_sound().await;
}

#[tokio::test]
async fn units_do_not_leave_by_orders_of_ones_own_where_four_eyes_stand_beside_the_limit() {
    let files = vec![example("large-adjustments.cedar"), example("four-eyes.cedar")];
    let app = App::with_policies(files).await;
    let (branch, item) = (app.branch("Own").await, app.any_item().await);
    app.stock(branch, item, 450).await;
    let manager = app.manager(&[branch]);
    let lines = json!([{ "item_id": item, "requested_qty": 450 }]);
    let body = json!({ "branch_id": branch, "lines": lines });
    let order = manager.post("/v1/orders", body).await.expect(201).id();
    manager.command(order, "fulfill").await.expect_problem(403, "forbidden");
    manager.command(order, "submit").await.expect(200);
    manager.command(order, "fulfill").await.expect_problem(403, "forbidden");
    client(&app, "client-3", Role::Manager, branch)
        .command(order, "fulfill")
        .await
        .expect_problem(403, "forbidden");
    assert_eq!(app.level(branch, item).await.0, "450");
}

#[tokio::test]
async fn a_manager_of_every_branch_fulfils_through_no_client() {
    let (app, branch, item) = company("managers-fulfil-at-own-branches.cedar").await;
    app.stock(branch, item, 10).await;
    let order = app.submitted(branch, &[(item, 1)]).await;
    let as_manager = client(&app, "client-3", Role::Manager, branch);
    as_manager.command(order, "fulfill").await.expect_problem(403, "forbidden");
    client(&app, "client-4", Role::Admin, branch).command(order, "fulfill").await.expect(200);
}

#[tokio::test]
async fn no_answer_to_a_worker_has_the_reason_of_an_adjustment() {
    let (app, branch, item) = company("workers-see-no-reasons.cedar").await;
    let body = json!({ "branch_id": branch, "item_id": item, "quantity": 4, "reason": "stolen by night" });
    app.admin().put("/v1/stock", body).await.expect(200);
    let worker = app.worker(&[branch]);
    let (from, to) = ("2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z");
    for path in [
        "/v1/stock".to_owned(),
        "/v1/stock/summary".to_owned(),
        "/v1/stock/movements".to_owned(),
        format!("/v1/stock/movements?item_id={item}"),
        "/v1/stock/movements?document_type=adjustment&document_id=1".to_owned(),
        format!("/v1/stock?as_of={to}"),
        format!("/v1/stock/changes?branch_id={branch}&from={from}&to={to}"),
        "/v1/audit".to_owned(),
        format!("/v1/items/{item}"),
        "/v1/reports/overview".to_owned(),
        "/v1/reports/movers".to_owned(),
    ] {
        let text = worker.get(&path).await.text();
        assert!(!text.contains("stolen"), "{path}: {text}");
    }
    assert!(app.admin().get("/v1/stock/movements").await.text().contains("stolen"));
}

#[tokio::test]
async fn a_branch_keeps_the_catalogue_only_where_the_company_says_so() {
    let (app, branch, item) = company("four-eyes.cedar").await;
    let (manager, admin) = (app.manager(&[branch]), app.user("badmin", &[Role::Admin], &scope(branch)));
    let body = json!({ "sku": "NEW", "name": "New", "min_stock_level": 999_999 });
    for user in [&manager, &admin] {
        user.post("/v1/items", body.clone()).await.expect_problem(403, "forbidden");
        user.put(&format!("/v1/items/{item}"), body.clone()).await.expect_problem(403, "forbidden");
        user.delete(&format!("/v1/items/{item}")).await.expect_problem(403, "forbidden");
    }
    admin.post("/v1/branches", json!({ "name": "Another" })).await.expect_problem(403, "forbidden");
    admin.delete(&format!("/v1/branches/{branch}")).await.expect_problem(403, "forbidden");
    let renamed = json!({ "name": "Renamed", "location": "Here", "timezone": "UTC" });
    admin.put(&format!("/v1/branches/{branch}"), renamed).await.expect(200);
    app.user("everywhere", &[Role::Manager], &BranchScope::All)
        .post("/v1/items", body.clone())
        .await
        .expect(201);

    let files = vec![example("branch-managers-keep-the-catalogue.cedar")];
    app.surface.services.authorizer().replace(policy::Policies::new(files).unwrap());
    manager.put(&format!("/v1/items/{item}"), json!({ "sku": "OLD", "name": "Old" })).await.expect(200);
    admin.put(&format!("/v1/items/{item}"), body).await.expect_problem(403, "forbidden");
}

fn scope(branch: i64) -> BranchScope {
    BranchScope::only([domain::BranchId(branch)])
}

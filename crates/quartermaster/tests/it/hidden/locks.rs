//! What a caller does not see is not locked for them.

use reqwest::Method;
use serde_json::json;

use crate::support::App;
use crate::support::api::send;

#[tokio::test]
async fn a_request_for_what_is_hidden_waits_for_none_of_its_locks() {
    let app = App::start().await;
    let (own, other, item) = (app.branch("Own").await, app.branch("Other").await, app.any_item().await);
    app.stock(other, item, 10).await;
    let (draft, submitted) = (app.draft(other, &[(item, 1)]).await, app.submitted(other, &[(item, 1)]).await);
    // Somebody else works on the orders, their lines and the level, and does not come to an end.
    let mut elsewhere = app.database.connect("quartermaster").await;
    let held = elsewhere.transaction().await.unwrap();
    for table in ["services_orders", "services_order_lines", "services_stock", "services_branches"] {
        let column = if table == "services_branches" { "id" } else { "branch_id" };
        let sql = format!("select * from {table} where {column} = {other} for update");
        held.batch_execute(&sql).await.unwrap();
    }
    // Were one waited for, the answer would be that the queue is full, after the time of a lock.
    for user in [app.manager(&[own]), app.worker(&[own]), app.manager(&[])] {
        for order in [draft, submitted] {
            for verb in ["submit", "fulfill", "cancel"] {
                user.command(order, verb).await.expect_problem(404, "not-found");
            }
            let path = format!("/v1/orders/{order}");
            let says = json!({ "branch_id": other, "lines": [{ "item_id": item, "requested_qty": 2 }] });
            user.put(&path, says).await.expect_problem(404, "not-found");
            user.delete(&path).await.expect_problem(404, "not-found");
            user.get(&path).await.expect_problem(404, "not-found");
        }
        let count = json!({ "branch_id": other, "item_id": item, "quantity": 5 });
        user.put("/v1/stock", count).await.expect_problem(404, "not-found");
        let path = format!("/v1/branches/{other}");
        user.put(&path, json!({ "name": "Mine" })).await.expect_problem(404, "not-found");
        send(user.request(Method::DELETE, &path)).await.expect_problem(404, "not-found");
    }
    assert_eq!(app.database.waiting().await, 0);
    held.rollback().await.unwrap();
    app.manager(&[other]).command(draft, "submit").await.expect(200);
    app.database.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_one_batch_each_request_sees_what_its_own_caller_sees() {
    let app = App::start().await;
    let (own, other, item) = (app.branch("Own").await, app.branch("Other").await, app.any_item().await);
    app.stock(other, item, 1_000).await;
    let mut orders = Vec::new();
    for _ in 0..30 {
        orders.push(app.draft(other, &[(item, 1)]).await);
    }
    let (stranger, theirs) =
        (app.manager(&[own]), app.user("theirs", &[identity::Role::Manager], &scope(other)));
    let asked = orders.iter().flat_map(|order| [(&stranger, *order), (&theirs, *order)]);
    let answers =
        futures_util::future::join_all(asked.map(|(user, order)| user.command(order, "submit"))).await;
    for pair in answers.chunks(2) {
        assert_eq!((pair[0].status, pair[1].status), (404, 200), "{} {}", pair[0].text(), pair[1].text());
    }
    let read = orders.iter().flat_map(|order| [(&stranger, *order), (&theirs, *order)]);
    let read = read.map(|(user, order)| async move { user.get(&format!("/v1/orders/{order}")).await.status });
    let read = futures_util::future::join_all(read).await;
    assert!(read.chunks(2).all(|pair| pair == [404, 200]), "{read:?}");
    assert_eq!(app.level(other, item).await.1, "30");
    app.database.assert_sound().await;
}

fn scope(branch: i64) -> identity::BranchScope {
    identity::BranchScope::only([domain::BranchId(branch)])
}

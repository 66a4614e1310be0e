//! What others got wrong: failures that users of other stock and order systems report, in the forms that they would
//! have here, over HTTP with many callers at once. The numbers name the reports.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use services::engine::EngineConfig;
use services::http::HttpSettings;

use crate::support::api::{Answer, send};
use crate::support::{App, TestDatabase};

/// How many of the answers are of the status.
fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

/// Drafts of one piece each.
async fn singles(app: &App, branch: i64, item: i64, count: usize) -> Vec<i64> {
    join_all((0..count).map(|_| async move { app.draft(branch, &[(item, 1)]).await })).await
}

/// InvenTree 12478, 12718.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_kinds_of_request_at_once_do_not_allocate_the_same_stock() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 10).await;
    let (promised, sold) = (singles(&app, branch, item, 20).await, singles(&app, branch, item, 20).await);
    let admin = app.admin();
    let (submitted, fulfilled) = tokio::join!(
        join_all(promised.iter().map(|order| admin.command(*order, "submit"))),
        join_all(sold.iter().map(|order| admin.command(*order, "fulfill"))),
    );
    let (submitted, fulfilled) = (count(&submitted, 200), count(&fulfilled, 200));
    assert_eq!(submitted + fulfilled, 10);
    let (quantity, reserved, available) = app.level(branch, item).await;
    assert_eq!((quantity, reserved), ((10 - fulfilled).to_string(), submitted.to_string()));
    assert_eq!(available, "0");
    app.database.assert_sound().await;
}

/// Vendure 3508, 4930.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_and_allocation_are_one_transaction_whoever_else_posts() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 10).await;
    let orders = singles(&app, branch, item, 40).await;
    let client = app.database.connect("quartermaster").await;
    // Whoever checks first now checks figures that change before it may allocate.
    client.batch_execute("begin; update services_stock set updated_at = updated_at").await.unwrap();
    let admin = app.admin();
    let submitting = join_all(orders.iter().map(|order| admin.command(*order, "submit")));
    let change = async {
        app.database.until_waiting(1).await;
        client.batch_execute("rollback").await.unwrap();
        app.stock(branch, item, 4).await;
    };
    let (answers, ()) = tokio::join!(submitting, change);
    let (_, reserved, available) = app.level(branch, item).await;
    assert_eq!(count(&answers, 200).to_string(), reserved);
    assert!(count(&answers, 200) <= 10, "{available}");
    app.database.assert_sound().await;
}

/// Medusa 16502.
#[tokio::test]
async fn the_same_item_in_two_lines_does_not_pass_the_check_twice() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 10).await;
    let line = json!({ "item_id": item, "requested_qty": 6 });
    let twice = json!({ "branch_id": branch, "lines": [line, line] });
    app.admin().post("/v1/orders", twice.clone()).await.expect_invalid();
    let order = app.draft(branch, &[(item, 6)]).await;
    app.admin().put(&format!("/v1/orders/{order}"), twice).await.expect_invalid();
    app.admin().command(order, "submit").await.expect(200);
    assert_eq!(app.level(branch, item).await.2, "4");
    app.database.assert_sound().await;
}

/// Medusa 16488: a draft may be edited while it is submitted; what is reserved is what the order says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reservation_is_never_edited_without_a_new_check() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 10).await;
    let admin = app.admin();
    for _ in 0..10 {
        let order = app.draft(branch, &[(item, 1)]).await;
        let path = format!("/v1/orders/{order}");
        let more = json!({ "branch_id": branch, "lines": [{ "item_id": item, "requested_qty": 11 }] });
        let (edited, submitted) =
            tokio::join!(admin.put(&path, more.clone()), admin.command(order, "submit"));
        // Whichever was first, the other met what it had made: too much for a submission, or no draft any more.
        match (edited.status, submitted.status) {
            (200, 409) | (409, 200) => {}
            other => panic!("{other:?}"),
        }
        admin.put(&path, more).await.expect(if edited.status == 200 { 200 } else { 409 });
        admin.command(order, "cancel").await.expect(200);
    }
    assert_eq!(app.level(branch, item).await.1, "0");
    app.database.assert_sound().await;
}

/// ERPNext 36825, 53638: a nightly sync of thousands of orders, in whatever order their lines come, by many callers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nightly_sync_of_thousands_of_orders_meets_no_deadlock() {
    let engine = EngineConfig { lanes: 4, ..EngineConfig::default() };
    let app = App::on(TestDatabase::new().await, &HttpSettings::default(), &engine).await;
    let branch = app.branch("Harbour").await;
    let mut items = Vec::new();
    for n in 0..6 {
        let item = app.item(&format!("SKU-{n}")).await;
        app.stock(branch, item, 10_000).await;
        items.push(item);
    }
    let admin = app.admin();
    let sync = (0..20_usize).map(|caller| {
        let (app, admin, items) = (&app, &admin, &items);
        async move {
            for n in 0..100 {
                let pick = |line: usize| items[(caller + n * (line + 1) + line) % items.len()];
                let lines =
                    if pick(0) == pick(1) { vec![(pick(0), 1)] } else { vec![(pick(1), 1), (pick(0), 1)] };
                let order = app.draft(branch, &lines).await;
                admin.command(order, "submit").await.expect(200);
                admin.command(order, "fulfill").await.expect(200);
            }
        }
    });
    join_all(sync).await;
    let deadlocks: i64 =
        app.database.value("select deadlocks from pg_stat_database where datname = current_database()").await;
    assert_eq!(deadlocks, 0);
    let fulfilled: i64 =
        app.database.value("select count(*) from services_orders where status = 'fulfilled'").await;
    assert_eq!(fulfilled, 2_000);
    app.database.assert_sound().await;
}

/// nopCommerce 8085: of two who have read the same, one changes it and the other is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_read_the_same_only_one_changes_it() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let admin = app.admin();
    let order = app.draft(branch, &[(item, 1)]).await;
    let path = format!("/v1/orders/{order}");
    let read = admin.get(&path).await.expect(200);
    let etag = read.header("etag").unwrap().to_owned();
    let edit = |quantity: i64| {
        let body = json!({ "branch_id": branch, "lines": [{ "item_id": item, "requested_qty": quantity }] });
        send(admin.request(Method::PUT, &path).header("if-match", &etag).json(&body))
    };
    let answers = join_all((1..=10).map(|n| edit(n * 2))).await;
    assert_eq!((count(&answers, 200), count(&answers, 412)), (1, 9));
    // What posts changes by difference under a lock, so nobody's posting is overwritten.
    app.stock(branch, item, 50).await;
    let sold = singles(&app, branch, item, 30).await;
    let answers = join_all(sold.iter().map(|order| admin.command(*order, "fulfill"))).await;
    assert_eq!(count(&answers, 200), 30);
    assert_eq!(app.level(branch, item).await.0, "20");
    app.database.assert_sound().await;
}

/// Saleor 5334.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_order_is_submitted_without_its_allocation() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 30).await;
    let orders = singles(&app, branch, item, 60).await;
    let admin = app.admin();
    // Each is asked for twice at once under one key, as an impatient client does.
    let asked = orders.iter().flat_map(|order| [*order, *order]).map(|order| {
        let request = admin.request(Method::POST, &format!("/v1/orders/{order}/submit"));
        request.header("idempotency-key", format!("submit-{order}")).json(&json!({})).send()
    });
    let _ = join_all(asked).await;
    let submitted: Vec<Value> =
        admin.get("/v1/orders?status=submitted&limit=100").await.expect(200).each("id");
    assert_eq!(submitted.len(), 30);
    assert_eq!(app.level(branch, item).await.1, "30");
    app.database.assert_sound().await;
}

/// Medusa 12401: a reservation that went wrong is explained and mended from what orders say, and audited.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_that_went_wrong_are_explained_and_mended() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 10).await;
    let order = app.submitted(branch, &[(item, 4)]).await;
    // No reservation can go below zero at all.
    let client = app.database.connect("quartermaster").await;
    assert!(client.batch_execute("update services_stock set reserved = -1").await.is_err());
    client.batch_execute("update services_stock set reserved = 1, quantity = 7").await.unwrap();
    let database = app.surface.services.database();
    let explained = services::repair::preview(database).await.unwrap().levels;
    assert_eq!(explained.len(), 1);
    let figures = (explained[0].quantity, explained[0].reserved);
    assert_eq!((figures.0.from.to_string(), figures.0.to.to_string()), ("7".to_owned(), "10".to_owned()));
    assert_eq!((figures.1.from.to_string(), figures.1.to.to_string()), ("1".to_owned(), "4".to_owned()));
    assert_eq!(app.level(branch, item).await.1, "1");
    assert_eq!(services::repair::repair(database).await.unwrap().levels.len(), 1);
    app.database.assert_sound().await;
    // Also while others post.
    client.batch_execute("update services_stock set reserved = 0").await.unwrap();
    let sold = singles(&app, branch, item, 3).await;
    let admin = app.admin();
    let (mended, answers) = tokio::join!(
        services::repair::repair(database),
        join_all(sold.iter().map(|order| admin.command(*order, "fulfill"))),
    );
    assert_eq!((mended.unwrap().levels.len(), count(&answers, 200)), (1, 3));
    app.admin().command(order, "cancel").await.expect(200);
    let (quantity, reserved, _) = app.level(branch, item).await;
    assert_eq!((quantity.as_str(), reserved.as_str()), ("7", "0"));
    let entries = app.admin().get("/v1/audit?action=stock.repaired").await.expect(200);
    assert_eq!(entries.len(), 2);
    app.database.assert_sound().await;
}

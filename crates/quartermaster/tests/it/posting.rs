//! The posting engine under load and under trouble.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use services::engine::EngineConfig;
use services::http::HttpSettings;

use crate::support::api::{Answer, send};
use crate::support::{App, TestDatabase, until};

/// A draft of each quantity.
async fn drafts(app: &App, branch: i64, item: i64, quantities: &[i64]) -> Vec<i64> {
    join_all(quantities.iter().map(|quantity| async move { app.draft(branch, &[(item, *quantity)]).await }))
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_refuses_one_and_carries_out_the_others() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 30).await;
    let drafts = {
        let mut quantities = [1; 20];
        quantities[7] = 1_000;
        drafts(&app, branch, item, &quantities).await
    };
    let admin = app.admin();
    let answers = join_all(drafts.iter().map(|order| admin.command(*order, "fulfill"))).await;
    let refused: Vec<usize> =
        answers.iter().enumerate().filter(|(_, a)| a.status != 200).map(|(n, _)| n).collect();
    assert_eq!(refused, [7]);
    assert_eq!(app.level(branch, item).await.0, "11");
    app.database.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_callers_than_stock_sell_exactly_what_is_there() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let admin = app.admin();
    for round in 0..3 {
        app.stock(branch, item, 10).await;
        let drafts = drafts(&app, branch, item, &[1; 60]).await;
        let answers = join_all(drafts.iter().map(|order| admin.command(*order, "fulfill"))).await;
        let sold = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(sold, 10, "round {round}");
        assert_eq!(app.level(branch, item).await.0, "0");
    }
    app.database.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_says_so_and_loses_nothing() {
    let engine = EngineConfig { lanes: 1, queue: 2, batch: 1 };
    let app = App::on(TestDatabase::new().await, &HttpSettings::default(), &engine).await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 100).await;
    let mut drafts = Vec::new();
    for _ in 0..20 {
        drafts.push(app.draft(branch, &[(item, 1)]).await);
    }
    // Who comes alone and the lane wait at this lock, one after the other, and the queue fills behind them.
    let client = app.database.connect("quartermaster").await;
    client.batch_execute("begin; select from services_stock for update").await.unwrap();
    let admin = app.admin();
    let fulfil_when_waiting = async |sessions: i64, orders: &[i64]| {
        app.database.until_waiting(sessions).await;
        join_all(orders.iter().map(|order| admin.command(*order, "fulfill"))).await
    };
    let beyond = async {
        until("the queue to be full", async || !app.surface_is_ready().await).await;
        let refused = fulfil_when_waiting(2, &drafts[4..]).await;
        client.batch_execute("rollback").await.unwrap();
        refused
    };
    let (alone, in_lane, queued, refused) = tokio::join!(
        fulfil_when_waiting(0, &drafts[..1]),
        fulfil_when_waiting(1, &drafts[1..2]),
        fulfil_when_waiting(2, &drafts[2..4]),
        beyond
    );
    // Of the four that were taken, one that waited too long on a slow machine is turned away as well.
    let taken = [alone, in_lane, queued].into_iter().flatten();
    let (done, turned_away): (Vec<Answer>, Vec<Answer>) = taken.partition(|answer| answer.status == 200);
    let done = done.len();
    for answer in refused.into_iter().chain(turned_away) {
        assert!(answer.header("retry-after").is_some());
        answer.expect_problem(503, "unavailable");
    }
    assert!((1..=4).contains(&done), "{done}");
    assert_eq!(app.level(branch, item).await.0, (100 - done).to_string());
    app.database.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_that_waits_for_another_process_keeps_no_other_lane_from_posting() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    let (held, free) = (app.any_item().await, app.any_item().await);
    app.stock(branch, held, 1).await;
    app.stock(branch, free, 1).await;
    // Numbers that follow each other are posted by different lanes.
    let (waits, goes) = (app.draft(branch, &[(held, 1)]).await, app.draft(branch, &[(free, 1)]).await);
    let other = app.database.connect("quartermaster").await;
    let lock = format!("begin; select from services_stock where item_id = {held} for update");
    other.batch_execute(&lock).await.unwrap();
    let admin = app.admin();
    let meanwhile = async {
        app.database.until_waiting(1).await;
        let answer = admin.command(goes, "fulfill").await;
        let still_waits = app.database.waiting().await;
        other.batch_execute("rollback").await.unwrap();
        answer.expect(200);
        assert_eq!(still_waits, 1);
    };
    let (waited, ()) = tokio::join!(admin.command(waits, "fulfill"), meanwhile);
    waited.expect(200);
    app.database.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_changes_nothing_about_the_transaction() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 100).await;
    let drafts = drafts(&app, branch, item, &[1; 30]).await;
    let admin = app.admin();
    let hurried = drafts.iter().enumerate().map(|(n, order)| {
        let request = admin.request(Method::POST, &format!("/v1/orders/{order}/fulfill"));
        // Some leave before their request is read, some while it is posted, some after.
        request.timeout(Duration::from_micros(300 * (n as u64 + 1))).send()
    });
    let _ = join_all(hurried).await;
    app.surface.services.finish().await;
    let idle: i64 = app
        .database
        .value("select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'")
        .await;
    assert_eq!(idle, 0);
    let fulfilled: i64 =
        app.database.value("select count(*) from services_orders where status = 'fulfilled'").await;
    let left: String = app.database.value("select trim_scale(quantity)::text from services_stock").await;
    assert_eq!(left, (100 - fulfilled).to_string());
    app.database.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_leaves_no_half_posting() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 1_000).await;
    let drafts = drafts(&app, branch, item, &[1; 150]).await;
    let admin = app.admin();
    let posting = join_all(drafts.iter().map(|order| {
        let key = format!("fulfil-{order}");
        let path = format!("/v1/orders/{order}/fulfill");
        let admin = &admin;
        async move {
            // What any careful client does: the same request again until it is answered.
            for _ in 0..200 {
                let answer = send(admin.request(Method::POST, &path).header("idempotency-key", &key)).await;
                if answer.status < 500 && answer.status != 409 {
                    return answer.status;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            0
        }
    }));
    let kill = async {
        for _ in 0..15 {
            app.database
                .run("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'qm_services_app'")
                .await;
            tokio::time::sleep(Duration::from_millis(7)).await;
        }
    };
    let (statuses, ()) = tokio::join!(posting, kill);
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    assert_eq!(app.level(branch, item).await, ("850".into(), "0".into(), "850".into()));
    app.database.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counting_and_selling_the_same_stock_at_once_adds_up() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 500).await;
    let drafts = drafts(&app, branch, item, &[2; 40]).await;
    let admin = app.admin();
    let selling = join_all(drafts.iter().map(|order| admin.command(*order, "submit")));
    let counting = join_all((0..20).map(|n| {
        let body = json!({ "branch_id": branch, "item_id": item, "quantity": 300 + n });
        let admin = &admin;
        async move { admin.put("/v1/stock", body).await.expect(200) }
    }));
    let (submitted, _) = tokio::join!(selling, counting);
    let reserved = 2 * submitted.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(app.level(branch, item).await.1, reserved.to_string());
    app.database.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_waited_too_long_is_turned_away_and_changes_nothing() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 5).await;
    let other = app.database.connect("quartermaster").await;
    other.batch_execute("begin; lock table services_stock").await.unwrap();
    let count = |quantity| json!({ "branch_id": branch, "item_id": item, "quantity": quantity });
    let admin = app.admin();
    let ask = async |quantity| admin.put("/v1/stock", count(quantity)).await;
    let release = async {
        tokio::time::sleep(Duration::from_millis(5_500)).await;
        other.batch_execute("rollback").await.unwrap();
    };
    // The first comes alone and waits for the lock, as does the second in its lane; the third waits behind that one for
    // longer than its time.
    let second = async {
        app.database.until_waiting(1).await;
        ask(8).await
    };
    let third = async {
        app.database.until_waiting(2).await;
        tokio::join!(ask(9), release).0
    };
    let (first, second, third) = tokio::join!(ask(7), second, third);
    first.expect(200);
    second.expect(200);
    assert!(third.header("retry-after").is_some());
    third.expect_problem(503, "unavailable");
    assert_ne!(app.level(branch, item).await.0, "9");
    app.database.assert_sound().await;
}

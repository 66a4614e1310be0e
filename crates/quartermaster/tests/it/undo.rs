//! Undoing what was set by hand: once, and once only.

use futures_util::future::join_all;
use identity::{BranchScope, Role};
use serde_json::{Value, json};
use services::engine::EngineConfig;
use services::http::HttpSettings;

use crate::support::api::{Answer, User};
use crate::support::portal::{Company, location};
use crate::support::{App, TestDatabase};

/// 100 were counted and then 105; gives the branch, the item and the movement of +5.
async fn counted(app: &App) -> (i64, i64, i64) {
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 100).await;
    app.stock(branch, item, 105).await;
    (branch, item, newest(app, branch, item).await)
}

async fn newest(app: &App, branch: i64, item: i64) -> i64 {
    let path = format!("/v1/stock/movements?branch_id={branch}&item_id={item}&limit=1");
    app.admin().get(&path).await.expect(200).json()[0]["id"].as_i64().unwrap()
}

fn undoing(branch: i64, item: i64, movement: i64) -> Value {
    json!({ "branch_id": branch, "item_id": item, "undoes": movement })
}

async fn undo(app: &App, branch: i64, item: i64, movement: i64) -> Answer {
    app.admin().put("/v1/stock", undoing(branch, item, movement)).await
}

#[tokio::test]
async fn a_movement_is_undone_once_and_the_ledger_says_by_which() {
    let app = App::start().await;
    let (branch, item, movement) = counted(&app).await;
    let level = undo(&app, branch, item, movement).await.expect(200).json();
    assert_eq!(level["quantity"], 100);
    let by = newest(&app, branch, item).await;
    let refused = undo(&app, branch, item, movement).await.expect_problem(409, "undone-before");
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains(&format!("Movement {movement}")), "{detail}");
    assert!(detail.contains(&format!("by movement {by}")), "{detail}");
    assert_eq!(app.level(branch, item).await.0, "100");
    // Every list of the ledger says it.
    for filter in ["", "&kind=adjustment", "&document_type=adjustment", &format!("&item_id={item}")] {
        let path = format!("/v1/stock/movements?branch_id={branch}{filter}");
        let ledger = app.admin().get(&path).await.expect(200);
        assert_eq!(ledger.each("reverses"), [json!(movement), Value::Null, Value::Null], "{path}");
        assert_eq!(ledger.each("reversed_by"), [Value::Null, json!(by), Value::Null], "{path}");
    }
    let audit = app.admin().get("/v1/audit?entity_type=stock&limit=1").await.expect(200).json();
    assert_eq!(audit[0]["details"]["undoes"], json!(movement));
    app.database.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_undo_the_same_movement_at_once_one_does() {
    // Two processes of several lanes each, on one database.
    let engine = EngineConfig { lanes: 3, ..EngineConfig::default() };
    let app = App::on(TestDatabase::new().await, &HttpSettings::default(), &engine).await;
    let (branch, item, movement) = counted(&app).await;
    let other = app.beside(&engine).await;
    let users = [app.admin(), User::at(&other, app.admin().token())];
    let answers =
        join_all((0..24).map(|n| users[n % 2].put("/v1/stock", undoing(branch, item, movement)))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200], vec![409; 23]].concat());
    for answer in answers.into_iter().filter(|answer| answer.status == 409) {
        answer.expect_problem(409, "undone-before");
    }
    assert_eq!(app.level(branch, item).await.0, "100");
    app.database.assert_sound().await;
}

#[tokio::test]
async fn undoing_takes_back_the_difference_whatever_came_since() {
    let app = App::start().await;
    let (branch, item, movement) = counted(&app).await;
    let order = app.draft(branch, &[(item, 3)]).await;
    app.admin().command(order, "fulfill").await.expect(200);
    app.stock(branch, item, 90).await;
    assert_eq!(undo(&app, branch, item, movement).await.expect(200).json()["quantity"], 85);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn an_undo_is_undone_once_like_any_other_adjustment() {
    let app = App::start().await;
    let (branch, item, first) = counted(&app).await;
    undo(&app, branch, item, first).await.expect(200);
    let second = newest(&app, branch, item).await;
    assert_eq!(undo(&app, branch, item, second).await.expect(200).json()["quantity"], 105);
    for movement in [first, second] {
        undo(&app, branch, item, movement).await.expect_problem(409, "undone-before");
    }
    assert_eq!(app.level(branch, item).await.0, "105");
    app.database.assert_sound().await;
}

#[tokio::test]
async fn what_is_no_adjustment_of_the_level_cannot_be_undone() {
    let app = App::start().await;
    let (branch, item, movement) = counted(&app).await;
    let (other_branch, other_item) = (app.branch("Port").await, app.any_item().await);
    app.stock(other_branch, item, 1).await;
    app.stock(branch, other_item, 1).await;
    let order = app.draft(branch, &[(item, 3)]).await;
    app.admin().command(order, "fulfill").await.expect(200);
    let fulfilment = newest(&app, branch, item).await;
    for movement in [fulfilment, 0, -1, movement + 1_000, i64::MAX, i64::MIN] {
        assert_eq!(undo(&app, branch, item, movement).await.expect_invalid(), ["/undoes"], "{movement}");
    }
    for (branch, item) in [(other_branch, item), (branch, other_item)] {
        assert_eq!(undo(&app, branch, item, movement).await.expect_invalid(), ["/undoes"]);
    }
    assert_eq!(app.level(branch, item).await.0, "102");
    app.database.assert_sound().await;
}

#[tokio::test]
async fn an_undo_may_say_what_it_expects_and_leaves() {
    let app = App::start().await;
    let (branch, item, movement) = counted(&app).await;
    let with = |more: Value| {
        let mut body = undoing(branch, item, movement);
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let admin = app.admin();
        async move { admin.put("/v1/stock", body).await }
    };
    with(json!({ "expected_quantity": 104 })).await.expect_problem(412, "precondition-failed");
    assert_eq!(with(json!({ "quantity": 99 })).await.expect_invalid(), ["/quantity"]);
    assert_eq!(
        with(json!({ "quantity": 100, "expected_quantity": 105 })).await.expect(200).json()["quantity"],
        100
    );
    let neither = json!({ "branch_id": branch, "item_id": item });
    assert_eq!(app.admin().put("/v1/stock", neither).await.expect_invalid(), ["/quantity"]);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn an_undo_that_would_leave_less_than_nothing_is_refused_and_can_be_made_later() {
    let app = App::start().await;
    let (branch, item, movement) = counted(&app).await;
    app.stock(branch, item, 2).await;
    assert_eq!(undo(&app, branch, item, movement).await.expect_invalid(), ["/quantity"]);
    app.stock(branch, item, 5).await;
    assert_eq!(undo(&app, branch, item, movement).await.expect(200).json()["quantity"], 0);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn who_may_not_adjust_learns_nothing_from_an_undo() {
    let app = App::start().await;
    let (branch, item, movement) = counted(&app).await;
    let elsewhere = app.branch("Port").await;
    for movement in [movement, movement + 1_000] {
        app.worker(&[branch])
            .put("/v1/stock", undoing(branch, item, movement))
            .await
            .expect_problem(403, "forbidden");
        let stranger = app.manager(&[elsewhere]);
        stranger.put("/v1/stock", undoing(branch, item, movement)).await.expect_problem(404, "not-found");
    }
}

/// A company whose admin is signed in twice, with 100 and then 105 of an item; gives the movement of +5 as well.
async fn company() -> (Company, [crate::support::portal::Browser; 2], User, i64) {
    let company = Company::start().await;
    company.admin("mia").await;
    company.user("max", &[Role::Manager], &BranchScope::All).await;
    let browsers = [company.signed_in("mia").await, company.signed_in("max").await];
    let api = User::at(&company.services, &browsers[0].token().await);
    api.post("/v1/branches", json!({ "name": "Harbour" })).await.expect(201);
    api.post("/v1/items", json!({ "sku": "NAIL", "name": "Nail" })).await.expect(201);
    for quantity in [100, 105] {
        let body = json!({ "branch_id": 1, "item_id": 1, "quantity": quantity });
        api.put("/v1/stock", body).await.expect(200);
    }
    let movement = api.get("/v1/stock/movements").await.expect(200).json()[0]["id"].as_i64().unwrap();
    (company, browsers, api, movement)
}

#[tokio::test]
async fn a_page_offers_undo_once_and_a_second_tab_is_told_that_it_was_done() {
    let (_company, [mia, max], api, movement) = company().await;
    let offer = format!("/stock/1/1/undo/{movement}/");
    let page = mia.page("/items/1/?branch=1").await;
    assert!(page.contains(&offer), "{page}");
    let (mine, theirs) = tokio::join!(mia.post(&offer, &[("key", "a")]), max.post(&offer, &[("key", "b")]));
    let mut told: Vec<String> = [&mine, &theirs].map(|answer| location(answer).to_owned()).into();
    told.sort_unstable();
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    assert_eq!(
        told,
        ["/items/1/?branch=1&done=stock-undone#ledger", "/items/1/?branch=1&not-done=undone-before#ledger"]
    );
    let again = mia.post(&offer, &[("key", "c")]).await;
    let page = mia.page(location(&again).split('#').next().unwrap()).await;
    assert!(page.contains("It was undone already"), "{page}");
    assert!(!page.contains(&offer) && page.contains("undone by movement"), "{page}");
    assert_eq!(api.get("/v1/stock").await.expect(200).json()[0]["quantity"], 100);
    // The same form sent twice is one undo, and no refusal.
    let undo = format!("/stock/1/1/undo/{}/", movement + 1);
    for _ in 0..2 {
        let answer = mia.post(&undo, &[("key", "d")]).await;
        assert_eq!(location(&answer), "/items/1/?branch=1&done=stock-undone#ledger");
    }
    assert_eq!(api.get("/v1/stock").await.expect(200).json()[0]["quantity"], 105);
}

#[tokio::test]
async fn a_movement_of_long_ago_can_be_undone_from_its_page_of_the_ledger() {
    let (_company, [mia, _], api, movement) = company().await;
    for quantity in 0..101 {
        let body = json!({ "branch_id": 1, "item_id": 1, "quantity": 200 + quantity });
        api.put("/v1/stock", body).await.expect(200);
    }
    let answer = mia.post(&format!("/stock/1/1/undo/{movement}/"), &[("key", "a")]).await;
    assert_eq!(location(&answer), "/items/1/?branch=1&done=stock-undone#ledger");
    assert_eq!(api.get("/v1/stock").await.expect(200).json()[0]["quantity"], 295);
}

//! Reports say what the ledger says, as far as the totals have come.

use serde_json::{Value, json};
use services::totals::{Keeper, Step};

use crate::support::App;

/// Adds what there is to the totals, and counts.
async fn keep(app: &App) {
    let keeper = Keeper::new(app.database.pool(services::ROLES));
    // Any long transaction on the server holds the totals up, those of other tests too.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(600);
    while keeper.step().await.unwrap() != Step::UpToDate {
        assert!(std::time::Instant::now() < end, "a transaction keeps the totals from being up to date");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    keeper.count(std::time::Duration::ZERO).await.unwrap();
}

async fn fulfil(app: &App, branch: i64, item: i64, quantity: i64) {
    let order = app.draft(branch, &[(item, quantity)]).await;
    app.admin().command(order, "fulfill").await.expect(200);
}

async fn report(app: &App, path: &str) -> Value {
    app.admin().get(&format!("/v1/reports/{path}")).await.expect(200).json()
}

/// Two branches; at the first 10 units came and an order took 4, another waits for 2 and one was cancelled.
async fn traded(app: &App) -> (i64, i64, i64) {
    let (one, two, item) = (app.branch("One").await, app.branch("Two").await, app.any_item().await);
    app.stock(one, item, 10).await;
    app.stock(two, item, 5).await;
    fulfil(app, one, item, 4).await;
    app.submitted(one, &[(item, 2)]).await;
    let cancelled = app.draft(one, &[(item, 1)]).await;
    app.admin().command(cancelled, "cancel").await.expect(200);
    (one, two, item)
}

#[tokio::test]
async fn the_overview_counts_stock_and_orders_and_what_moved_today() {
    let app = App::start().await;
    let (one, two, _) = traded(&app).await;
    keep(&app).await;
    let all = report(&app, "overview").await;
    assert_eq!((&all["levels"], &all["quantity"], &all["reserved"]), (&json!(2), &json!(11), &json!(2)));
    let orders = json!({ "draft": 0, "submitted": 1, "fulfilled": 1, "cancelled": 1 });
    assert_eq!(all["orders"], orders);
    let today = json!({ "orders": 1, "units_in": 15, "units_out": 4, "movements": 3 });
    assert_eq!(all["today"], today);
    assert!(all["as_of"].is_string() && all["counted_at"].is_string(), "{all}");
    let of_one = report(&app, &format!("overview?branch_id={one}")).await;
    assert_eq!((&of_one["quantity"], &of_one["today"]["movements"]), (&json!(6), &json!(2)));
    let of_two = report(&app, &format!("overview?branch_id={two}")).await;
    assert_eq!((&of_two["quantity"], &of_two["orders"]["fulfilled"]), (&json!(5), &json!(0)));
}

#[tokio::test]
async fn days_movers_and_the_heat_map_show_what_left() {
    let app = App::start().await;
    let (one, _, item) = traded(&app).await;
    keep(&app).await;
    let daily = report(&app, "daily?days=3").await;
    let days = daily["days"].as_array().unwrap();
    assert_eq!(days.len(), 3);
    assert_eq!(
        (&days[2]["units_out"], &days[2]["orders"], &days[0]["movements"]),
        (&json!(4), &json!(1), &json!(0))
    );
    let movers = report(&app, "movers?days=7").await;
    assert_eq!((&movers["items"][0]["item_id"], &movers["items"][0]["units_out"]), (&json!(item), &json!(4)));
    let heat = report(&app, "heat-map?days=7").await;
    assert_eq!((&heat["branches"][0]["id"], &heat["items"][0]["id"]), (&json!(one), &json!(item)));
    let cells = heat["cells"].as_array().unwrap();
    assert!(
        cells.iter().any(|cell| cell["branch_id"] == json!(one) && cell["units_out"] == json!(4)),
        "{cells:?}"
    );
}

#[tokio::test]
async fn the_history_of_an_item_ends_with_what_is_on_hand_now() {
    let app = App::start().await;
    let (one, _, item) = traded(&app).await;
    let history = report(&app, &format!("history?item_id={item}&days=2")).await;
    let quantities: Vec<&Value> =
        history["days"].as_array().unwrap().iter().map(|day| &day["quantity"]).collect();
    assert_eq!(quantities, [&json!(0), &json!(11)]);
    let of_one = report(&app, &format!("history?item_id={item}&branch_id={one}&days=1")).await;
    assert_eq!(of_one["days"][0]["quantity"], json!(6));
    app.admin().get("/v1/reports/history?item_id=999").await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn totals_kept_while_stock_moves_are_those_of_the_ledger() {
    let app = App::start().await;
    let (branch, item) = (app.branch("One").await, app.any_item().await);
    app.stock(branch, item, 500).await;
    let sell = async {
        for _ in 0..40 {
            fulfil(&app, branch, item, 1).await;
        }
    };
    // Two keepers at once, as two workers have.
    let one = async {
        for _ in 0..10 {
            keep(&app).await;
        }
    };
    let other = async {
        for _ in 0..10 {
            keep(&app).await;
        }
    };
    tokio::join!(sell, one, other);
    keep(&app).await;
    let today = report(&app, "overview").await["today"].clone();
    assert_eq!(today, json!({ "orders": 40, "units_in": 500, "units_out": 40, "movements": 41 }));
    services::totals::forget(&app.database.pool(services::ROLES)).await.unwrap();
    keep(&app).await;
    assert_eq!(report(&app, "overview").await["today"], today, "made anew from the ledger");
}

#[tokio::test]
async fn a_movement_whose_transaction_still_runs_is_waited_for() {
    let app = App::start().await;
    let (branch, item) = (app.branch("One").await, app.any_item().await);
    app.stock(branch, item, 3).await;
    let late = app.database.connect("quartermaster").await;
    late.batch_execute(
        "begin;
         insert into services_stock_movements overriding system value
         select (jsonb_populate_record(m, jsonb_build_object('id', nextval('services_stock_movements_id_seq')))).*
         from services_stock_movements m",
    )
    .await
    .unwrap();
    // Only the newest transaction runs: none of a higher number has ended.
    let keeper = Keeper::new(app.database.pool(services::ROLES));
    assert_eq!(keeper.step().await.unwrap(), Step::Waiting);
    late.batch_execute("commit").await.unwrap();
    keep(&app).await;
    assert_eq!(report(&app, "overview").await["today"]["movements"], json!(2));
}

#[tokio::test]
async fn totals_go_on_in_a_copy_on_a_server_that_has_had_fewer_transactions() {
    let app = App::start().await;
    let (branch, item) = (app.branch("One").await, app.any_item().await);
    app.stock(branch, item, 3).await;
    let there = "update services_totals_state
                 set marked_id = 1, marked_transaction = 9000000000000000000, marked_at = '2026-01-01T00:00Z'";
    app.database.run(there).await;
    keep(&app).await;
    assert_eq!(report(&app, "overview").await["today"]["movements"], json!(1));
}

#[tokio::test]
async fn a_day_is_the_branchs_own() {
    let app = App::start().await;
    let body = json!({ "name": "Auckland", "timezone": "Pacific/Auckland" });
    let branch = app.admin().post("/v1/branches", body).await.expect(201).id();
    let item = app.any_item().await;
    app.stock(branch, item, 3).await;
    keep(&app).await;
    let there = jiff::Timestamp::now().in_tz("Pacific/Auckland").unwrap().date().to_string();
    let daily = report(&app, &format!("daily?branch_id={branch}&days=1")).await;
    assert_eq!((&daily["days"][0]["day"], &daily["days"][0]["units_in"]), (&json!(there), &json!(3)));
    // Moved to another zone, its days are made anew.
    let path = format!("/v1/branches/{branch}");
    let body = json!({ "name": "Auckland", "location": "", "timezone": "UTC" });
    app.admin().put(&path, body).await.expect(200);
    keep(&app).await;
    let here = jiff::Timestamp::now().in_tz("UTC").unwrap().date().to_string();
    let daily = report(&app, &format!("daily?branch_id={branch}&days=2")).await;
    let days = daily["days"].as_array().unwrap();
    assert_eq!((&days[1]["day"], &days[1]["units_in"]), (&json!(here), &json!(3)));
}

#[tokio::test]
async fn reports_are_of_the_branches_that_one_sees_and_their_questions_are_checked() {
    let app = App::start().await;
    let (one, two, _) = traded(&app).await;
    keep(&app).await;
    let manager = app.manager(&[two]);
    let seen = manager.get("/v1/reports/overview").await.expect(200).json();
    assert_eq!((&seen["quantity"], &seen["orders"]["submitted"]), (&json!(5), &json!(0)));
    manager.get(&format!("/v1/reports/overview?branch_id={one}")).await.expect_problem(404, "not-found");
    for path in ["daily?days=91", "daily?days=0", "movers?days=8", "movers?limit=101", "heat-map?days=2"] {
        let fields = app.admin().get(&format!("/v1/reports/{path}")).await.expect_invalid();
        assert_eq!(fields.len(), 1, "{path}");
    }
}

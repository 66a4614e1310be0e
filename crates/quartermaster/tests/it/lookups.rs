//! What people look for: stock by name, text and figures, what changed, where else there is some.

use serde_json::{Value, json};

use crate::support::App;

/// Items by SKU and name, and their quantities at one branch.
async fn stocked(app: &App, branch: i64, items: &[(&str, &str, i64)]) -> Vec<i64> {
    let mut ids = Vec::new();
    for (sku, name, quantity) in items {
        let item = app.admin().post("/v1/items", json!({ "sku": sku, "name": name })).await.expect(201).id();
        app.stock(branch, item, *quantity).await;
        ids.push(item);
    }
    ids
}

/// All pages of a list, two rows at a time.
async fn all_of(app: &App, path: &str, field: &str) -> Vec<Value> {
    all_by(2, app, path, field).await
}

/// All pages of a list, so many rows at a time.
async fn all_by(limit: usize, app: &App, path: &str, field: &str) -> Vec<Value> {
    let mut next = Some(format!("{path}&limit={limit}"));
    let mut rows = Vec::new();
    while let Some(path) = next {
        let page = app.admin().get(&path).await.expect(200);
        assert!(page.len() <= limit);
        rows.extend(page.each(field));
        next = page.header("link").map(|link| link[1..].split_once('>').unwrap().0.to_owned());
    }
    rows
}

#[tokio::test]
async fn stock_is_listed_by_name_and_by_quantity_page_after_page() {
    let app = App::start().await;
    let (one, two) = (app.branch("One").await, app.branch("Two").await);
    let ids =
        stocked(&app, one, &[("A", "nut", 5), ("B", "Bolt", 0), ("C", "Washer", 9), ("D", "NUT", 5)]).await;
    app.stock(two, ids[1], 3).await;
    let names = all_of(&app, "/v1/stock/summary?sort=name", "item_name").await;
    assert_eq!(names, ["Bolt", "Bolt", "nut", "NUT", "Washer"]);
    let path = format!("/v1/stock/summary?branch_id={one}");
    assert_eq!(all_of(&app, &format!("{path}&sort=quantity"), "sku").await, ["B", "A", "D", "C"]);
    assert_eq!(all_of(&app, &format!("{path}&sort=quantity_desc"), "sku").await, ["C", "A", "D", "B"]);
    let fields = app.admin().get("/v1/stock/summary?sort=quantity").await.expect_invalid();
    assert_eq!(fields, ["?sort"]);
}

#[tokio::test]
async fn stock_is_found_by_text_and_by_what_there_is() {
    let app = App::start().await;
    let (one, two) = (app.branch("One").await, app.branch("Two").await);
    let ids = stocked(&app, one, &[("A-1", "Nut", 5), ("B-1", "Bolt", 0), ("C-2", "Washer", 9)]).await;
    app.stock(two, ids[0], 3).await;
    app.submitted(one, &[(ids[2], 4)]).await;
    for (query, skus) in [
        ("q=-1", &["A-1", "B-1", "A-1"] as &[&str]),
        ("q=WASH", &["C-2"]),
        ("q=nothing", &[]),
        ("zero=true", &["B-1"]),
        ("zero=false&sort=name", &["A-1", "A-1", "C-2"]),
        ("reserved=true", &["C-2"]),
        ("q=-1&zero=false&sort=name", &["A-1", "A-1"]),
    ] {
        assert_eq!(all_of(&app, &format!("/v1/stock/summary?{query}"), "sku").await, skus, "{query}");
    }
    let worker = app.worker(&[two]);
    for query in ["q=-1", "sort=name"] {
        let rows = worker.get(&format!("/v1/stock/summary?{query}")).await.expect(200);
        assert_eq!(rows.each("branch_id"), [json!(two)], "{query}");
    }
}

#[tokio::test]
async fn a_branch_shows_what_changed_between_two_moments() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    let ids = stocked(&app, branch, &[("A", "A", 10), ("B", "B", 5), ("C", "C", 7)]).await;
    let newest = app.admin().get("/v1/stock/movements?limit=1").await.json();
    let from = newest[0]["at"].as_str().unwrap().to_owned();
    app.stock(branch, ids[0], 4).await;
    app.stock(branch, ids[1], 6).await;
    app.stock(branch, ids[1], 5).await;
    let path = format!("/v1/stock/changes?branch_id={branch}&from={from}&to=2999-01-01T00:00:00Z");
    let changed = app.admin().get(&path).await.expect(200).json();
    assert_eq!(changed.as_array().unwrap().len(), 1, "{changed}");
    let fields = ["sku", "before", "after", "difference"].map(|field| changed[0][field].clone());
    assert_eq!(fields, [json!("A"), json!(10), json!(4), json!(-6)]);
    // As if so much had moved everywhere that a branch is looked at item after item.
    app.database.run("select setval('services_stock_movements_id_seq', 1000000)").await;
    app.stock(branch, ids[2], 9).await;
    app.stock(branch, ids[2], 7).await;
    assert_eq!(app.admin().get(&path).await.expect(200).json(), changed);
    let all =
        format!("/v1/stock/changes?branch_id={branch}&from=2020-01-01T00:00:00Z&to=2999-01-01T00:00:00Z");
    assert_eq!(all_of(&app, &all, "after").await, [json!(4), json!(5), json!(7)]);
    let turned = format!("/v1/stock/changes?branch_id={branch}&from={from}&to=2020-01-01T00:00:00Z");
    assert_eq!(app.admin().get(&turned).await.expect_invalid(), ["?to"]);
    app.worker(&[branch + 1]).get(&path).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn open_orders_that_ask_for_an_item_are_found() {
    let app = App::start().await;
    let (branch, other) = (app.branch("One").await, app.branch("Two").await);
    let ids = stocked(&app, branch, &[("A", "A", 10), ("B", "B", 10)]).await;
    let draft = app.draft(branch, &[(ids[0], 1), (ids[1], 1)]).await;
    let submitted = app.submitted(branch, &[(ids[0], 1)]).await;
    let fulfilled = app.draft(branch, &[(ids[0], 1)]).await;
    app.admin().command(fulfilled, "fulfill").await.expect(200);
    let elsewhere = app.draft(other, &[(ids[0], 1)]).await;
    let found = async |query: &str| {
        let path = format!("/v1/orders?asking_for={}{query}", ids[0]);
        app.admin().get(&path).await.expect(200).each("id")
    };
    assert_eq!(found("").await, [json!(elsewhere), json!(submitted), json!(draft)]);
    assert_eq!(found("&status=draft").await, [json!(elsewhere), json!(draft)]);
    assert_eq!(found(&format!("&branch_id={branch}&status=submitted")).await, [json!(submitted)]);
    let path = format!("/v1/orders?asking_for={}&short=true", ids[0]);
    assert_eq!(app.admin().get(&path).await.expect_invalid(), ["?asking_for"]);
}

#[tokio::test]
async fn a_short_order_shows_which_other_branches_have_some() {
    let app = App::start().await;
    let (own, near, far) = (app.branch("Own").await, app.branch("Near").await, app.branch("Far").await);
    let ids = stocked(&app, own, &[("A", "A", 2), ("B", "B", 10)]).await;
    app.stock(near, ids[0], 8).await;
    app.stock(far, ids[0], 5).await;
    app.submitted(far, &[(ids[0], 5)]).await;
    let draft = app.draft(own, &[(ids[0], 6), (ids[1], 1)]).await;
    let path = format!("/v1/orders/{draft}/elsewhere");
    let rows = app.admin().get(&path).await.expect(200).json();
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
    for (field, value) in [
        ("item_id", json!(ids[0])),
        ("requested", json!(6)),
        ("available", json!(2)),
        ("branch_name", json!("Near")),
        ("available_there", json!(8)),
    ] {
        assert_eq!(rows[0][field], value, "{field}");
    }
    assert_eq!(app.manager(&[own]).get(&path).await.expect(200).len(), 0);
    app.manager(&[near]).get(&path).await.expect_problem(404, "not-found");
    app.admin().command(draft, "cancel").await.expect(200);
    assert_eq!(app.admin().get(&path).await.expect(200).len(), 0);
}

#[tokio::test]
async fn items_are_found_by_what_a_scanner_reads_and_by_many_ids() {
    let app = App::start().await;
    let admin = app.admin();
    let nut = json!({ "sku": "NUT", "name": "Nut", "barcode": "4006381333931" });
    let nut = admin.post("/v1/items", nut).await.expect(201).id();
    let bolt = app.item("BOLT").await;
    app.item("HOOK").await;
    for code in ["NUT", "4006381333931"] {
        let found = admin.get(&format!("/v1/items?code={code}")).await.expect(200);
        assert_eq!(found.each("id"), [json!(nut)], "{code}");
    }
    assert_eq!(admin.get("/v1/items?code=400").await.expect(200).len(), 0);
    let found = admin.get(&format!("/v1/items?id={bolt}&id={nut}&id=999")).await.expect(200);
    assert_eq!(found.each("id"), [json!(nut), json!(bolt)]);
    let many = format!("/v1/items?{}", vec!["id=1"; 501].join("&"));
    assert_eq!(admin.get(&many).await.expect_invalid(), ["?id"]);
}

#[tokio::test]
async fn the_movements_of_an_item_come_newest_first_however_many_are_one_branchs() {
    let app = App::start().await;
    let (busy, quiet, item) = (app.branch("Busy").await, app.branch("Quiet").await, app.any_item().await);
    let branches = [vec![busy; 12], vec![quiet, busy, quiet], vec![quiet; 12]].concat();
    let mut balances = Vec::new();
    for (n, branch) in (1..).zip(branches) {
        app.stock(branch, item, n).await;
        balances.insert(0, json!(n));
    }
    let path = format!("/v1/stock/movements?item_id={item}");
    for limit in [1, 2, 3, 4, 7, 10, 13, 26, 27, 28] {
        assert_eq!(all_by(limit, &app, &path, "balance").await, balances, "{limit} a page");
    }
}

//! Stock over the API: levels, counts, the ledger, the past.

use serde_json::{Value, json};

use crate::support::App;

fn count(branch: i64, item: i64, quantity: impl Into<Value>) -> Value {
    json!({ "branch_id": branch, "item_id": item, "quantity": quantity.into() })
}

#[tokio::test]
async fn setting_stock_moves_the_difference() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 10).await;
    let body = json!({ "branch_id": branch, "item_id": item, "quantity": 7, "reason": "Broken" });
    let level = app.manager(&[branch]).put("/v1/stock", body).await.expect(200).json();
    assert_eq!(
        (&level["quantity"], &level["reserved"], &level["available"]),
        (&json!(7), &json!(0), &json!(7))
    );
    let ledger = app.admin().get("/v1/stock/movements").await.expect(200);
    assert_eq!(ledger.each("quantity"), [json!(-3), json!(10)]);
    assert_eq!(ledger.each("balance"), [json!(7), json!(10)]);
    let last = &ledger.json()[0];
    for (field, value) in [
        ("kind", json!("adjustment")),
        ("document_type", json!("adjustment")),
        ("actor", json!("manager")),
        ("reason", json!("Broken")),
        ("branch_id", json!(branch)),
        ("item_id", json!(item)),
    ] {
        assert_eq!(last[field], value, "{field}");
    }
    app.database.assert_sound().await;
}

#[tokio::test]
async fn setting_what_is_there_already_moves_nothing() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 10).await;
    app.stock(branch, item, 10).await;
    assert_eq!(app.admin().get("/v1/stock/movements").await.expect(200).len(), 1);
    assert_eq!(app.admin().get("/v1/audit?entity_type=stock").await.expect(200).len(), 1);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn what_is_set_from_another_quantity_than_is_there_is_refused_and_changes_nothing() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let set = |quantity: i64, expected: i64| {
        let body = json!({
            "branch_id": branch, "item_id": item, "quantity": quantity, "expected_quantity": expected });
        let admin = app.admin();
        async move { admin.put("/v1/stock", body).await }
    };
    set(10, 0).await.expect(200);
    let problem = set(12, 9).await.expect_problem(412, "precondition-failed");
    assert!(problem["detail"].as_str().unwrap().contains("By now 10 is on hand"), "{problem}");
    assert_eq!(app.level(branch, item).await.0, "10");
    // Of twenty who each add one to what they read, all at once, as many are added as were told so.
    let adding = (0..20).map(|_| set(11, 10));
    let answers = futures_util::future::join_all(adding).await;
    let added = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(added, 1);
    assert_eq!(app.level(branch, item).await.0, "11");
    app.database.assert_sound().await;
}

#[tokio::test]
async fn decimals_are_exact_from_the_wire_to_the_table_and_back() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    let item = app.item_with_places("SAND", 3).await;
    for text in ["0.1", "0.3", "123456789.125", "999999999999.999", "0.001"] {
        let quantity: Value = serde_json::from_str(text).unwrap();
        app.stock(branch, item, quantity).await;
        let stored: String = app.database.value("select quantity::text from services_stock").await;
        let shown = app.admin().get("/v1/stock").await.expect(200).text();
        assert!(shown.contains(&format!("\"quantity\":{text},")), "{shown}");
        assert_eq!(stored.trim_end_matches('0').trim_end_matches('.'), text);
    }
    app.database.assert_sound().await;
}

#[tokio::test]
async fn below_zero_needs_an_admin_who_says_so() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    assert_eq!(app.admin().put("/v1/stock", count(branch, item, -1)).await.expect_invalid(), ["/quantity"]);
    let mut body = count(branch, item, -1);
    body["override_negative"] = json!(true);
    app.manager(&[branch]).put("/v1/stock", body.clone()).await.expect_problem(403, "forbidden");
    app.admin().put("/v1/stock", body).await.expect(200);
    let audit = app.admin().get("/v1/audit?entity_type=stock").await.expect(200).json();
    assert_eq!(audit[0]["details"]["override_negative"], true);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_count_may_find_less_than_was_promised() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 10).await;
    app.submitted(branch, &[(item, 8)]).await;
    app.stock(branch, item, 5).await;
    assert_eq!(app.level(branch, item).await, ("5".into(), "8".into(), "-3".into()));
    app.database.assert_sound().await;
}

#[tokio::test]
async fn what_cannot_be_counted_is_refused() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let admin = app.admin();
    assert_eq!(admin.put("/v1/stock", count(branch, item, json!(0.5))).await.expect_invalid(), ["/quantity"]);
    admin.put("/v1/stock", count(branch, 999, 1)).await.expect_problem(404, "not-found");
    admin.put("/v1/stock", count(999, item, 1)).await.expect_problem(404, "not-found");
    for bad in [json!("many"), json!(null), json!(1e15), json!([1])] {
        assert_eq!(admin.put("/v1/stock", count(branch, item, bad)).await.expect_invalid(), ["/quantity"]);
    }
    admin.put("/v1/branches/1", json!({ "name": "Harbour", "active": false })).await.expect(200);
    admin.put("/v1/stock", count(branch, item, 1)).await.expect_problem(409, "inactive");
}

#[tokio::test]
async fn stock_below_its_minimum_is_found() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    let admin = app.admin();
    let low = admin.post("/v1/items", json!({ "sku": "L", "name": "L", "min_stock_level": 5 })).await.id();
    let full = admin.post("/v1/items", json!({ "sku": "F", "name": "F", "min_stock_level": 5 })).await.id();
    app.stock(branch, low, 4).await;
    app.stock(branch, full, 5).await;
    assert_eq!(admin.get("/v1/stock?below_min=true").await.expect(200).each("item_id"), [json!(low)]);
    assert_eq!(admin.get("/v1/stock?below_min=false").await.expect(200).each("item_id"), [json!(full)]);
    let summary = admin.get("/v1/stock/summary?below_min=true").await.expect(200).json();
    let row = &summary[0];
    assert_eq!(
        (&row["branch_name"], &row["item_name"], &row["sku"], &row["min_stock_level"]),
        (&json!("Harbour"), &json!("L"), &json!("L"), &json!(5))
    );
}

#[tokio::test]
async fn stock_is_shown_as_it_stood_at_a_past_moment() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let other = app.any_item().await;
    app.stock(branch, item, 10).await;
    let first = app.admin().get("/v1/stock/movements").await.json()[0]["at"].as_str().unwrap().to_owned();
    app.stock(branch, item, 3).await;
    app.stock(branch, other, 1).await;
    let then = app.admin().get(&format!("/v1/stock?as_of={first}")).await.expect(200);
    assert_eq!(then.each("quantity"), [json!(10)]);
    assert_eq!(app.admin().get("/v1/stock?as_of=2020-01-01T00:00:00Z").await.expect(200).len(), 0);
    let now = app.admin().get("/v1/stock?as_of=2999-01-01T00:00:00Z").await.expect(200);
    assert_eq!(now.each("quantity"), [json!(3), json!(1)]);
}

#[tokio::test]
async fn the_ledger_is_filtered_by_document_kind_and_time() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 10).await;
    let order = app.draft(branch, &[(item, 4)]).await;
    app.admin().command(order, "fulfill").await.expect(200);
    let found = async |query: &str| {
        app.admin().get(&format!("/v1/stock/movements?{query}")).await.expect(200).each("quantity")
    };
    assert_eq!(found(&format!("document_type=order&document_id={order}")).await, [json!(-4)]);
    assert_eq!(found(&format!("document_id={order}&kind=fulfilment")).await, [json!(-4)]);
    assert_eq!(found("kind=adjustment").await, [json!(10)]);
    assert_eq!(found("document_type=order").await, [json!(-4)]);
    assert_eq!(found("kind=adjustment&document_type=order").await, Vec::<Value>::new());
    assert_eq!(found("kind=none").await, Vec::<Value>::new());
    assert_eq!(found(&format!("item_id={item}")).await, [json!(-4), json!(10)]);
    assert_eq!(found(&format!("item_id={item}&kind=fulfilment&branch_id={branch}")).await, [json!(-4)]);
    assert_eq!(found(&format!("branch_id={branch}&limit=1")).await, [json!(-4)]);
    assert_eq!(found("to=2020-01-01T00:00:00Z").await, Vec::<Value>::new());
    assert_eq!(found("from=2020-01-01T00:00:00Z").await, [json!(-4), json!(10)]);
}

#[tokio::test]
async fn lists_show_the_stock_of_the_callers_branches_alone() {
    let app = App::start().await;
    let (own, other, item) = (app.branch("Own").await, app.branch("Other").await, app.any_item().await);
    app.stock(own, item, 1).await;
    app.stock(other, item, 1).await;
    let worker = app.worker(&[own]);
    for path in
        ["/v1/stock", "/v1/stock/summary", "/v1/stock/movements", "/v1/stock?as_of=2999-01-01T00:00:00Z"]
    {
        assert_eq!(worker.get(path).await.expect(200).each("branch_id"), [json!(own)], "{path}");
    }
    worker.get(&format!("/v1/stock?branch_id={other}")).await.expect_problem(404, "not-found");
}

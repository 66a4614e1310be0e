//! Items over the API.

use serde_json::json;

use crate::support::App;

#[tokio::test]
async fn only_sku_and_name_are_required_of_an_item() {
    let app = App::start().await;
    let item =
        app.admin().post("/v1/items", json!({ "sku": "A-1", "name": "Anchor" })).await.expect(201).json();
    for (field, value) in [
        ("description", json!("")),
        ("unit", json!("pcs")),
        ("decimal_places", json!(0)),
        ("barcode", json!(null)),
        ("min_stock_level", json!(0)),
        ("active", json!(true)),
    ] {
        assert_eq!(item[field], value, "{field}");
    }
}

#[tokio::test]
async fn an_item_is_changed_and_deleted() {
    let app = App::start().await;
    let admin = app.admin();
    let body = json!({ "sku": "A-1", "name": "Anchor", "barcode": "4001", "unit": "kg", "decimal_places": 3,
                       "min_stock_level": 2.125 });
    let item = admin.post("/v1/items", body).await.expect(201);
    let path = item.header("location").unwrap().to_owned();
    assert_eq!(item.json()["min_stock_level"], json!(2.125));
    let body = json!({ "sku": "A-1", "name": "Anchor", "barcode": null });
    let changed = admin.put(&path, body).await.expect(200).json();
    assert_eq!((&changed["barcode"], &changed["unit"]), (&json!(null), &json!("kg")));
    admin.delete(&path).await.expect(204);
    admin.get(&path).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn skus_and_barcodes_are_unique() {
    let app = App::start().await;
    let admin = app.admin();
    admin.post("/v1/items", json!({ "sku": "A", "name": "A", "barcode": "1" })).await.expect(201);
    for (body, field) in [
        (json!({ "sku": "A", "name": "B" }), "/sku"),
        (json!({ "sku": "B", "name": "B", "barcode": "1" }), "/barcode"),
    ] {
        let problem = admin.post("/v1/items", body).await.expect_problem(409, "duplicate");
        assert_eq!(problem["errors"][0]["pointer"], field);
    }
}

#[tokio::test]
async fn an_item_that_is_in_use_is_not_deleted_and_keeps_its_decimal_places() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    let item = app.item_with_places("ROPE", 2).await;
    app.stock(branch, item, json!(1.25)).await;
    let path = format!("/v1/items/{item}");
    app.admin().delete(&path).await.expect_problem(409, "still-referenced");
    let fewer = json!({ "sku": "ROPE", "name": "Rope", "decimal_places": 1 });
    assert_eq!(app.admin().put(&path, fewer).await.expect_invalid(), ["/decimal_places"]);
    let more = json!({ "sku": "ROPE", "name": "Rope", "decimal_places": 3 });
    app.admin().put(&path, more).await.expect(200);
}

#[tokio::test]
async fn every_field_that_is_wrong_is_named() {
    let app = App::start().await;
    let body = json!({ "sku": "", "name": "", "unit": "", "decimal_places": 4, "min_stock_level": -1 });
    let fields = app.admin().post("/v1/items", body).await.expect_invalid();
    assert_eq!(fields, ["/sku", "/name", "/unit", "/decimal_places", "/min_stock_level"]);
    let body = json!({ "sku": "A", "name": "A", "min_stock_level": 0.5 });
    assert_eq!(app.admin().post("/v1/items", body).await.expect_invalid(), ["/min_stock_level"]);
}

#[tokio::test]
async fn items_are_found_by_text_sku_barcode_and_activity() {
    let app = App::start().await;
    let admin = app.admin();
    for body in [
        json!({ "sku": "NAIL-50", "name": "Wire nails", "barcode": "4001" }),
        json!({ "sku": "ROPE_8", "name": "Rope 100%", "active": false }),
        json!({ "sku": "ROPEX8", "name": "Hemp" }),
    ] {
        admin.post("/v1/items", body).await.expect(201);
    }
    for (query, found) in [
        ("q=wire", vec!["NAIL-50"]),
        ("q=rope_8", vec!["ROPE_8"]),
        ("q=100%25", vec!["ROPE_8"]),
        ("sku=ROPEX8", vec!["ROPEX8"]),
        ("barcode=4001", vec!["NAIL-50"]),
        ("active=false", vec!["ROPE_8"]),
        ("q=nothing", vec![]),
    ] {
        let rows = admin.get(&format!("/v1/items?{query}")).await.expect(200);
        assert_eq!(rows.each("sku"), found, "{query}");
    }
}

#[tokio::test]
async fn a_line_shows_all_that_it_says_and_one_that_does_not_is_mended_by_its_field() {
    let app = App::start().await;
    let admin = app.admin();
    for (sku, name, pointer) in [
        ("A-1", "Bolt\u{202e}8M", "/name"),
        ("A-1", "Bolt\u{200b}", "/name"),
        ("A-1", "\u{feff}Bolt", "/name"),
        ("A-1", "a\u{2066}b\u{2069}", "/name"),
        ("A\u{ad}1", "Bolt", "/sku"),
        ("می\u{200c}خ", "Bolt", "/sku"),
    ] {
        let problem = admin.post("/v1/items", json!({ "sku": sku, "name": name })).await;
        let problem = problem.expect_problem(422, "invalid");
        let error = &problem["errors"][0];
        assert_eq!(error["pointer"], pointer, "{problem}");
        assert!(error["detail"].as_str().unwrap().contains("the invisible character U+"), "{problem}");
    }
    // Scripts that need joiners, and emoji, are names like others.
    for (sku, name) in [("F", "می\u{200c}خواهم"), ("E", "Box 👩\u{200d}🔧")] {
        admin.post("/v1/items", json!({ "sku": sku, "name": name })).await.expect(201);
    }
    app.database.run("insert into services_items (sku, name) values ('OLD', U&'Bolt\\202E8M')").await;
    let id: i64 = app.database.value("select id from services_items where sku = 'OLD'").await;
    let old = admin.get(&format!("/v1/items/{id}")).await.expect(200).json();
    assert_eq!(old["name"], "Bolt\u{202e}8M");
    let put =
        async |name: &str| admin.put(&format!("/v1/items/{id}"), json!({ "sku": "OLD", "name": name })).await;
    assert_eq!(put("Bolt\u{202e}8M").await.expect_invalid(), ["/name"]);
    put("Bolt M8").await.expect(200);
}

//! What lists and orders show when they are asked: fields to choose, and what people know items by.

use serde_json::{Value, json};

use crate::support::App;

fn names(row: &Value) -> Vec<&str> {
    row.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn every_list_answers_only_the_fields_that_are_asked_for() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 5).await;
    app.submitted(branch, &[(item, 1)]).await;
    for (path, fields, shown) in [
        ("/v1/branches", "name", vec!["id", "name"]),
        ("/v1/items", "sku,%20unit", vec!["id", "sku", "unit"]),
        ("/v1/stock", "quantity,item_id", vec!["item_id", "quantity"]),
        ("/v1/stock/summary", "sku", vec!["sku"]),
        ("/v1/stock/movements", "balance", vec!["balance", "id"]),
        ("/v1/orders", "status,lines", vec!["id", "lines", "status"]),
        ("/v1/orders/recent", "reference", vec!["id", "reference"]),
        ("/v1/audit", "action", vec!["action", "id"]),
    ] {
        let rows = app.admin().get(&format!("{path}?fields={fields}")).await.expect(200).json();
        assert_eq!(names(&rows[0]), shown, "{path}");
        let all = app.admin().get(path).await.expect(200).json();
        for name in names(&rows[0]) {
            assert_eq!(rows[0][name], all[0][name], "{path} {name}");
        }
    }
}

#[tokio::test]
async fn a_field_that_there_is_not_is_refused_with_those_that_there_are() {
    let app = App::start().await;
    for (path, known) in [("/v1/items", "barcode"), ("/v1/orders", "reference"), ("/v1/stock", "available")] {
        for fields in ["nonsense", "id,nonsense", "", ","] {
            let problem =
                app.admin().get(&format!("{path}?fields={fields}")).await.expect_problem(422, "invalid");
            assert_eq!(problem["errors"][0]["pointer"], "?fields", "{path} {fields}");
            assert!(problem["errors"][0]["detail"].as_str().unwrap().contains(known), "{problem}");
        }
    }
}

#[tokio::test]
async fn pages_of_chosen_fields_follow_each_other() {
    let app = App::start().await;
    for _ in 0..3 {
        app.any_item().await;
    }
    let first = app.admin().get("/v1/items?fields=sku&limit=2").await.expect(200);
    let link = first.header("link").unwrap().to_owned();
    assert!(link.contains("fields=sku"), "{link}");
    let next = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
    let rows = app.admin().get(&next).await.expect(200).json();
    assert_eq!((rows.as_array().unwrap().len(), names(&rows[0])), (1, vec!["id", "sku"]));
}

#[tokio::test]
async fn lines_have_sku_name_and_unit_where_they_are_asked_for() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    let item = json!({ "sku": "ROPE-8", "name": "Rope 8 mm", "unit": "m" });
    let id = app.admin().post("/v1/items", item.clone()).await.expect(201).id();
    let order = app.draft(branch, &[(id, 2)]).await;
    for path in [format!("/v1/orders/{order}"), "/v1/orders".to_owned(), "/v1/orders/recent".to_owned()] {
        let of = |body: Value| {
            if body.is_array() { body[0]["lines"][0].clone() } else { body["lines"][0].clone() }
        };
        let plain = of(app.admin().get(&path).await.expect(200).json());
        assert_eq!(plain.get("item"), None, "{path}: {plain}");
        let shown = of(app.admin().get(&format!("{path}?expand=items")).await.expect(200).json());
        assert_eq!(shown["item"], item, "{path}");
        let fields = app.admin().get(&format!("{path}?expand=everything")).await.expect_invalid();
        assert_eq!(fields, ["?expand"], "{path}");
    }
}

#[tokio::test]
async fn an_order_shown_with_its_items_is_read_anew_whatever_version_the_client_has() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.item("ROPE").await);
    let order = app.draft(branch, &[(item, 2)]).await;
    let path = format!("/v1/orders/{order}?expand=items");
    let etag = app.admin().get(&path).await.expect(200).header("etag").unwrap().to_owned();
    app.admin()
        .put(&format!("/v1/items/{item}"), json!({ "sku": "ROPE", "name": "Renamed" }))
        .await
        .expect(200);
    let request = app.admin().request(reqwest::Method::GET, &path).header("if-none-match", etag);
    let again = crate::support::api::send(request).await.expect(200).json();
    assert_eq!(again["lines"][0]["item"]["name"], "Renamed");
}

#[tokio::test]
async fn an_order_that_the_caller_does_not_see_is_absent_with_its_items_too() {
    let app = App::start().await;
    let (own, other, item) = (app.branch("Own").await, app.branch("Other").await, app.any_item().await);
    let hidden = app.draft(other, &[(item, 1)]).await;
    let path = format!("/v1/orders/{hidden}?expand=items");
    app.manager(&[own]).get(&path).await.expect_problem(404, "not-found");
    let rows = app.manager(&[own]).get("/v1/orders?expand=items").await.expect(200);
    assert_eq!(rows.len(), 0);
}

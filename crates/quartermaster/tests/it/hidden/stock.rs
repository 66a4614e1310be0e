//! The stock of another branch, asked for by setting it.

use serde_json::{Value, json};

use super::told;
use crate::support::App;
use crate::support::api::Answer;

const EXTREMES: [&str; 9] = [
    "-999999999999.999",
    "-999999999880",
    "-999999999879.999",
    "-0.001",
    "0",
    "119.999",
    "120",
    "999999999999.998",
    "999999999999.999",
];

/// An own branch and another one with 120 of an item, of which the own has 120 as well; the other's second item has none.
async fn company() -> (App, i64, i64, i64, i64) {
    let app = App::start().await;
    let (own, other) = (app.branch("Own").await, app.branch("Other").await);
    let (item, bare) = (app.any_item().await, app.any_item().await);
    for branch in [own, other] {
        app.stock(branch, item, 120).await;
    }
    (app, own, other, item, bare)
}

fn body(branch: i64, item: i64, quantity: &str) -> Value {
    let quantity: Value = serde_json::from_str(quantity).unwrap();
    json!({ "branch_id": branch, "item_id": item, "quantity": quantity, "expected_quantity": quantity })
}

#[tokio::test]
async fn a_hidden_level_answers_alike_whatever_quantity_it_is_set_to() {
    let (app, own, other, item, bare) = company().await;
    for user in [app.worker(&[own]), app.worker(&[]), app.manager(&[own])] {
        let absent = user.put("/v1/stock", body(999_999, item, "1")).await.expect(404);
        for quantity in EXTREMES {
            for item in [item, bare, 999_999] {
                for branch in [other, 999_999] {
                    let answer = user.put("/v1/stock", body(branch, item, quantity)).await;
                    assert_eq!(told(&answer, 0), told(&absent, 0), "{branch} {item} {quantity}");
                }
            }
        }
    }
    assert_eq!(app.level(other, item).await.0, "120");
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_level_that_the_caller_may_not_set_answers_alike_whatever_it_is_set_to() {
    let (app, own, _, item, bare) = company().await;
    let worker = app.worker(&[own]);
    let inactive = app.item("INACTIVE").await;
    let off = json!({ "sku": "INACTIVE", "name": "x", "active": false });
    app.admin().put(&format!("/v1/items/{inactive}"), off).await.expect(200);
    let forbidden = worker.put("/v1/stock", body(own, item, "1")).await.expect(403);
    for quantity in EXTREMES {
        for item in [item, bare, inactive, 999_999] {
            let answer = worker.put("/v1/stock", body(own, item, quantity)).await;
            assert_eq!(told(&answer, 0), told(&forbidden, 0), "{item} {quantity}");
        }
    }
    // An override that is not the caller's to give is refused before it is asked what is there.
    let manager = app.manager(&[own]);
    let over = |quantity: &str| {
        let mut body = body(own, item, quantity);
        body["override_negative"] = json!(true);
        body
    };
    let forbidden = manager.put("/v1/stock", over("1")).await.expect(403);
    for quantity in EXTREMES {
        let answer = manager.put("/v1/stock", over(quantity)).await;
        assert_eq!(told(&answer, 0), told(&forbidden, 0), "{quantity}");
    }
}

#[tokio::test]
async fn whoever_may_set_a_level_still_hears_that_it_would_leave_the_range() {
    let (app, own, _, item, _) = company().await;
    let count = json!({ "branch_id": own, "item_id": item, "override_negative": true,
                        "quantity": serde_json::from_str::<Value>("-999999999999").unwrap() });
    let answer: Answer = app.admin().put("/v1/stock", count).await;
    assert_eq!(answer.expect_invalid(), ["/quantity"]);
    assert_eq!(app.level(own, item).await.0, "120");
}

#[tokio::test]
async fn attempts_on_what_is_hidden_or_not_there_are_in_the_audit_alike() {
    let (app, own, other, item, _) = company().await;
    let hidden = app.draft(other, &[(item, 1)]).await;
    let worker = app.worker(&[own]);
    for branch in [other, 999_999] {
        worker.put("/v1/stock", body(branch, item, "5")).await.expect(404);
    }
    for order in [hidden, 999_999] {
        worker.command(order, "submit").await.expect(404);
        worker.get(&format!("/v1/orders/{order}")).await.expect(404);
        worker.delete(&format!("/v1/orders/{order}")).await.expect(404);
    }
    let entries = app.admin().get("/v1/audit?action=authorization.refused").await.expect(200).json();
    let entries: Vec<Value> = entries
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|e| json!([e["details"]["action"], e["details"]["answer"], e["entity_id"], e["branch_id"]]))
        .collect();
    let mut expected: Vec<Value> = Vec::new();
    for branch in [other, 999_999] {
        expected.push(json!(["AdjustStock", "hidden", format!("branch:{branch}"), branch]));
    }
    for order in [hidden, 999_999] {
        for action in ["SubmitOrders", "ViewOrders", "DraftOrders"] {
            expected.push(json!([action, "hidden", format!("order:{order}"), null]));
        }
    }
    assert_eq!(entries, expected);
    // From who sees every branch nothing is hidden.
    app.manager(&[]).get("/health").await.expect(200);
    app.admin().get("/v1/orders/999999").await.expect(404);
    assert_eq!(app.admin().get("/v1/audit?action=authorization.refused").await.len(), 8);
}

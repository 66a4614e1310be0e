//! Orders: draft, submit, fulfil, cancel.

use serde_json::{Value, json};

use crate::support::App;

/// A branch with 10 of an item.
async fn shop(app: &App) -> (i64, i64) {
    let (branch, item) = (app.branch("Harbour").await, app.item("NAIL").await);
    app.stock(branch, item, 10).await;
    (branch, item)
}

fn levels(quantity: i64, reserved: i64) -> (String, String, String) {
    (quantity.to_string(), reserved.to_string(), (quantity - reserved).to_string())
}

fn order_of(branch: i64, lines: Value) -> Value {
    json!({ "branch_id": branch, "lines": lines })
}

#[tokio::test]
async fn a_draft_reserves_nothing_submitting_reserves_and_fulfilling_moves() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let order = app.draft(branch, &[(item, 4)]).await;
    assert_eq!(app.level(branch, item).await, levels(10, 0));
    let submitted = app.admin().command(order, "submit").await.expect(200).json();
    assert_eq!(submitted["status"], "submitted");
    assert_eq!(app.level(branch, item).await, levels(10, 4));
    let fulfilled = app.admin().command(order, "fulfill").await.expect(200).json();
    assert_eq!(
        (&fulfilled["status"], &fulfilled["lines"][0]["fulfilled_qty"]),
        (&json!("fulfilled"), &json!(4))
    );
    assert_eq!(app.level(branch, item).await, levels(6, 0));
    app.database.assert_sound().await;
}

#[tokio::test]
async fn an_order_shows_every_field_of_the_contract() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let body = json!({ "branch_id": branch, "reference": "PO-7", "note": "ring twice",
                       "lines": [{ "item_id": item, "requested_qty": 2 }] });
    let created = app.worker(&[branch]).post("/v1/orders", body).await.expect(201);
    let order = created.json();
    assert_eq!(created.header("location"), Some(format!("/v1/orders/{}", order["id"]).as_str()));
    let fields = [
        ("status", json!("draft")),
        ("reference", json!("PO-7")),
        ("note", json!("ring twice")),
        ("created_by", json!("worker")),
        ("branch_id", json!(branch)),
        ("submitted_at", Value::Null),
        ("fulfilled_at", Value::Null),
        ("cancelled_at", Value::Null),
    ];
    for (field, value) in fields {
        assert_eq!(order[field], value, "{field}");
    }
    let read = app.admin().get(&format!("/v1/orders/{}", order["id"])).await.expect(200);
    assert_eq!(read.json(), order);
}

#[tokio::test]
async fn a_draft_may_be_fulfilled_at_once() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let order = app.draft(branch, &[(item, 10)]).await;
    app.admin().command(order, "fulfill").await.expect(200);
    assert_eq!(app.level(branch, item).await, levels(0, 0));
    app.database.assert_sound().await;
}

#[tokio::test]
async fn fulfilling_a_draft_takes_only_what_is_promised_to_nobody_else() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    app.submitted(branch, &[(item, 8)]).await;
    let draft = app.draft(branch, &[(item, 3)]).await;
    let problem = app.admin().command(draft, "fulfill").await.expect_problem(409, "insufficient-stock");
    assert_eq!(problem["short_lines"], json!([{ "item_id": item, "requested": 3, "available": 2 }]));
}

#[tokio::test]
async fn a_submitted_order_uses_its_own_reservation() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let order = app.submitted(branch, &[(item, 10)]).await;
    app.admin().command(order, "fulfill").await.expect(200);
    assert_eq!(app.level(branch, item).await, levels(0, 0));
}

#[tokio::test]
async fn a_short_submit_names_every_short_line_and_reserves_nothing() {
    let app = App::start().await;
    let (branch, first) = shop(&app).await;
    let (second, third) = (app.item("B").await, app.item("C").await);
    app.stock(branch, second, 1).await;
    let order = app.draft(branch, &[(first, 10), (second, 2), (third, 5)]).await;
    let problem = app.admin().command(order, "submit").await.expect_problem(409, "insufficient-stock");
    assert_eq!(
        problem["short_lines"],
        json!([{ "item_id": second, "requested": 2, "available": 1 },
               { "item_id": third, "requested": 5, "available": 0 }])
    );
    assert_eq!(app.level(branch, first).await, levels(10, 0));
    app.database.assert_sound().await;
}

#[tokio::test]
async fn cancelling_releases_what_was_reserved() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let order = app.submitted(branch, &[(item, 7)]).await;
    let cancelled = app.admin().command(order, "cancel").await.expect(200).json();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(app.level(branch, item).await, levels(10, 0));
    app.database.assert_sound().await;
}

#[tokio::test]
async fn submitting_twice_is_refused_and_reserves_once() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let order = app.submitted(branch, &[(item, 3)]).await;
    app.admin().command(order, "submit").await.expect_problem(409, "wrong-state");
    assert_eq!(app.level(branch, item).await, levels(10, 3));
}

#[tokio::test]
async fn fulfilling_twice_is_refused_and_moves_once() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let order = app.draft(branch, &[(item, 3)]).await;
    app.admin().command(order, "fulfill").await.expect(200);
    app.admin().command(order, "fulfill").await.expect_problem(409, "wrong-state");
    assert_eq!(app.level(branch, item).await, levels(7, 0));
    app.database.assert_sound().await;
}

#[tokio::test]
async fn fulfilling_twice_at_the_same_moment_moves_once() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let order = app.submitted(branch, &[(item, 3)]).await;
    let admin = app.admin();
    let (one, other) = tokio::join!(admin.command(order, "fulfill"), admin.command(order, "fulfill"));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(app.level(branch, item).await, levels(7, 0));
}

#[tokio::test]
async fn fulfilling_after_cancelling_is_refused() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let order = app.submitted(branch, &[(item, 3)]).await;
    app.admin().command(order, "cancel").await.expect(200);
    app.admin().command(order, "fulfill").await.expect_problem(409, "wrong-state");
    app.admin().command(order, "submit").await.expect_problem(409, "wrong-state");
    assert_eq!(app.level(branch, item).await, levels(10, 0));
}

#[tokio::test]
async fn cancelling_after_fulfilling_is_refused() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let order = app.draft(branch, &[(item, 3)]).await;
    app.admin().command(order, "fulfill").await.expect(200);
    app.admin().command(order, "cancel").await.expect_problem(409, "wrong-state");
    assert_eq!(app.level(branch, item).await, levels(7, 0));
}

#[tokio::test]
async fn an_admin_may_fulfil_below_zero_and_the_audit_says_so() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let order = app.draft(branch, &[(item, 12)]).await;
    let path = format!("/v1/orders/{order}/fulfill");
    let body = json!({ "override_negative": true });
    app.manager(&[branch]).post(&path, body.clone()).await.expect_problem(403, "forbidden");
    app.admin().post(&path, body).await.expect(200);
    assert_eq!(app.level(branch, item).await, ("-2".to_owned(), "0".to_owned(), "-2".to_owned()));
    let entries = app.admin().get("/v1/audit?action=order.fulfilled").await.expect(200).json();
    assert_eq!(entries[0]["details"]["override_negative"], true);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn orders_left_short_by_a_count_can_be_listed() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let short = app.submitted(branch, &[(item, 9)]).await;
    let other = app.any_item().await;
    app.stock(branch, other, 5).await;
    app.submitted(branch, &[(other, 5)]).await;
    app.stock(branch, item, 4).await;
    assert_eq!(app.level(branch, item).await, levels(4, 9));
    assert_eq!(app.admin().get("/v1/orders?short=true").await.expect(200).each("id"), [json!(short)]);
    app.admin().command(short, "fulfill").await.expect_problem(409, "insufficient-stock");
    app.database.assert_sound().await;
}

#[tokio::test]
async fn an_empty_order_is_refused() {
    let app = App::start().await;
    let (branch, _) = shop(&app).await;
    let answer = app.admin().post("/v1/orders", order_of(branch, json!([]))).await;
    assert_eq!(answer.expect_invalid(), ["/lines"]);
}

#[tokio::test]
async fn a_line_of_zero_or_less_is_refused() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    for quantity in [json!(0), json!(-1), json!(-0.5), json!("0")] {
        let body = order_of(branch, json!([{ "item_id": item, "requested_qty": quantity }]));
        let fields = app.admin().post("/v1/orders", body).await.expect_invalid();
        assert_eq!(fields, ["/lines/0/requested_qty"], "{quantity}");
    }
    assert_eq!(app.level(branch, item).await, levels(10, 0));
}

#[tokio::test]
async fn more_decimals_than_the_item_allows_are_refused() {
    let app = App::start().await;
    let (branch, pieces) = shop(&app).await;
    let metres = app.item_with_places("ROPE", 1).await;
    for (item, quantity) in [(pieces, "1.5"), (metres, "1.25"), (metres, "0.0001"), (metres, "1e-4")] {
        let quantity: Value = serde_json::from_str(quantity).unwrap();
        let body = order_of(branch, json!([{ "item_id": item, "requested_qty": quantity }]));
        app.admin().post("/v1/orders", body).await.expect(422);
    }
    let body = order_of(branch, json!([{ "item_id": metres, "requested_qty": 1.5 }]));
    app.admin().post("/v1/orders", body).await.expect(201);
}

#[tokio::test]
async fn the_same_item_twice_is_refused() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let line = json!({ "item_id": item, "requested_qty": 1 });
    let answer = app.admin().post("/v1/orders", order_of(branch, json!([line, line]))).await;
    assert_eq!(answer.expect_invalid(), ["/lines/1/item_id"]);
}

#[tokio::test]
async fn an_order_has_at_most_500_lines() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let lines = vec![json!({ "item_id": item, "requested_qty": 1 }); 501];
    let answer = app.admin().post("/v1/orders", order_of(branch, json!(lines))).await;
    assert_eq!(answer.expect_invalid(), ["/lines"]);
}

#[tokio::test]
async fn an_unknown_item_or_branch_is_refused() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let line = |item: i64| json!([{ "item_id": item, "requested_qty": 1 }]);
    let admin = app.admin();
    assert_eq!(
        admin.post("/v1/orders", order_of(branch, line(999))).await.expect_invalid(),
        ["/lines/0/item_id"]
    );
    assert_eq!(admin.post("/v1/orders", order_of(999, line(item))).await.expect_invalid(), ["/branch_id"]);
}

#[tokio::test]
async fn an_inactive_item_is_neither_drafted_nor_submitted() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let order = app.draft(branch, &[(item, 1)]).await;
    let body = json!({ "sku": "NAIL", "name": "Nail", "active": false });
    app.admin().put(&format!("/v1/items/{item}"), body).await.expect(200);
    let lines = json!([{ "item_id": item, "requested_qty": 1 }]);
    let answer = app.admin().post("/v1/orders", order_of(branch, lines)).await;
    assert_eq!(answer.expect_invalid(), ["/lines/0/item_id"]);
    app.admin().command(order, "submit").await.expect_problem(409, "inactive");
    app.admin().command(order, "fulfill").await.expect_problem(409, "inactive");
}

#[tokio::test]
async fn an_inactive_branch_takes_no_drafts_and_submits_none() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let order = app.draft(branch, &[(item, 1)]).await;
    let body = json!({ "name": "Harbour", "active": false });
    app.admin().put(&format!("/v1/branches/{branch}"), body).await.expect(200);
    let lines = json!([{ "item_id": item, "requested_qty": 1 }]);
    assert_eq!(
        app.admin().post("/v1/orders", order_of(branch, lines)).await.expect_invalid(),
        ["/branch_id"]
    );
    app.admin().command(order, "submit").await.expect_problem(409, "inactive");
}

#[tokio::test]
async fn a_promise_is_kept_when_the_branch_was_closed_since() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let order = app.submitted(branch, &[(item, 1)]).await;
    let body = json!({ "name": "Harbour", "active": false });
    app.admin().put(&format!("/v1/branches/{branch}"), body).await.expect(200);
    app.admin().command(order, "fulfill").await.expect(200);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_draft_can_be_changed_and_deleted_and_nothing_else_can() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let order = app.draft(branch, &[(item, 1)]).await;
    let path = format!("/v1/orders/{order}");
    let body = order_of(branch, json!([{ "item_id": item, "requested_qty": 5 }]));
    let changed = app.admin().put(&path, body.clone()).await.expect(200).json();
    assert_eq!(changed["lines"][0]["requested_qty"], 5);
    app.admin().command(order, "submit").await.expect(200);
    app.admin().put(&path, body).await.expect_problem(409, "wrong-state");
    app.admin().delete(&path).await.expect_problem(409, "wrong-state");
    let other = app.draft(branch, &[(item, 1)]).await;
    app.admin().delete(&format!("/v1/orders/{other}")).await.expect(204);
    app.admin().get(&format!("/v1/orders/{other}")).await.expect_problem(404, "not-found");
    app.database.assert_sound().await;
}

#[tokio::test]
async fn an_order_stays_at_its_branch() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let elsewhere = app.branch("Elsewhere").await;
    let order = app.draft(branch, &[(item, 1)]).await;
    let body = order_of(elsewhere, json!([{ "item_id": item, "requested_qty": 5 }]));
    assert_eq!(app.admin().put(&format!("/v1/orders/{order}"), body).await.expect_invalid(), ["/branch_id"]);
}

#[tokio::test]
async fn a_missing_order_is_404_whatever_is_asked_of_it() {
    let app = App::start().await;
    let admin = app.admin();
    admin.get("/v1/orders/7").await.expect_problem(404, "not-found");
    admin.delete("/v1/orders/7").await.expect_problem(404, "not-found");
    for verb in ["submit", "fulfill", "cancel"] {
        admin.command(7, verb).await.expect_problem(404, "not-found");
    }
}

#[tokio::test]
async fn orders_are_listed_newest_first_by_their_filters() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let elsewhere = app.branch("Elsewhere").await;
    let first = app.submitted(branch, &[(item, 1)]).await;
    let second = app.draft(elsewhere, &[(item, 1)]).await;
    let body = json!({ "branch_id": branch, "reference": "R/1", "lines": [{ "item_id": item, "requested_qty": 1 }] });
    let third = app.admin().post("/v1/orders", body).await.expect(201).json();
    let listed = async |query: &str| {
        let rows = app.admin().get(&format!("/v1/orders{query}")).await.expect(200);
        rows.each("id").iter().map(|id| id.as_i64().unwrap()).collect::<Vec<_>>()
    };
    let third_id = third["id"].as_i64().unwrap();
    assert_eq!(listed("").await, [third_id, second, first]);
    assert_eq!(listed("/recent?limit=1").await, [third_id]);
    assert_eq!(listed(&format!("?branch_id={elsewhere}")).await, [second]);
    assert_eq!(listed("?status=submitted").await, [first]);
    assert_eq!(listed("?status=draft").await, [third_id, second]);
    assert_eq!(listed("?status=draft&limit=1").await, [third_id]);
    assert_eq!(listed("?status=fulfilled").await, Vec::<i64>::new());
    assert_eq!(
        listed(&format!("?status=draft&branch_id={elsewhere}&reference=R/1")).await,
        Vec::<i64>::new()
    );
    let manager = app.manager(&[branch, elsewhere]).get("/v1/orders").await.expect(200).each("id");
    assert_eq!(manager, [third_id, second, first]);
    assert_eq!(listed("?reference=R/1").await, [third_id]);
    let at = third["created_at"].as_str().unwrap();
    assert_eq!(listed(&format!("?created_from={at}")).await, [third_id]);
    assert_eq!(listed(&format!("?created_to={at}")).await, [second, first]);
}

#[tokio::test]
async fn orders_that_are_read_at_the_same_time_are_each_given_to_who_asked() {
    let app = App::start().await;
    let (branch, item) = shop(&app).await;
    let other = app.branch("Hill").await;
    let (mine, theirs) = (app.draft(branch, &[(item, 3)]).await, app.draft(other, &[(item, 5)]).await);
    let worker = app.worker(&[branch]);
    let answers = futures_util::future::join_all((0..60_i64).map(|n| {
        let order = [mine, theirs, 9_000_000 + n][usize::try_from(n % 3).unwrap()];
        let worker = &worker;
        async move { (order, worker.get(&format!("/v1/orders/{order}")).await) }
    }));
    for (order, answer) in answers.await {
        if order == mine {
            let shown = answer.expect(200).json();
            assert_eq!((&shown["id"], &shown["lines"][0]["requested_qty"]), (&json!(mine), &json!(3)));
        } else {
            answer.expect_problem(404, "not-found");
        }
    }
}

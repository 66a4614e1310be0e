//! What stays at a closed branch, or of an item that is given up: it can be counted down, and closing says what it is.

use identity::{BranchScope, Role};
use policy::PolicyFile;
use serde_json::{Value, json};

use crate::support::App;
use crate::support::api::User;
use crate::support::portal::{Browser, Company, location};

async fn set(app: &App, branch: i64, item: i64, quantity: i64) -> crate::support::api::Answer {
    let body = json!({ "branch_id": branch, "item_id": item, "quantity": quantity });
    app.admin().put("/v1/stock", body).await
}

/// Makes a branch or an item inactive; gives the answer.
async fn close(user: &User, path: &str) -> Value {
    let now = user.get(path).await.expect(200).json();
    let mut body = json!({ "name": now["name"], "active": false });
    if path.starts_with("/v1/items/") {
        body["sku"] = now["sku"].clone();
    }
    user.put(path, body).await.expect(200).json()
}

#[tokio::test]
async fn what_is_left_at_a_closed_branch_or_of_an_inactive_item_is_counted_down_and_never_up() {
    for of_item in [false, true] {
        let app = App::start().await;
        let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
        app.stock(branch, item, 20).await;
        let path = if of_item { format!("/v1/items/{item}") } else { format!("/v1/branches/{branch}") };
        close(&app.admin(), &path).await;
        set(&app, branch, item, 21).await.expect_problem(409, "inactive");
        set(&app, branch, item, 20).await.expect(200);
        set(&app, branch, item, 5).await.expect(200);
        set(&app, branch, item, 6).await.expect_problem(409, "inactive");
        set(&app, branch, item, 0).await.expect(200);
        // Nothing is left to count.
        set(&app, branch, item, 0).await.expect_problem(409, "inactive");
        set(&app, branch, item, 1).await.expect_problem(409, "inactive");
        let below =
            json!({ "branch_id": branch, "item_id": item, "quantity": -1, "override_negative": true });
        app.admin().put("/v1/stock", below).await.expect_problem(409, "inactive");
        assert_eq!(app.level(branch, item).await.0, "0");
        app.database.assert_sound().await;
    }
}

#[tokio::test]
async fn a_level_below_zero_at_a_closed_branch_is_brought_up_to_zero_and_no_further() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let below = json!({ "branch_id": branch, "item_id": item, "quantity": -3, "override_negative": true });
    app.admin().put("/v1/stock", below).await.expect(200);
    close(&app.admin(), &format!("/v1/branches/{branch}")).await;
    set(&app, branch, item, 1).await.expect_problem(409, "inactive");
    set(&app, branch, item, 0).await.expect(200);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn nothing_is_opened_at_a_closed_branch() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    close(&app.admin(), &format!("/v1/branches/{branch}")).await;
    set(&app, branch, item, 0).await.expect_problem(409, "inactive");
    assert_eq!(app.admin().get("/v1/stock").await.expect(200).len(), 0);
}

#[tokio::test]
async fn a_draft_that_asks_for_what_is_closed_can_say_something_else_and_ask_for_less() {
    for of_item in [false, true] {
        let app = App::start().await;
        let (branch, item, other) = (app.branch("Harbour").await, app.any_item().await, app.any_item().await);
        let order = app.draft(branch, &[(item, 5), (other, 2)]).await;
        let path = if of_item { format!("/v1/items/{item}") } else { format!("/v1/branches/{branch}") };
        close(&app.admin(), &path).await;
        let change = |lines: &[(i64, i64)], note: &str| {
            let lines: Vec<Value> =
                lines.iter().map(|(item, qty)| json!({ "item_id": item, "requested_qty": qty })).collect();
            let (admin, body) = (app.admin(), json!({ "branch_id": branch, "note": note, "lines": lines }));
            async move { admin.put(&format!("/v1/orders/{order}"), body).await }
        };
        let changed = change(&[(item, 5), (other, 2)], "call first").await.expect(200).json();
        assert_eq!(changed["note"], "call first");
        change(&[(item, 4), (other, 2)], "less").await.expect(200);
        let more = if of_item { "/lines/0/item_id" } else { "/branch_id" };
        assert_eq!(change(&[(item, 5), (other, 2)], "more again").await.expect_invalid(), [more]);
        let third = app.any_item().await;
        if !of_item {
            assert_eq!(change(&[(item, 4), (third, 1)], "new").await.expect_invalid(), ["/branch_id"]);
        }
        change(&[(other, 2)], "without").await.expect(200);
        assert_eq!(change(&[(other, 2), (item, 1)], "back").await.expect_invalid().len(), 1);
        app.database.assert_sound().await;
    }
}

#[tokio::test]
async fn closing_a_branch_says_what_is_still_there() {
    let app = App::start().await;
    let (branch, item, other) = (app.branch("Harbour").await, app.any_item().await, app.any_item().await);
    let elsewhere = app.branch("Port").await;
    for (item, quantity) in [(item, 20), (other, 0)] {
        app.stock(branch, item, quantity).await;
        app.stock(elsewhere, item, 9).await;
    }
    app.submitted(branch, &[(item, 4)]).await;
    app.draft(branch, &[(item, 1)]).await;
    app.draft(elsewhere, &[(item, 1)]).await;
    let path = format!("/v1/branches/{branch}");
    let renamed = app.admin().put(&path, json!({ "name": "Harbour Shop" })).await.expect(200).json();
    assert_eq!(renamed["remaining"], Value::Null);
    let closed = close(&app.manager(&[branch]), &path).await;
    let remaining = json!({ "levels": 1, "quantity": 20, "reserved": 4, "submitted": 1, "drafts": 1 });
    assert_eq!((&closed["active"], &closed["remaining"]), (&json!(false), &remaining));
    // The audit has the branch as it is.
    let audit = app.admin().get("/v1/audit?entity_type=branch&limit=1").await.expect(200).json();
    assert_eq!(audit[0]["details"]["to"]["remaining"], Value::Null);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn closing_an_item_says_what_is_still_there_at_the_branches_that_one_sees() {
    // A company that lets managers of single branches keep its catalogue.
    let policy = "@id(\"managers-keep-the-catalogue\")
        permit (principal in Role::\"Manager\", action == Action::\"ManageItems\", resource);";
    let app = App::with_policies(vec![PolicyFile::new("items.cedar", policy)]).await;
    let (one, two, item) = (app.branch("One").await, app.branch("Two").await, app.any_item().await);
    let other = app.any_item().await;
    app.stock(one, item, 20).await;
    app.stock(two, item, 7).await;
    app.stock(one, other, 99).await;
    app.submitted(one, &[(item, 4)]).await;
    app.submitted(two, &[(item, 2)]).await;
    app.draft(two, &[(item, 1), (other, 1)]).await;
    let path = format!("/v1/items/{item}");
    let all = json!({ "levels": 2, "quantity": 27, "reserved": 6, "submitted": 2, "drafts": 1 });
    assert_eq!(close(&app.admin(), &path).await["remaining"], all);
    let own = json!({ "levels": 1, "quantity": 20, "reserved": 4, "submitted": 1, "drafts": 0 });
    let seen = app.user("boss", &[Role::Manager], &BranchScope::only([domain::BranchId(one)]));
    assert_eq!(close(&seen, &path).await["remaining"], own);
}

/// A company with a branch, an item and 20 of it, and its admin's browser.
async fn shop() -> (Company, Browser, User) {
    let (company, browser, api) = Company::with_admin().await;
    api.post("/v1/branches", json!({ "name": "Harbour" })).await.expect(201);
    api.post("/v1/items", json!({ "sku": "NAIL", "name": "Nail" })).await.expect(201);
    api.put("/v1/stock", json!({ "branch_id": 1, "item_id": 1, "quantity": 20 })).await.expect(200);
    (company, browser, api)
}

fn order(lines: &[(&str, &str)]) -> Vec<(String, String)> {
    let line = |(item, quantity): &(&str, &str)| {
        [("item".to_owned(), (*item).to_owned()), ("quantity".to_owned(), (*quantity).to_owned())]
    };
    [("branch".to_owned(), "1".to_owned())].into_iter().chain(lines.iter().flat_map(line)).collect()
}

async fn send(browser: &Browser, path: &str, form: &[(String, String)]) -> reqwest::Response {
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(path, &form).await
}

#[tokio::test]
async fn the_page_says_what_is_still_there_when_a_branch_or_an_item_is_closed() {
    let (_company, browser, api) = shop().await;
    let body = json!({ "branch_id": 1, "lines": [{ "item_id": 1, "requested_qty": 4 }] });
    let submitted = api.post("/v1/orders", body.clone()).await.expect(201).id();
    api.command(submitted, "submit").await.expect(200);
    api.post("/v1/orders", body).await.expect(201);
    for (path, form) in [
        ("/branches/1/edit/", [("name", "Harbour"), ("timezone", "UTC")].as_slice()),
        ("/items/1/edit/", [("name", "Nail"), ("sku", "NAIL"), ("decimal_places", "0")].as_slice()),
    ] {
        let page = browser.page(path).await;
        let etag = page.split_once("name=\"etag\" value=\"").unwrap().1.split("\">").next().unwrap();
        let etag = etag.replace("&#34;", "\"").replace("&quot;", "\"");
        let form = [form, &[("etag", etag.as_str()), ("key", path)]].concat();
        for _ in 0..2 {
            let answer = browser.post(path, &form).await;
            assert_eq!(answer.status(), 200, "{path}");
            let page = answer.text().await.unwrap();
            assert!(page.contains("no longer in use"), "{path}: {page}");
            for told in ["On hand: 20", "Promised: 4, submitted orders: 1", "Drafts: 1"] {
                assert!(page.contains(told), "{path} does not say {told}: {page}");
            }
        }
    }
    // Counted down by hand, as the page said that it can be.
    let answer = browser.post("/stock/1/1/adjust/", &[("quantity", "4"), ("key", "down")]).await;
    assert_eq!(location(&answer), "/items/1/?branch=1&done=stock-adjusted");
    let page =
        browser.post("/stock/1/1/adjust/", &[("quantity", "5"), ("key", "up")]).await.text().await.unwrap();
    assert!(page.contains("can only be counted down"), "{page}");
}

#[tokio::test]
async fn the_form_of_a_draft_at_a_closed_branch_keeps_its_branch_and_changes_its_note() {
    let (_company, browser, api) = shop().await;
    let body = json!({ "branch_id": 1, "lines": [{ "item_id": 1, "requested_qty": 4 }] });
    let draft = api.post("/v1/orders", body).await.expect(201).id();
    close(&api, "/v1/branches/1").await;
    close(&api, "/v1/items/1").await;
    let path = format!("/orders/{draft}/edit/");
    let page = browser.page(&path).await;
    assert!(page.contains("<option value=\"1\" selected>Harbour</option>"), "{page}");
    let mut form = order(&[("NAIL", "4")]);
    form.extend([("note".to_owned(), "call first".to_owned()), ("etag".to_owned(), "\"1\"".to_owned())]);
    let answer = send(&browser, &path, &form).await;
    assert_eq!(location(&answer), format!("/orders/{draft}/?done=order-saved"));
    assert_eq!(api.get(&format!("/v1/orders/{draft}")).await.expect(200).json()["note"], "call first");
}

#[tokio::test]
async fn more_lines_than_an_order_may_have_are_refused_and_kept_in_the_form() {
    let (_company, browser, api) = shop().await;
    let lines: Vec<(String, String)> = (1..=503).map(|n| (format!("BULK-{n:04}"), "1".to_owned())).collect();
    let lines: Vec<(&str, &str)> = lines.iter().map(|(item, n)| (item.as_str(), n.as_str())).collect();
    let answer = send(&browser, "/orders/new/", &order(&lines)).await;
    assert_eq!(answer.status(), 422);
    let page = answer.text().await.unwrap();
    assert!(page.contains("Keep to 500 lines"), "{page}");
    assert!(page.contains("BULK-0001") && page.contains("BULK-0503"), "what was typed is kept");
    assert_eq!(api.get("/v1/orders").await.expect(200).len(), 0);
    // Empty lines do not count.
    let spare = [&[("", ""); 600][..], &[("NAIL", "2")]].concat();
    assert_eq!(send(&browser, "/orders/new/", &order(&spare)).await.status(), 303);
}

#[tokio::test]
async fn more_orders_than_a_page_has_are_not_led_on_in_silence() {
    let (_company, browser, _) = shop().await;
    let ids: Vec<String> = (1..=52).map(|id| id.to_string()).collect();
    let form: Vec<(&str, &str)> =
        ids.iter().map(|id| ("id", id.as_str())).chain([("verb", "submit"), ("key", "k")]).collect();
    let page = browser.post("/orders/bulk/", &form).await.text().await.unwrap();
    assert_eq!(page.matches("choose at most 50 orders at once").count(), 2, "{page}");
}

#[tokio::test]
async fn adding_and_taking_want_more_than_zero() {
    let (_company, browser, api) = shop().await;
    for (how, quantity) in [("in", "-2"), ("out", "-2"), ("in", "0"), ("out", "0")] {
        let form = [
            ("branch", "1"),
            ("item", "1"),
            ("code", "NAIL"),
            ("before", "20"),
            ("quantity", quantity),
            ("how", how),
            ("key", "k"),
        ];
        let answer = browser.post("/scan/", &form).await;
        assert_eq!(answer.status(), 422, "{how} {quantity}");
        let page = answer.text().await.unwrap();
        assert!(page.contains("Type more than zero."), "{how} {quantity}: {page}");
    }
    assert_eq!(api.get("/v1/stock/movements").await.expect(200).len(), 1);
}

#[tokio::test]
async fn a_form_that_was_sent_already_says_what_it_made() {
    let (_company, browser, api) = shop().await;
    let with_key = |quantity: &str| {
        let mut form = order(&[("NAIL", quantity)]);
        form.push(("key".to_owned(), "restored".to_owned()));
        form
    };
    let first = send(&browser, "/orders/new/", &with_key("1")).await;
    let made = location(&first).trim_start_matches("/orders/").split('/').next().unwrap().to_owned();
    let again = send(&browser, "/orders/new/", &with_key("2")).await;
    assert_eq!(again.status(), 422);
    let page = again.text().await.unwrap();
    assert!(page.contains(&format!("This form was sent already, see order {made}.")), "{page}");
    assert_eq!(api.get("/v1/orders").await.expect(200).len(), 1);
    // Of a change that made nothing, there is nothing to see.
    for (quantity, status) in [("19", 303), ("18", 422)] {
        let answer = browser.post("/stock/1/1/adjust/", &[("quantity", quantity), ("key", "kept")]).await;
        assert_eq!(answer.status(), status);
        if status == 422 {
            assert!(answer.text().await.unwrap().contains("This form was sent already"));
        }
    }
}

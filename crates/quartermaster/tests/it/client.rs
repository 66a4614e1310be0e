//! The typed client against the services.

use std::collections::BTreeSet;

use client::{
    Call, ClientError, ItemFilter, Key, MovementFilter, OrderFilter, Paging, Patience, ReportFilter,
    Services, StockFilter, SummaryFilter,
};
use contract::{
    AuditFilter, BranchIn, FulfillIn, HeatBy, ItemIn, LineIn, OrderContentIn, OrderIn, OrderStatusWord,
    ProblemKind, SetStockIn,
};

use crate::support::App;
use crate::support::api::User;

fn services(app: &App) -> Services {
    Services::at(&app.base, Patience::default(), None).unwrap()
}

fn call(user: &User) -> Call<'_> {
    Call { token: user.token(), request_id: Some("r-7"), traceparent: None }
}

fn order(branch_id: i64, item_id: i64, quantity: i32) -> OrderIn {
    let requested_qty = domain::Quantity::units(quantity);
    OrderIn { branch_id, reference: None, note: None, lines: vec![LineIn { item_id, requested_qty }] }
}

#[tokio::test]
async fn every_operation_of_the_api_has_a_method_of_its_name() {
    let mut operations = BTreeSet::new();
    for item in services::http::openapi()["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            operations.insert(operation["operationId"].as_str().unwrap().to_owned());
        }
    }
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/../client/src");
    let mut methods = BTreeSet::new();
    for file in std::fs::read_dir(sources).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let functions = text.split("\n    pub async fn ").skip(1);
            methods.extend(functions.map(|rest| rest.split('(').next().unwrap().to_owned()));
        }
    }
    // One operation whose answer is of another kind when it is asked about the past.
    assert!(methods.remove("list_stock_as_of"));
    assert_eq!(methods, operations);
}

#[tokio::test]
async fn an_order_is_led_through_its_life() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 10).await;
    let (services, admin) = (services(&app), app.admin());
    let call = call(&admin);
    let draft = services.create_order(call, &Key::fresh(), &order(branch, item, 3)).await.unwrap();
    let read = services.get_order(call, draft.value.id).await.unwrap();
    assert_eq!(read, draft);
    let version = (draft.value.id, Some(draft.etag.as_str()));
    let changed = services.update_order(call, &Key::fresh(), version, &order(branch, item, 4)).await.unwrap();
    assert_ne!(changed.etag, draft.etag);
    let submitted = services.submit_order(call, &Key::fresh(), draft.value.id).await.unwrap();
    assert_eq!(submitted.value.status, OrderStatusWord::Submitted);
    let how = FulfillIn::default();
    let fulfilled = services.fulfill_order(call, &Key::fresh(), draft.value.id, how).await.unwrap();
    assert_eq!(fulfilled.value.lines[0].fulfilled_qty.to_string(), "4");
    let other = services.create_order(call, &Key::fresh(), &order(branch, item, 1)).await.unwrap();
    let cancelled = services.cancel_order(call, &Key::fresh(), other.value.id).await.unwrap();
    assert_eq!(cancelled.value.status, OrderStatusWord::Cancelled);
    let third = services.create_order(call, &Key::fresh(), &order(branch, item, 1)).await.unwrap();
    services.delete_order(call, &Key::fresh(), (third.value.id, None)).await.unwrap();
    let content = |n| OrderContentIn { note: None, lines: order(branch, item, n).lines };
    let at = |etag| (branch, "PO 7/ä", etag);
    let put = services.put_order_by_reference(call, &Key::fresh(), at(None), &content(1)).await.unwrap();
    assert_eq!(put.value.reference.as_deref(), Some("PO 7/ä"));
    let again = services.put_order_by_reference(call, &Key::fresh(), at(Some(&put.etag)), &content(2)).await;
    assert_eq!(again.unwrap().value.id, put.value.id);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_change_sent_twice_under_one_key_is_made_once() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    let (services, admin) = (services(&app), app.admin());
    let key = Key::fresh();
    let first = services.create_order(call(&admin), &key, &order(branch, item, 3)).await.unwrap();
    let second = services.create_order(call(&admin), &key, &order(branch, item, 3)).await.unwrap();
    assert_eq!(first, second);
    let reused = services.create_order(call(&admin), &key, &order(branch, item, 4)).await.unwrap_err();
    assert!(reused.is(ProblemKind::IdempotencyKeyReused), "{reused:?}");
}

#[tokio::test]
async fn branches_and_items_are_created_changed_and_deleted_at_the_version_that_was_read() {
    let app = App::start().await;
    let (services, admin) = (services(&app), app.admin());
    let call = call(&admin);
    let branch = BranchIn { name: "Harbour".to_owned(), ..BranchIn::default() };
    let created = services.create_branch(call, &Key::fresh(), &branch).await.unwrap();
    let version = (created.value.id, Some(created.etag.as_str()));
    let renamed = BranchIn { name: "Quay".to_owned(), ..BranchIn::default() };
    let changed = services.update_branch(call, &Key::fresh(), version, &renamed).await.unwrap();
    let stale = services.update_branch(call, &Key::fresh(), version, &branch).await.unwrap_err();
    assert!(stale.is(ProblemKind::PreconditionFailed), "{stale:?}");
    assert_eq!(services.get_branch(call, created.value.id).await.unwrap(), changed);
    services.delete_branch(call, &Key::fresh(), (created.value.id, Some(&changed.etag))).await.unwrap();
    assert_eq!(services.list_branches(call, Paging::default()).await.unwrap().rows, []);

    let item = ItemIn { sku: "NUT".to_owned(), name: "Nut".to_owned(), ..ItemIn::default() };
    let created = services.create_item(call, &Key::fresh(), &item).await.unwrap();
    let version = (created.value.id, Some(created.etag.as_str()));
    let renamed = ItemIn { name: "Bolt".to_owned(), ..item };
    let changed = services.update_item(call, &Key::fresh(), version, &renamed).await.unwrap();
    assert_eq!(services.get_item(call, created.value.id).await.unwrap(), changed);
    let by_id = ItemFilter { ids: vec![created.value.id], ..ItemFilter::default() };
    let found = services.list_items(call, &by_id, Paging::default()).await.unwrap();
    assert_eq!(found.rows, std::slice::from_ref(&changed.value));
    services.delete_item(call, &Key::fresh(), (created.value.id, Some(&changed.etag))).await.unwrap();
}

#[tokio::test]
async fn a_refusal_names_each_field_and_each_short_line() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 2).await;
    let (services, admin) = (services(&app), app.admin());
    let call = call(&admin);
    let error = services.create_order(call, &Key::fresh(), &order(branch, 999, 0)).await.unwrap_err();
    assert!(matches!(&error, ClientError::Refused { status: 422, .. }), "{error:?}");
    assert!(error.fields().iter().any(|field| field.pointer.starts_with("/lines/0/")), "{error:?}");
    let draft = services.create_order(call, &Key::fresh(), &order(branch, item, 5)).await.unwrap();
    let short = services.submit_order(call, &Key::fresh(), draft.value.id).await.unwrap_err();
    assert!(short.is(ProblemKind::InsufficientStock), "{short:?}");
    let problem = short.problem().unwrap();
    assert_eq!(problem.short_lines[0].available.to_string(), "2");
    assert_eq!(problem.request_id.as_deref(), Some("r-7"));
    let stranger = app.bearer("nonsense");
    let refused = services.get_order(self::call(&stranger), 1).await.unwrap_err();
    assert!(refused.is_unauthorized());
}

#[tokio::test]
async fn lists_are_read_page_after_page_with_their_filters() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    let (services, admin) = (services(&app), app.admin());
    let call = call(&admin);
    for _ in 0..3 {
        let item = app.any_item().await;
        app.stock(branch, item, 5).await;
        app.draft(branch, &[(item, 9)]).await;
    }
    let of_branch = StockFilter { branch_id: Some(branch), ..StockFilter::default() };
    let first = services.list_stock(call, &of_branch, Paging::first(2)).await.unwrap();
    let rest = Paging::after(first.next.unwrap(), 2);
    let second = services.list_stock(call, &of_branch, rest).await.unwrap();
    assert_eq!((first.rows.len(), second.rows.len(), second.next), (2, 1, None));
    let now = jiff::Timestamp::now();
    let then = services.list_stock_as_of(call, &of_branch, now, Paging::default()).await.unwrap();
    assert_eq!(then.rows.len(), 3);
    let zero = SummaryFilter { zero: Some(true), ..SummaryFilter::default() };
    assert_eq!(services.stock_summary(call, &zero, Paging::default()).await.unwrap().rows, []);
    let start = "2020-01-01T00:00:00Z".parse().unwrap();
    let changes = services.stock_changes(call, branch, (start, now), Paging::default()).await.unwrap();
    assert_eq!(changes.rows.len(), 3);
    let counts = MovementFilter { kind: Some("adjustment".to_owned()), ..MovementFilter::default() };
    assert_eq!(services.list_movements(call, &counts, Paging::default()).await.unwrap().rows.len(), 3);
    let drafts = OrderFilter { status: Some(OrderStatusWord::Draft), ..OrderFilter::default() };
    let listed = services.list_orders(call, &drafts, Paging::default()).await.unwrap();
    let recent = services.recent_orders(call, &drafts, Paging::default()).await.unwrap();
    assert_eq!((listed.rows.len(), &listed.rows), (3, &recent.rows));
    let elsewhere = services.order_elsewhere(call, listed.rows[0].id, Paging::default()).await.unwrap();
    assert_eq!(elsewhere.rows, []);
    let entries = AuditFilter { action: Some("order.created".to_owned()), ..AuditFilter::default() };
    assert_eq!(services.list_audit(call, &entries, Paging::default()).await.unwrap().rows.len(), 3);
    assert_eq!(services.health(call).await.unwrap().status, "ok");
    assert_eq!(services.ready(call).await.unwrap().status, "ready");
}

#[tokio::test]
async fn stock_is_set() {
    let app = App::start().await;
    let (branch_id, item_id) = (app.branch("Harbour").await, app.any_item().await);
    let quantity = domain::Quantity::units(7);
    let count = SetStockIn { branch_id, item_id, quantity: Some(quantity), ..SetStockIn::default() };
    let level = services(&app).set_stock(call(&app.admin()), &Key::fresh(), &count).await.unwrap();
    assert_eq!((level.quantity, level.available), (quantity, quantity));
    app.database.assert_sound().await;
}

#[tokio::test]
async fn reports_are_read() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 10).await;
    let keeper = services::totals::Keeper::new(app.database.pool(services::ROLES));
    keeper.count(std::time::Duration::ZERO).await.unwrap();
    let (services, admin) = (services(&app), app.admin());
    let (call, filter) = (call(&admin), ReportFilter { branch_id: Some(branch), days: Some(7) });
    assert_eq!(services.report_overview(call, None).await.unwrap().orders.draft, 0);
    assert_eq!(services.report_daily(call, filter).await.unwrap().days.len(), 7);
    assert!(services.report_movers(call, filter, 5).await.unwrap().items.is_empty());
    assert!(services.report_heat_map(call, filter, HeatBy::Moved).await.unwrap().branches.is_empty());
    let history = services.report_history(call, filter, item).await.unwrap();
    assert_eq!(history.days.last().unwrap().quantity, domain::Quantity::units(10));
}

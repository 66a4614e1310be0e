//! Stock levels below their item's minimum, before and after the worker brought the minimum to them.

use serde_json::json;

use crate::support::App;

/// The worker's work, until nothing is left.
async fn bring(app: &App) {
    while services::minimums::bring(app.surface.services.database()).await.unwrap() {}
}

/// A branch with as much of each of two items of the minimum 5 as is given.
async fn branch_with(app: &App, quantities: [i64; 2]) -> (i64, [i64; 2]) {
    let branch = app.branch("Harbour").await;
    let mut items = [0; 2];
    for (n, quantity) in quantities.into_iter().enumerate() {
        let item = json!({ "sku": format!("I{n}"), "name": format!("Item {n}"), "min_stock_level": 5 });
        items[n] = app.admin().post("/v1/items", item).await.id();
        app.stock(branch, items[n], quantity).await;
    }
    (branch, items)
}

async fn set_minimum(app: &App, item: i64, minimum: i64) {
    let path = format!("/v1/items/{item}");
    let mut body = app.admin().get(&path).await.expect(200).json();
    let fields = body.as_object_mut().unwrap();
    fields.retain(|field, _| matches!(field.as_str(), "sku" | "name"));
    fields.insert("min_stock_level".to_owned(), json!(minimum));
    app.admin().put(&path, body).await.expect(200);
}

/// Every list of levels below their minimum shows those of just these items, and everything that must hold holds.
async fn assert_below(app: &App, items: &[i64]) {
    let items: Vec<_> = items.iter().map(|item| json!(item)).collect();
    for list in
        ["/v1/stock?", "/v1/stock/summary?", "/v1/stock/summary?sort=name&", "/v1/stock/summary?q=item&"]
    {
        let path = format!("{list}below_min=true");
        assert_eq!(app.admin().get(&path).await.expect(200).each("item_id"), items, "{path}");
    }
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_level_that_falls_below_its_minimum_or_rises_to_it_is_listed_so_at_once() {
    let app = App::start().await;
    let (branch, [first, second]) = branch_with(&app, [4, 5]).await;
    assert_below(&app, &[first]).await;
    bring(&app).await;
    assert_below(&app, &[first]).await;
    app.stock(branch, second, 3).await;
    assert_below(&app, &[first, second]).await;
    app.stock(branch, first, 9).await;
    assert_below(&app, &[second]).await;
}

#[tokio::test]
async fn another_minimum_of_an_item_shows_in_lists_before_its_levels_know_it() {
    let app = App::start().await;
    let (_, [first, second]) = branch_with(&app, [4, 5]).await;
    bring(&app).await;
    set_minimum(&app, second, 6).await;
    set_minimum(&app, first, 4).await;
    assert_below(&app, &[second]).await;
    bring(&app).await;
    assert_below(&app, &[second]).await;
}

#[tokio::test]
async fn a_level_committed_while_its_items_minimum_is_brought_is_found_then_and_later() {
    let app = App::start().await;
    let (branch, [item, _]) = branch_with(&app, [5, 5]).await;
    let other = app.admin().post("/v1/branches", json!({ "code": "MILL", "name": "Mill" })).await.id();
    let mut operator = app.database.connect("quartermaster").await;
    let late = operator.transaction().await.unwrap();
    late.batch_execute(&format!(
        "insert into services_stock (branch_id, item_id, quantity, updated_at) values ({other}, {item}, 0, now())"
    ))
    .await
    .unwrap();
    bring(&app).await;
    late.commit().await.unwrap();
    assert_below(&app, &[item]).await;
    assert!(services::minimums::bring(app.surface.services.database()).await.unwrap());
    assert_below(&app, &[item]).await;
    assert_eq!(app.level(branch, item).await.0, "5");
}

#[tokio::test]
async fn an_item_that_is_being_changed_keeps_no_other_from_getting_its_minimum() {
    let app = App::start().await;
    let (_, [held, free]) = branch_with(&app, [4, 4]).await;
    let mut operator = app.database.connect("quartermaster").await;
    let holding = operator.transaction().await.unwrap();
    holding.batch_execute(&format!("select from services_items where id = {held} for update")).await.unwrap();
    bring(&app).await;
    let known = "select item_id from services_stock where minimum is not null";
    assert_eq!(app.database.value::<i64>(known).await, free);
    holding.rollback().await.unwrap();
    bring(&app).await;
    assert_eq!(app.database.value::<i64>("select count(*) from services_stock where below").await, 2);
}

#[tokio::test]
async fn a_level_that_knows_a_wrong_minimum_is_found_by_verify_and_mended() {
    let app = App::start().await;
    let (_, [first, second]) = branch_with(&app, [4, 5]).await;
    bring(&app).await;
    // As a superuser can who switches the trigger off.
    let wrong =
        "set session_replication_role = replica; update services_stock set minimum = 1, below = false";
    app.database.run(wrong).await;
    let database = app.surface.services.database();
    let findings = services::verify::verify(database).await.unwrap();
    let broken: Vec<_> = findings.iter().filter(|finding| finding.is_broken()).collect();
    assert_eq!(broken.len(), 1, "{broken:#?}");
    assert_eq!(
        (broken[0].invariant, broken[0].violations),
        ("lists miss no level below its item's minimum", 2)
    );
    assert_eq!(services::repair::preview(database).await.unwrap().minimums, 2);
    let mends = services::repair::repair(database).await.unwrap();
    assert_eq!((mends.minimums, mends.levels.len()), (2, 0));
    assert_below(&app, &[first]).await;
    set_minimum(&app, second, 9).await;
    bring(&app).await;
    assert_below(&app, &[first, second]).await;
}

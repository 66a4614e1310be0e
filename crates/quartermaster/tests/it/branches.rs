//! Branches over the API.

use serde_json::json;

use crate::support::App;

#[tokio::test]
async fn a_branch_is_created_read_changed_and_deleted() {
    let app = App::start().await;
    let admin = app.admin();
    let body = json!({ "name": "Harbour Shop", "location": "4 Quay Road", "timezone": "Europe/Berlin" });
    let created = admin.post("/v1/branches", body).await.expect(201);
    let branch = created.json();
    assert_eq!((&branch["code"], &branch["active"]), (&json!("HARBOUR-SHOP"), &json!(true)));
    let path = created.header("location").unwrap().to_owned();
    assert_eq!(admin.get(&path).await.expect(200).json(), branch);
    let changed = admin.put(&path, json!({ "name": "Harbour" })).await.expect(200).json();
    assert_eq!((&changed["name"], &changed["location"]), (&json!("Harbour"), &json!("4 Quay Road")));
    admin.delete(&path).await.expect(204);
    admin.get(&path).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn names_are_unique_whatever_their_case_and_codes_are_made_unique() {
    let app = App::start().await;
    app.branch("Harbour").await;
    let admin = app.admin();
    let problem =
        admin.post("/v1/branches", json!({ "name": "HARBOUR" })).await.expect_problem(409, "duplicate");
    assert_eq!(problem["errors"][0]["pointer"], "/name");
    let other = admin.post("/v1/branches", json!({ "name": "Harbour!" })).await.expect(201).json();
    assert_eq!(other["code"], "HARBOUR-2");
    let body = json!({ "name": "Third", "code": "harbour" });
    let problem = admin.post("/v1/branches", body).await.expect_problem(409, "duplicate");
    assert_eq!(problem["errors"][0]["pointer"], "/code");
}

#[tokio::test]
async fn a_branch_that_is_in_use_is_not_deleted() {
    let app = App::start().await;
    let (stocked, ordered) = (app.branch("Stocked").await, app.branch("Ordered").await);
    let item = app.any_item().await;
    app.stock(stocked, item, 1).await;
    app.draft(ordered, &[(item, 1)]).await;
    for branch in [stocked, ordered] {
        app.admin().delete(&format!("/v1/branches/{branch}")).await.expect_problem(409, "still-referenced");
    }
}

#[tokio::test]
async fn every_field_that_is_wrong_is_named() {
    let app = App::start().await;
    let body = json!({ "name": " ", "code": "no spaces", "timezone": "Mars/Base" });
    let fields = app.admin().post("/v1/branches", body).await.expect_invalid();
    assert_eq!(fields, ["/name", "/code", "/timezone"]);
    let long = json!({ "name": "x".repeat(201) });
    assert_eq!(app.admin().post("/v1/branches", long).await.expect_invalid(), ["/name"]);
    let control = json!({ "name": "a\u{0}b" });
    assert_eq!(app.admin().post("/v1/branches", control).await.expect_invalid(), ["/name"]);
}

#[tokio::test]
async fn a_list_shows_the_branches_of_the_caller_alone() {
    let app = App::start().await;
    let (own, _other) = (app.branch("Own").await, app.branch("Other").await);
    assert_eq!(app.worker(&[own]).get("/v1/branches").await.expect(200).each("id"), [json!(own)]);
    assert_eq!(app.auditor().get("/v1/branches").await.expect(200).len(), 2);
    assert_eq!(app.worker(&[]).get("/v1/branches").await.expect(200).len(), 0);
}

//! A company's own policies, and what the audit tells of refusals and of policies.

mod examples;
mod eyes;

use std::sync::Arc;
use std::time::Duration;

use identity::{BranchScope, Role};
use policy::{Authorizer, PolicyFile};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{App, TestDatabase};

/// A policy file of `policies/examples`.
fn example(name: &str) -> PolicyFile {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/examples");
    let files = policy::read_folder(&folder).unwrap();
    files.into_iter().find(|file| *file.name == *name).unwrap()
}

async fn refusals(app: &App) -> Vec<Value> {
    let entries = app.admin().get("/v1/audit?action=authorization.refused").await.expect(200).json();
    entries.as_array().unwrap().clone()
}

/// Waits until the list has so many rows.
async fn rows(app: &App, path: &str, count: usize) -> Value {
    for _ in 0..1_000 {
        let answer = app.admin().get(path).await.expect(200);
        if answer.len() == count {
            return answer.json();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{path} has not {count} rows: {}", app.admin().get(path).await.text());
}

#[tokio::test]
async fn a_refusal_is_in_the_audit_with_what_was_asked_and_what_decided() {
    let app = App::start().await;
    let (own, other, item) = (app.branch("Own").await, app.branch("Other").await, app.any_item().await);
    let (order, hidden) = (app.draft(own, &[(item, 1)]).await, app.draft(other, &[(item, 1)]).await);
    let worker = app.worker(&[own]);
    let answer = worker.command(order, "submit").await;
    let request_id = answer.header("x-request-id").unwrap().to_owned();
    answer.expect_problem(403, "forbidden");
    worker.get(&format!("/v1/orders/{hidden}")).await.expect_problem(404, "not-found");
    worker.get("/v1/orders/999999").await.expect_problem(404, "not-found");
    let entries = refusals(&app).await;
    let [absent, seen_hidden, forbidden] = entries.as_slice() else { panic!("{entries:#?}") };
    assert_eq!(forbidden["actor_user_id"], "id-worker");
    assert_eq!(forbidden["branch_id"], own);
    assert_eq!(forbidden["entity_id"], format!("order:{order}"));
    assert_eq!(forbidden["request_id"], request_id);
    assert!(forbidden["ip"].is_string());
    let details = |answer, action, id: i64| json!({ "action": action, "resource": format!("order:{id}"), "answer": answer, "policies": [] });
    assert_eq!(forbidden["details"], details("forbidden", "SubmitOrders", order));
    // What is hidden and what is not there are told apart by nothing.
    for (entry, id) in [(seen_hidden, hidden), (absent, 999_999)] {
        assert_eq!(
            (&entry["details"], &entry["branch_id"]),
            (&details("hidden", "ViewOrders", id), &Value::Null)
        );
    }
    app.database.assert_sound().await;
}

#[tokio::test]
async fn refusals_of_one_caller_are_counted_once_they_are_many() {
    let app = App::start().await;
    let worker = app.worker(&[]);
    for _ in 0..25 {
        worker.get("/v1/audit").await.expect_problem(403, "forbidden");
    }
    assert_eq!(refusals(&app).await.len(), 10);
    app.worker(&[]).get("/v1/audit").await.expect_problem(403, "forbidden");
    app.user("another", &[Role::Worker], &BranchScope::All)
        .get("/v1/audit")
        .await
        .expect_problem(403, "forbidden");
    assert_eq!(refusals(&app).await.len(), 11);
    app.surface.services.finish().await;
    let entries = refusals(&app).await;
    assert_eq!(entries.len(), 12);
    assert_eq!(entries[0]["actor_user_id"], "id-worker");
    assert_eq!(entries[0]["details"]["not_written"], 16);
}

#[tokio::test]
async fn policies_take_effect_without_a_restart_and_bad_ones_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large-adjustments.cedar");
    let authorizer = Arc::new(Authorizer::open(Some(folder.path())).unwrap());
    let stop = CancellationToken::new();
    let _guard = stop.clone().drop_guard();
    let (following, path) = (Arc::clone(&authorizer), folder.path().to_owned());
    tokio::spawn(async move { policy::follow(&following, path, stop).await });
    let app = App::with_authorizer(TestDatabase::new().await, authorizer).await;
    let (branch, item) = (app.branch("Own").await, app.any_item().await);
    let count = |quantity: i64| json!({ "branch_id": branch, "item_id": item, "quantity": quantity });
    app.manager(&[branch]).put("/v1/stock", count(500)).await.expect(200);

    let example = example("large-adjustments.cedar");
    std::fs::write(&file, &example.text).unwrap();
    let changed = rows(&app, "/v1/audit?action=policy.changed", 1).await;
    app.manager(&[branch]).put("/v1/stock", count(0)).await.expect_problem(403, "forbidden");
    assert_eq!(changed[0]["details"]["from"], json!([]));
    let named = json!([{ "name": "large-adjustments.cedar", "sha256": example.sha256() }]);
    assert_eq!(changed[0]["details"]["to"], named);

    std::fs::write(&file, "forbid (principal").unwrap();
    let mut ready = app.nobody().get("/ready").await.expect(200).json();
    for _ in 0..1_000 {
        if ready["warnings"].is_array() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        ready = app.nobody().get("/ready").await.expect(200).json();
    }
    assert!(ready["warnings"][0].as_str().unwrap().starts_with("policies: "), "{ready}");
    app.manager(&[branch]).put("/v1/stock", count(0)).await.expect_problem(403, "forbidden");
    assert_eq!(app.admin().get("/v1/audit?action=policy.changed").await.len(), 1);
}

#[tokio::test]
async fn a_change_of_policies_is_in_the_audit_once_however_many_processes_see_it() {
    let app = App::with_policies(vec![example("four-eyes.cedar")]).await;
    rows(&app, "/v1/audit?action=policy.changed", 1).await;
    let pool = || app.database.pool(services::ROLES);
    let others: Vec<_> = (0..4)
        .map(|_| {
            let authorizer = Authorizer::with(vec![example("large-adjustments.cedar")]).unwrap();
            services::Services::start(pool(), &Default::default(), Arc::new(authorizer))
        })
        .collect();
    // Whoever finishes has looked.
    for other in &others {
        other.finish().await;
    }
    let changed = rows(&app, "/v1/audit?action=policy.changed", 2).await;
    assert_eq!(changed[0]["details"]["from"][0]["name"], "four-eyes.cedar");
    app.database.assert_sound().await;
}

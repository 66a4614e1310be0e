//! Names and codes are unique among all branches, also those that a caller does not see.

use serde_json::{Value, json};

use crate::support::App;

#[tokio::test]
async fn a_name_and_a_code_of_a_hidden_branch_are_refused_alike_and_the_attempt_is_in_the_audit() {
    let app = App::start().await;
    let own = app.branch("Own").await;
    let hidden = json!({ "name": "Hidden depot", "code": "H-1" });
    app.admin().post("/v1/branches", hidden).await.expect(201);
    let seen =
        app.admin().post("/v1/branches", json!({ "name": "Seen", "code": "S-1" })).await.expect(201).id();
    let manager = app.manager(&[own, seen]);
    let path = format!("/v1/branches/{own}");
    let mut told: Vec<Value> = Vec::new();
    for body in [
        json!({ "name": "Hidden depot" }),
        json!({ "name": "hidden DEPOT" }),
        json!({ "name": "Own", "code": "H-1" }),
        json!({ "name": "Hidden depot", "code": "H-1" }),
    ] {
        let mut problem = manager.put(&path, body.clone()).await.expect_problem(409, "duplicate");
        problem["request_id"] = Value::Null;
        assert!(!problem.to_string().contains("Hidden"), "{problem}");
        assert!(problem["errors"].is_null(), "{problem}");
        told.push(problem);
    }
    assert!(told.iter().all(|problem| *problem == told[0]), "{told:#?}");
    let entries = app.admin().get("/v1/audit?action=authorization.refused").await.expect(200);
    assert_eq!(entries.each("entity_id"), vec![json!(format!("branch:{own}")); 4]);
    assert!(
        entries.json().as_array().unwrap().iter().all(|entry| entry["details"]["action"] == "EditBranch")
    );
    // Of a branch that the caller sees it is said which field is taken.
    let problem = manager.put(&path, json!({ "name": "seen" })).await.expect_problem(409, "duplicate");
    assert_eq!(problem["errors"][0]["pointer"], "/name");
    let problem = manager.put(&path, json!({ "name": "Own", "code": "S-1" })).await;
    assert_eq!(problem.expect_problem(409, "duplicate")["errors"][0]["pointer"], "/code");
    let problem = app.admin().put(&path, json!({ "name": "Hidden depot" })).await;
    assert_eq!(problem.expect_problem(409, "duplicate")["errors"][0]["pointer"], "/name");
    app.database.assert_sound().await;
}

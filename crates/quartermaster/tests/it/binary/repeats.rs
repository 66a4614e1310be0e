//! Every change, asked for again and again under one Idempotency-Key: at once, through two processes, and when the
//! process that carried it out died before it could say so.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::company::Company;
use crate::support::{PATIENCE, TestDatabase};

/// A change to ask for.
#[derive(Debug, Clone)]
struct Change {
    method: Method,
    path: String,
    body: Value,
    /// The version that it is made of, where it must be told.
    etag: Option<String>,
}

/// An answer, as far as repetitions must have the same.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    status: u16,
    body: Vec<u8>,
}

/// What the company has for one change of each kind.
struct Things {
    branch: i64,
    item: i64,
    drafts: Vec<i64>,
    submitted: i64,
    spare_branch: i64,
    spare_item: i64,
}

impl Things {
    /// The `n`th set of them.
    async fn make(company: &Company, n: usize) -> Things {
        let branch = company.create("/v1/branches", json!({ "name": format!("Harbour {n}") })).await;
        let item = company.create("/v1/items", json!({ "sku": format!("A-{n}"), "name": "A" })).await;
        company.stock(branch, item, 1_000).await;
        let drafts = company.drafts(vec![(branch, vec![(item, 2)]); 6]).await;
        let submitted = drafts[5];
        let (status, answer) =
            company.call(0, "POST", &format!("/v1/orders/{submitted}/submit"), &json!({}), None).await;
        assert_eq!(status, 200, "{answer}");
        let spare_branch = company.create("/v1/branches", json!({ "name": format!("Spare {n}") })).await;
        let spare_item = company.create("/v1/items", json!({ "sku": format!("S-{n}"), "name": "S" })).await;
        Things { branch, item, drafts, submitted, spare_branch, spare_item }
    }

    /// One change of each kind that the API has.
    async fn changes(&self, company: &Company, n: usize) -> Vec<Change> {
        let Things { branch, item, drafts, submitted, spare_branch, spare_item } = self;
        let order = json!({ "branch_id": branch, "lines": [{ "item_id": item, "requested_qty": 3 }] });
        let content = json!({ "lines": [{ "item_id": item, "requested_qty": 3 }] });
        let mut changes = Vec::new();
        for (method, path, body) in [
            (Method::POST, "/v1/branches".to_owned(), json!({ "name": format!("New {n}") })),
            (Method::PUT, format!("/v1/branches/{branch}"), json!({ "name": format!("Renamed {n}") })),
            (Method::DELETE, format!("/v1/branches/{spare_branch}"), Value::Null),
            (Method::POST, "/v1/items".to_owned(), json!({ "sku": format!("N-{n}"), "name": "N" })),
            (Method::PUT, format!("/v1/items/{item}"), json!({ "sku": format!("A-{n}"), "name": "renamed" })),
            (Method::DELETE, format!("/v1/items/{spare_item}"), Value::Null),
            (
                Method::PUT,
                "/v1/stock".to_owned(),
                json!({ "branch_id": branch, "item_id": item, "quantity": 900 }),
            ),
            (Method::POST, "/v1/orders".to_owned(), order.clone()),
            (Method::PUT, format!("/v1/orders/{}", drafts[0]), order),
            (Method::PUT, format!("/v1/orders/by-reference/{branch}/R-{n}"), content),
            (Method::DELETE, format!("/v1/orders/{}", drafts[1]), Value::Null),
            (Method::POST, format!("/v1/orders/{}/submit", drafts[2]), json!({})),
            (Method::POST, format!("/v1/orders/{}/fulfill", drafts[3]), json!({})),
            (Method::POST, format!("/v1/orders/{submitted}/fulfill"), json!({ "override_negative": false })),
            (Method::POST, format!("/v1/orders/{}/cancel", drafts[4]), json!({})),
        ] {
            let is_new = path == "/v1/stock" || path.contains("/by-reference/");
            let is_versioned = method == Method::PUT && !is_new || method == Method::DELETE;
            let etag = if is_versioned { Some(etag(company, &path).await) } else { None };
            changes.push(Change { method, path, body, etag });
        }
        changes
    }
}

fn http() -> Client {
    Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap()
}

async fn etag(company: &Company, path: &str) -> String {
    let request = http().get(format!("{}{path}", company.services[0])).bearer_auth(&company.token);
    request.send().await.unwrap().headers()["etag"].to_str().unwrap().to_owned()
}

/// Asks one of the two processes for it under that key. None where there is no answer; else also whether it says that it
/// was given before.
async fn ask(company: &Company, process: usize, change: &Change, key: &str) -> Option<(Answer, bool)> {
    let url = format!("{}{}", company.services[process], change.path);
    let mut request =
        http().request(change.method.clone(), url).bearer_auth(&company.token).header("idempotency-key", key);
    if let Some(etag) = &change.etag {
        request = request.header("if-match", etag);
    }
    if !change.body.is_null() {
        request = request.json(&change.body);
    }
    let answer = request.send().await.ok()?;
    let replayed = answer.headers().contains_key("idempotent-replayed");
    let status = answer.status().as_u16();
    Some((Answer { status, body: answer.bytes().await.ok()?.to_vec() }, replayed))
}

fn is_in_flight(answer: &Answer) -> bool {
    let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    answer.status == 409
        && problem["type"].as_str().is_some_and(|kind| kind.ends_with("idempotency-in-flight"))
}

/// How many changes the audit tells of.
async fn audited(company: &Company) -> i64 {
    company.count("select count(*) from services_audit_logs").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_repeated_at_once_through_two_processes_is_made_once() {
    let company = Company::start().await;
    for (n, times) in [2, 9, 50].into_iter().enumerate() {
        let things = Things::make(&company, n).await;
        for change in things.changes(&company, n).await {
            let key = format!("repeat {n} {} {}", change.method, change.path);
            let before = audited(&company).await;
            let asks = (0..times).map(|nth| ask(&company, nth % 2, &change, &key));
            let answers: Vec<(Answer, bool)> =
                join_all(asks).await.into_iter().map(|answer| answer.expect("an answer")).collect();
            let made: Vec<&Answer> =
                answers.iter().map(|(answer, _)| answer).filter(|answer| !is_in_flight(answer)).collect();
            assert!(!made.is_empty(), "{change:?}: everybody was told that another is at it");
            assert!((200..300).contains(&made[0].status), "{change:?}: {made:?}");
            assert!(made.iter().all(|answer| *answer == made[0]), "{change:?}: {answers:?}");
            let first =
                answers.iter().filter(|(answer, replayed)| !is_in_flight(answer) && !replayed).count();
            assert_eq!(first, 1, "{change:?}: one alone carried it out");
            assert_eq!(audited(&company).await, before + 1, "{change:?}");

            let (again, replayed) = ask(&company, 1, &change, &key).await.unwrap();
            assert!(replayed && again == *made[0], "{change:?}: {again:?}");
            if !change.body.is_null() {
                let other = Change { body: json!({ "name": "another body" }), ..change.clone() };
                let (refused, _) = ask(&company, 0, &other, &key).await.unwrap();
                assert_eq!(refused.status, 422, "{change:?}: {refused:?}");
            }
            assert_eq!(audited(&company).await, before + 1, "{change:?}");
        }
    }
    company.database.assert_sound().await;
}

/// Commits of this database wait for a standby that there is not, once they are on the disk: nobody is told of them, and
/// nobody else sees them, until the wait is ended.
async fn hold_commits(company: &Company) {
    let database = &company.database;
    database.run_elsewhere("alter system set synchronous_standby_names = 'nobody'").await;
    database.run_elsewhere("select pg_reload_conf()").await;
    // PostgreSQL's checkpointer tells the others, when it comes to it: until then commits pass.
    let (probe, end) = (database.connect("quartermaster").await, Instant::now() + PATIENCE);
    loop {
        tokio::select! {
            passed = probe.batch_execute("select pg_logical_emit_message(true, 'probe', 'waits')") => passed.unwrap(),
            () = committed(company, 1) => break,
        }
        if Instant::now() > end {
            give_up(database, "commits are not held").await;
        }
    }
    let cancel = "select pg_cancel_backend(pid) from pg_stat_activity
                  where datname = current_database() and wait_event = 'SyncRep'";
    database.run(cancel).await;
    committed(company, 0).await;
}

async fn let_commits_go(database: &TestDatabase) {
    database.run_elsewhere("alter system reset synchronous_standby_names").await;
    database.run_elsewhere("select pg_reload_conf()").await;
}

/// Waits until as many transactions wait for their commit to be told.
async fn committed(company: &Company, count: i64) {
    let waiting = "select count(*) from pg_stat_activity
                   where datname = current_database() and wait_event = 'SyncRep'";
    let end = Instant::now() + PATIENCE;
    while company.count(waiting).await != count {
        if Instant::now() > end {
            give_up(&company.database, "as many commits were never held").await;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Fails without leaving the commits of other tests held.
async fn give_up(database: &TestDatabase, why: &str) {
    let_commits_go(database).await;
    panic!("{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_whose_process_dies_between_commit_and_answer_is_made_once_and_answered() {
    let database = TestDatabase::new().await;
    database.run(&format!("alter database {} set synchronous_commit = on", database.name)).await;
    let mut company = Company::on(database).await;
    let things = Things::make(&company, 0).await;
    for change in things.changes(&company, 0).await {
        let key = format!("killed {} {}", change.method, change.path);
        let before = audited(&company).await;
        hold_commits(&company).await;
        let dies = async {
            committed(&company, 1).await;
            company.kill(0);
        };
        let (unheard, ()) = tokio::join!(ask(&company, 0, &change, &key), dies);
        assert_eq!(unheard, None, "{change:?} was answered before its commit was known");
        // Whoever asks before the commit is seen is told that another is at it, or waits for it.
        let (early, ()) = tokio::join!(ask(&company, 1, &change, &key), let_commits_go(&company.database));
        committed(&company, 0).await;
        let (answer, replayed) = ask(&company, 1, &change, &key).await.unwrap();
        assert!(replayed && (200..300).contains(&answer.status), "{change:?}: {answer:?}");
        let (early, replayed) = early.unwrap();
        assert!(is_in_flight(&early) || replayed && early == answer, "{change:?}: {early:?}");
        assert_eq!(audited(&company).await, before + 1, "{change:?}");
        company.start_again(0).await;
        assert_eq!(ask(&company, 0, &change, &key).await.unwrap(), (answer, true), "{change:?}");
    }
    company.database.assert_sound().await;
}

//! Every operation of the API × every role × own and other branch × no token, as the OpenAPI document lists them.

use std::collections::BTreeMap;

use identity::{BranchScope, Role};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::App;
use crate::support::api::{Answer, User, send};

/// What each operation answers. Every caller acts at the own branch alone; `other` is the same request about another
/// branch, `-` for an operation that is about none.
///
/// `yes`: done. `rows`: a list, with rows, all of them at the own branch. `no`: 403. `none`: 404, as if the branch were
/// not there. `open`: answered to anybody, also without a token; all others are 401 then.
const EXPECTED: &str = "
    operation         Admin        Manager      Worker       Auditor      no role
                      own   other  own   other  own   other  own   other  own   other
    list_branches     rows  -      rows  -      rows  -      rows  -      no    -
    create_branch     no    -      no    -      no    -      no    -      no    -
    get_branch        yes   none   yes   none   yes   none   yes   none   no    none
    update_branch     yes   none   yes   none   no    none   no    none   no    none
    delete_branch     no    none   no    none   no    none   no    none   no    none
    list_items        yes   -      yes   -      yes   -      yes   -      no    -
    create_item       no    -      no    -      no    -      no    -      no    -
    put_item_batch    no    -      no    -      no    -      no    -      no    -
    get_item          yes   -      yes   -      yes   -      yes   -      no    -
    update_item       no    -      no    -      no    -      no    -      no    -
    delete_item       no    -      no    -      no    -      no    -      no    -
    list_stock        rows  none   rows  none   rows  none   rows  none   no    none
    set_stock         yes   none   yes   none   no    none   no    none   no    none
    set_stock_batch   yes   none   yes   none   no    none   no    none   no    none
    stock_summary     rows  none   rows  none   rows  none   rows  none   no    none
    list_movements    rows  none   rows  none   rows  none   rows  none   no    none
    list_orders       rows  none   rows  none   rows  none   rows  none   no    none
    recent_orders     rows  none   rows  none   rows  none   rows  none   no    none
    get_order         yes   none   yes   none   yes   none   yes   none   no    none
    create_order      yes   none   yes   none   yes   none   no    none   no    none
    update_order      yes   none   yes   none   yes   none   no    none   no    none
    delete_order      yes   none   yes   none   yes   none   no    none   no    none
    put_order_by_reference yes none yes   none   yes   none   no    none   no    none
    submit_order      yes   none   yes   none   no    none   no    none   no    none
    fulfill_order     yes   none   yes   none   no    none   no    none   no    none
    cancel_order      yes   none   yes   none   no    none   no    none   no    none
    stock_changes     yes   none   yes   none   yes   none   yes   none   no    none
    order_elsewhere   yes   none   yes   none   yes   none   yes   none   no    none
    report_overview   yes   none   yes   none   yes   none   yes   none   no    none
    report_daily      yes   none   yes   none   yes   none   yes   none   no    none
    report_movers     yes   none   yes   none   yes   none   yes   none   no    none
    report_heat_map   yes   none   yes   none   yes   none   yes   none   no    none
    report_history    yes   none   yes   none   yes   none   yes   none   no    none
    audit_seal        yes   none   no    no     no    no     yes   none   no    no
    list_audit        rows  none   no    none   no    none   rows  none   no    none
    health            open  -      open  -      open  -      open  -      open  -
    ready             open  -      open  -      open  -      open  -      open  -
";

/// The roles of the table's columns.
const COLUMNS: [&[Role]; 5] = [&[Role::Admin], &[Role::Manager], &[Role::Worker], &[Role::Auditor], &[]];

/// Two branches, an item in stock at both, and orders at both.
struct World {
    app: App,
    own: i64,
    other: i64,
    item: i64,
}

/// One operation of the document.
struct Operation {
    id: String,
    method: Method,
    path: String,
}

impl World {
    async fn new() -> World {
        let app = App::start().await;
        let (own, other, item) = (app.branch("Own").await, app.branch("Other").await, app.any_item().await);
        for branch in [own, other] {
            app.stock(branch, item, 1_000).await;
            app.submitted(branch, &[(item, 1)]).await;
        }
        World { app, own, other, item }
    }

    /// A user of these roles at the own branch, and at those `made` there just now.
    fn user(&self, roles: &[Role], made: Option<i64>) -> User {
        let branches = made.into_iter().chain([self.own]).map(domain::BranchId);
        self.app.user("someone", roles, &BranchScope::only(branches))
    }

    /// Asks for the operation at a branch, on something made for it.
    async fn ask(&self, operation: &Operation, roles: &[Role], is_own: bool) -> Answer {
        let branch = if is_own { self.own } else { self.other };
        let lines = json!([{ "item_id": self.item, "requested_qty": 1 }]);
        let order = json!({ "branch_id": branch, "lines": &lines });
        let name = format!("New {}", uuid());
        let (mut made, mut path, mut body) = (None, operation.path.clone(), None);
        match operation.id.as_str() {
            "create_branch" => body = Some(json!({ "name": name })),
            "update_branch" => {
                path = path.replace("{id}", &branch.to_string());
                body = Some(json!({ "name": if is_own { "Own" } else { "Other" } }));
            }
            "get_branch" => path = path.replace("{id}", &branch.to_string()),
            "delete_branch" => {
                let new = self.app.branch(&name).await;
                made = is_own.then_some(new);
                path = path.replace("{id}", &new.to_string());
            }
            "create_item" => body = Some(json!({ "sku": name, "name": name })),
            "get_item" | "update_item" | "delete_item" => {
                path = path.replace("{id}", &self.app.item(&name).await.to_string());
                body = (operation.id == "update_item").then(|| json!({ "sku": name, "name": name }));
            }
            "set_stock" => {
                body = Some(json!({ "branch_id": branch, "item_id": self.item, "quantity": 1_000 }));
            }
            "set_stock_batch" => {
                let count = json!({ "branch_id": branch, "item_id": self.item, "quantity": 1_000 });
                body = Some(json!({ "entries": [count] }));
            }
            "put_item_batch" => body = Some(json!({ "entries": [{ "sku": name, "name": name }] })),
            "create_order" => body = Some(order),
            "put_order_by_reference" => {
                path = path.replace("{branch_id}", &branch.to_string()).replace("{reference}", "PO-1");
                body = Some(json!({ "lines": lines }));
            }
            "get_order" | "order_elsewhere" | "update_order" | "delete_order" | "submit_order"
            | "fulfill_order" | "cancel_order" => {
                let draft = self.app.draft(branch, &[(self.item, 1)]).await;
                path = path.replace("{id}", &draft.to_string());
                body = (operation.id == "update_order").then_some(order);
            }
            "list_stock" | "stock_summary" | "list_movements" | "list_orders" | "recent_orders"
            | "list_audit" => {
                if !is_own {
                    path.push_str(&format!("?branch_id={branch}"));
                }
            }
            "report_overview" | "report_daily" | "report_movers" | "report_heat_map" => {
                if !is_own {
                    path.push_str(&format!("?branch_id={branch}"));
                }
            }
            "report_history" => {
                path.push_str(&format!("?item_id={}", self.item));
                if !is_own {
                    path.push_str(&format!("&branch_id={branch}"));
                }
            }
            "stock_changes" => {
                let times = "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z";
                path.push_str(&format!("?branch_id={branch}&{times}"));
            }
            "audit_seal" => {
                let sql = format!("select min(id) from services_audit_logs where branch_id = {branch}");
                let entry: i64 = self.app.database.value(&sql).await;
                path = path.replace("{id}", &entry.to_string());
            }
            "list_branches" | "list_items" | "health" | "ready" => {}
            other => panic!("{other} is new: say here how it is asked, and in EXPECTED what it answers"),
        }
        let request = self.user(roles, made).request(operation.method.clone(), &path);
        send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    /// Whether the answer is what the table says.
    fn check(&self, expected: &str, operation: &Operation, answer: &Answer) -> bool {
        match expected {
            "yes" | "open" => (200..300).contains(&answer.status),
            "no" => answer.status == 403,
            "none" => answer.status == 404,
            "rows" => {
                let field = if operation.id == "list_branches" { "id" } else { "branch_id" };
                let at = if answer.status == 200 { answer.each(field) } else { Vec::new() };
                let is_own = |at: &Value| *at == self.own || (operation.id == "list_audit" && at.is_null());
                !at.is_empty() && at.iter().all(is_own)
            }
            other => panic!("{other:?} is no word of the table"),
        }
    }
}

fn uuid() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("{:04}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// The rows of the table: own and other of each column.
fn expected() -> BTreeMap<&'static str, Vec<(&'static str, &'static str)>> {
    let rows = EXPECTED.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.len() == 11)
        .map(|row| (row[0], row[1..].chunks(2).map(|cells| (cells[0], cells[1])).collect()))
        .filter(|(name, _)| *name != "operation")
        .collect()
}

async fn operations(app: &App) -> Vec<Operation> {
    let document = app.nobody().get("/openapi.json").await.expect(200).json();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            operations.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
            });
        }
    }
    operations
}

#[tokio::test]
async fn every_operation_answers_every_role_as_the_table_says() {
    let world = World::new().await;
    let operations = operations(&world.app).await;
    let expected = expected();
    let listed: Vec<&str> = operations.iter().map(|operation| operation.id.as_str()).collect();
    for name in expected.keys() {
        assert!(listed.contains(name), "{name} is in the table, and no operation");
    }
    let (mut asked, mut wrong) = (0, Vec::new());
    for operation in &operations {
        let Some(row) = expected.get(operation.id.as_str()) else {
            panic!("{} is an operation and not in the table", operation.id);
        };
        for (roles, (own, other)) in COLUMNS.iter().zip(row) {
            for (expected, is_own) in [(own, true), (other, false)] {
                if *expected == "-" {
                    continue;
                }
                let answer = world.ask(operation, roles, is_own).await;
                asked += 1;
                if !world.check(expected, operation, &answer) {
                    let side = if is_own { "own" } else { "other" };
                    wrong.push(format!(
                        "{} {roles:?} {side}: expected {expected}, got {} {}",
                        operation.id,
                        answer.status,
                        answer.text()
                    ));
                }
            }
        }
        let path = operation.path.replace("{id}", "1").replace("{branch_id}", "1");
        let answer = send(world.app.nobody().request(operation.method.clone(), &path)).await;
        let open = row.iter().all(|(own, _)| *own == "open");
        if (answer.status == 401) == open {
            wrong.push(format!("{} without a token: {}", operation.id, answer.status));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(asked > 200, "{asked}");
    world.app.database.assert_sound().await;
}

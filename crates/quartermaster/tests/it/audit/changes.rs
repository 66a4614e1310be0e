//! Which changes are in the audit: all of them, once each, in the transaction of the change.

use reqwest::Method;
use serde_json::json;
use services::bulk::{self, File, Format, Import, Kind};

use crate::support::api::{Answer, send};
use crate::support::{App, TestDatabase};

/// Follows the audit as it grows.
struct Watch<'d> {
    database: &'d TestDatabase,
    last: i64,
}

impl Watch<'_> {
    /// How many entries are new, and how many of them were written by a transaction that wrote nothing else.
    async fn new_entries(&mut self) -> (i64, i64) {
        let new = format!("from services_audit_logs a where a.id > {}", self.last);
        let strays = format!(
            "select count(*) {new}
               and a.action not in ('branch.deleted', 'item.deleted', 'order.deleted')
               and not exists (select from services_branches t where t.xmin = a.xmin)
               and not exists (select from services_items t where t.xmin = a.xmin)
               and not exists (select from services_orders t where t.xmin = a.xmin)
               and not exists (select from services_stock t where t.xmin = a.xmin)"
        );
        let found = (
            self.database.value(&format!("select count(*) {new}")).await,
            self.database.value(&strays).await,
        );
        self.last = self.database.value("select coalesce(max(id), 0) from services_audit_logs").await;
        found
    }
}

#[tokio::test]
async fn each_request_that_changes_something_adds_one_entry_and_no_other_adds_any() {
    let app = App::start().await;
    let admin = app.admin();
    let (branch, item) = (app.branch("Harbour").await, app.item("NAIL").await);
    let lines = |quantity: i64| json!([{ "item_id": item, "requested_qty": quantity }]);
    let count = |quantity: i64| json!({ "branch_id": branch, "item_id": item, "quantity": quantity });
    let mut watch = Watch { database: &app.database, last: 0 };
    watch.new_entries().await;
    let mut step = async |what: &str, status: u16, answer: Answer, more: i64| {
        answer.expect(status);
        assert_eq!(watch.new_entries().await, (more, 0), "{what}");
    };
    step("a level of nothing", 200, admin.put("/v1/stock", count(0)).await, 1).await;
    step("the same count again", 200, admin.put("/v1/stock", count(0)).await, 0).await;
    step("stock", 200, admin.put("/v1/stock", count(9)).await, 1).await;
    step("the same stock again", 200, admin.put("/v1/stock", count(9)).await, 0).await;
    step(
        "a branch as it is",
        200,
        admin.put(&format!("/v1/branches/{branch}"), json!({ "name": "Harbour" })).await,
        1,
    )
    .await;
    step("a second of its name", 409, admin.post("/v1/branches", json!({ "name": "harbour" })).await, 0)
        .await;
    let draft = json!({ "branch_id": branch, "lines": lines(2) });
    let keyed = || admin.request(Method::POST, "/v1/orders").header("idempotency-key", "once").json(&draft);
    let answer = send(keyed()).await;
    let order = answer.id();
    step("a draft", 201, answer, 1).await;
    step("the same request again", 201, send(keyed()).await, 0).await;
    step(
        "other lines",
        200,
        admin.put(&format!("/v1/orders/{order}"), json!({ "branch_id": branch, "lines": lines(3) })).await,
        1,
    )
    .await;
    step("submitted", 200, admin.command(order, "submit").await, 1).await;
    step("fulfilled", 200, admin.command(order, "fulfill").await, 1).await;
    step("fulfilled twice", 409, admin.command(order, "fulfill").await, 0).await;
    let answer = admin.post("/v1/orders", json!({ "branch_id": branch, "lines": lines(99) })).await;
    let order = answer.id();
    step("another draft", 201, answer, 1).await;
    step("too much", 409, admin.command(order, "submit").await, 0).await;
    step("deleted", 204, admin.delete(&format!("/v1/orders/{order}")).await, 1).await;
    app.database.assert_sound().await;
}

#[tokio::test]
async fn each_row_of_a_file_that_changes_something_adds_one_entry_a_step() {
    let database = TestDatabase::new().await;
    let mut watch = Watch { database: &database, last: 0 };
    for (kind, text, more) in [
        (Kind::Branches, "name,code\nHarbour,HRB\nStation,STA\n", 2),
        (Kind::Branches, "name,code,location\nHarbour,HRB,\nStation,STA,At the station\n", 1),
        (Kind::Items, "sku,name,decimal_places\nNAIL,Nail,0\nROPE,Rope,2\n", 2),
        (Kind::Items, "sku,name,decimal_places\nNAIL,Nails,0\nROPE,Rope,2\n", 1),
        (Kind::Stock, "branch,sku,quantity\nHRB,NAIL,10\nHRB,ROPE,0\n", 2),
        (Kind::Stock, "branch,sku,quantity\nHRB,NAIL,10\nHRB,ROPE,0\n", 0),
        (Kind::Stock, "branch,sku,quantity\nHRB,NAIL,12\n", 1),
        // Drafted; drafted and submitted; drafted and fulfilled; drafted and cancelled.
        (
            Kind::Orders,
            "reference,branch,sku,requested_qty,status\nA,HRB,NAIL,1,draft\nB,HRB,NAIL,1,submitted\n\
             C,HRB,NAIL,1,fulfilled\nD,HRB,NAIL,1,cancelled\n",
            7,
        ),
    ] {
        let import = Import {
            kind,
            file: File::Bytes(text.as_bytes()),
            format: Format::default(),
            dry_run: false,
            skip_bad: None,
            actor: "import",
        };
        let report = bulk::import(&database.pool(services::ROLES), &import, &|_| {}).await.unwrap();
        assert_eq!(report.bad, []);
        assert_eq!(watch.new_entries().await, (more, 0), "{text}");
    }
    database.assert_sound().await;
}

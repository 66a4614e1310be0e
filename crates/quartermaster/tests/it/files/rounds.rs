//! Out and in again: a company of odd things comes back as it was, and what comes back to its own database changes nothing.

use std::collections::HashSet;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use services::bulk::Kind;

use super::{assert_counts, export, load};
use crate::support::{App, TestDatabase};

const KINDS: [Kind; 4] = [Kind::Branches, Kind::Items, Kind::Orders, Kind::Stock];
const BRANCHES: [(&str, &str); 4] = [
    ("Harbour, \"East\"; =1+1", "Europe/Berlin"),
    ("Straße Ünïcödé Łódź", "Pacific/Auckland"),
    ("'quoted'", "UTC"),
    ("東京 | İstanbul", "America/St_Johns"),
];
const SKUS: [(&str, &str, u8); 6] = [
    ("@AT", "+49 Käse; -2", 0),
    ("007", "=HYPERLINK(\"x\")", 0),
    ("-5", "Türklinke weiß", 1),
    ("ŞAFT", "ΚΑΔΟΣ", 2),
    ("Q\"uote", "one, two", 3),
    ("1,5", "שלום 18V", 3),
];
const REFERENCES: [Option<&str>; 5] = [None, None, Some("PO-77"), Some("=REF"), Some("'s; -1")];
const NOTES: [Option<&str>; 4] = [None, Some("two\nlines; =1"), Some("+ \"quoted\""), Some("-")];

/// A number of a setting of the run.
fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap())
}

/// A company as clients make one: whatever the services let them do.
struct Company {
    app: App,
    random: ChaCha8Rng,
    branches: Vec<i64>,
    items: Vec<(i64, u8)>,
    orders: Vec<i64>,
}

impl Company {
    async fn new(seed: u64) -> Company {
        let (app, random) = (App::start().await, ChaCha8Rng::seed_from_u64(seed));
        let (mut branches, mut items) = (Vec::new(), Vec::new());
        for (name, timezone) in BRANCHES {
            let body = json!({ "name": name, "timezone": timezone, "location": "-5; =2" });
            branches.push(app.admin().post("/v1/branches", body).await.expect(201).id());
        }
        for (sku, name, places) in SKUS {
            let body = json!({
                "sku": sku, "name": name, "decimal_places": places, "unit": "m²", "description": "a\n=b",
                "min_stock_level": "3"
            });
            items.push((app.admin().post("/v1/items", body).await.expect(201).id(), places));
        }
        let mut company = Company { app, random, branches, items, orders: Vec::new() };
        for _ in 0..12 {
            company.count().await;
        }
        for _ in 0..setting("ROUNDS_STEPS", 80) {
            company.step().await;
        }
        for order in company.some_orders(6) {
            company.command(order, "fulfill").await;
        }
        let (branch, item) = (company.branch(), company.item());
        company.close(&format!("/v1/branches/{branch}")).await;
        company.close(&format!("/v1/items/{}", item.0)).await;
        for order in company.some_orders(6) {
            company.command(order, "cancel").await;
        }
        company.app.database.assert_sound().await;
        company
    }

    fn branch(&mut self) -> i64 {
        self.branches[self.random.random_range(0..self.branches.len())]
    }

    fn item(&mut self) -> (i64, u8) {
        self.items[self.random.random_range(0..self.items.len())]
    }

    fn some_orders(&mut self, most: usize) -> Vec<i64> {
        (0..most.min(self.orders.len()))
            .map(|_| self.orders[self.random.random_range(0..self.orders.len())])
            .collect()
    }

    /// So many at most, as finely as the item is counted.
    fn quantity(&mut self, most: i64, places: u8) -> String {
        let whole = self.random.random_range(1..=most);
        match places {
            0 => whole.to_string(),
            places => {
                format!("{whole}.{:0width$}", self.random.random_range(0..10), width = usize::from(places))
            }
        }
    }

    /// Something that a client may do. What the rules refuse changes nothing, and is right too.
    async fn step(&mut self) {
        match self.random.random_range(0..10) {
            0..2 => self.count().await,
            // Drafts of one batch have one time.
            2..4 => {
                let bodies: Vec<Value> = (0..3).map(|_| self.draft()).collect();
                let admin = self.app.admin();
                let drafts = bodies.into_iter().map(|body| admin.post("/v1/orders", body));
                for answer in futures_util::future::join_all(drafts).await {
                    self.orders.push(answer.expect(201).id());
                }
            }
            4..7 => {
                for order in self.some_orders(4) {
                    self.command(order, "submit").await;
                }
            }
            7..9 => {
                for order in self.some_orders(4) {
                    self.command(order, "fulfill").await;
                }
            }
            _ => {
                for order in self.some_orders(1) {
                    if self.random.random_bool(0.5) {
                        self.command(order, "cancel").await;
                    } else {
                        self.app.admin().delete(&format!("/v1/orders/{order}")).await;
                    }
                }
            }
        }
    }

    async fn count(&mut self) {
        let (branch, (item, places)) = (self.branch(), self.item());
        let below = self.random.random_bool(0.15);
        let sign = if below { "-" } else { "" };
        let quantity = format!("{sign}{}", self.quantity(40, places));
        let quantity = if self.random.random_bool(0.1) { "0".to_owned() } else { quantity };
        let body = json!({
            "branch_id": branch, "item_id": item, "quantity": quantity, "override_negative": below
        });
        self.app.admin().put("/v1/stock", body).await.expect(200);
    }

    fn draft(&mut self) -> Value {
        let branch = self.branch();
        let first = self.random.random_range(0..self.items.len());
        let mut lines = Vec::new();
        for n in 0..self.random.random_range(1..4) {
            let (item, places) = self.items[(first + n) % self.items.len()];
            lines.push(json!({ "item_id": item, "requested_qty": self.quantity(6, places) }));
        }
        let reference = REFERENCES[self.random.random_range(0..REFERENCES.len())];
        let note = NOTES[self.random.random_range(0..NOTES.len())];
        json!({ "branch_id": branch, "reference": reference, "note": note, "lines": lines })
    }

    async fn command(&self, order: i64, verb: &str) {
        let status = self.app.admin().command(order, verb).await.status;
        assert!([200, 404, 409].contains(&status), "{verb} {order}: {status}");
    }

    async fn close(&self, path: &str) {
        let now = self.app.admin().get(path).await.expect(200).json();
        let mut body = now.clone();
        for field in ["id", "created_at", "updated_at", "left"] {
            body.as_object_mut().unwrap().remove(field);
        }
        body["active"] = json!(false);
        self.app.admin().put(path, body).await.expect(200);
    }
}

/// A file without the columns of these names.
fn without(file: &str, names: &[&str]) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(file.trim_start_matches('\u{feff}').as_bytes());
    let kept: Vec<bool> = reader.headers().unwrap().iter().map(|name| !names.contains(&name)).collect();
    let cells = |record: csv::StringRecord| {
        record.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(cell, _)| cell.to_owned()).collect()
    };
    reader.records().map(|record| cells(record.unwrap())).collect()
}

/// The promised quantity of each level.
async fn promised(database: &TestDatabase) -> Vec<String> {
    database
        .value(
            "select array_agg(format('%s %s %s', b.name, i.sku, trim_scale(s.reserved)) order by b.name, i.sku)
             from services_stock s
             join services_branches b on b.id = s.branch_id
             join services_items i on i.id = s.item_id",
        )
        .await
}

/// Everything that an import could write.
async fn written(database: &TestDatabase) -> String {
    let mut written = String::new();
    for table in ["branches", "items", "stock", "orders", "order_lines", "stock_movements", "audit_logs"] {
        let rows = format!(
            "select coalesce(md5(string_agg(t::text, ',' order by t::text)), '') from services_{table} t"
        );
        written.push_str(&database.value::<String>(&rows).await);
    }
    written
}

#[tokio::test]
async fn a_company_of_odd_things_comes_back_as_it_was_and_changes_nothing_where_it_came_from() {
    let first = setting("ROUNDS_SEED", 1);
    let mut seen = HashSet::new();
    for seed in first..first + setting("ROUNDS_CASES", 3) {
        let company = Company::new(seed).await;
        let source = &company.app.database;
        let mut files = Vec::new();
        for kind in KINDS {
            files.push((kind, export(source, kind).await));
        }
        let copy = TestDatabase::new().await;
        for (kind, file) in &files {
            let report = load(&copy, *kind, file).await;
            assert_eq!(report.bad, [], "ROUNDS_SEED={seed}, {kind:?}");
            assert!(
                report.written && report.created + report.changed > 0,
                "ROUNDS_SEED={seed}, {kind:?}: {report:?}"
            );
        }
        copy.assert_sound().await;
        for (kind, file) in &files {
            // Numbers of orders are the database's own, and a level that a count found right keeps its time.
            let own = if *kind == Kind::Stock { "at" } else { "number" };
            let (found, wanted) = (without(&export(&copy, *kind).await, &[own]), without(file, &[own]));
            let other = found.iter().zip(&wanted).find(|(found, wanted)| found != wanted);
            assert_eq!(other, None, "ROUNDS_SEED={seed}, {kind:?}");
            assert_eq!(found.len(), wanted.len(), "ROUNDS_SEED={seed}, {kind:?}");
            seen.extend(wanted.into_iter().flatten());
        }
        assert_eq!(promised(&copy).await, promised(source).await, "ROUNDS_SEED={seed}");
        for database in [&copy, source] {
            let before = written(database).await;
            for (kind, file) in &files {
                let report = load(database, *kind, file).await;
                assert_counts(&report, 0, 0, report.unchanged);
                assert!(report.unchanged > 0, "ROUNDS_SEED={seed}, {kind:?}");
            }
            assert_eq!(written(database).await, before, "ROUNDS_SEED={seed}");
        }
    }
    // The companies had what is to come back.
    for cell in ["draft", "submitted", "fulfilled", "cancelled", "true", "false", "yes", "PO-77"] {
        assert!(seen.contains(cell), "no {cell}");
    }
    assert!(
        seen.iter().any(|cell| cell.starts_with('-') && cell.parse::<f64>().is_ok()),
        "nothing below zero"
    );
}

/// A branch and an item of which 45 are on hand, and an order of 5 that was fulfilled.
async fn shop_with_an_order(reference: Option<&str>) -> (App, i64, i64, i64) {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.item("NAIL").await);
    app.stock(branch, item, 50).await;
    let order = fulfilled(&app, branch, item, reference).await;
    (app, branch, item, order)
}

async fn fulfilled(app: &App, branch: i64, item: i64, reference: Option<&str>) -> i64 {
    let lines = json!([{ "item_id": item, "requested_qty": 5 }]);
    let body = json!({ "branch_id": branch, "reference": reference, "lines": lines });
    let order = app.admin().post("/v1/orders", body).await.expect(201).id();
    app.admin().command(order, "fulfill").await.expect(200);
    order
}

#[tokio::test]
async fn orders_without_a_reference_and_with_equal_ones_are_found_again() {
    for reference in [None, Some("PO-77")] {
        let (app, branch, item, _) = shop_with_an_order(reference).await;
        fulfilled(&app, branch, item, reference).await;
        let file = export(&app.database, Kind::Orders).await;
        assert_counts(&load(&app.database, Kind::Orders, &file).await, 0, 0, 2);
        assert_eq!(app.level(branch, item).await.0, "40");
        // Of a draft that is gone, its own line of the file makes another; the others stay what they are.
        let draft = app.draft(branch, &[(item, 1)]).await;
        let file = export(&app.database, Kind::Orders).await;
        app.admin().delete(&format!("/v1/orders/{draft}")).await.expect(204);
        assert_counts(&load(&app.database, Kind::Orders, &file).await, 1, 0, 2);
        assert_counts(&load(&app.database, Kind::Orders, &file).await, 0, 0, 3);
        // A draft that got another reference since is still itself.
        let draft = app.draft(branch, &[(item, 1)]).await;
        let file = export(&app.database, Kind::Orders).await;
        let lines = json!([{ "item_id": item, "requested_qty": 2 }]);
        let body = json!({ "branch_id": branch, "reference": "NEW", "lines": lines });
        app.admin().put(&format!("/v1/orders/{draft}"), body).await.expect(200);
        assert_counts(&load(&app.database, Kind::Orders, &file).await, 0, 0, 4);
        app.database.assert_sound().await;
    }
}

#[tokio::test]
async fn an_export_of_a_version_that_made_references_of_numbers_is_found_again() {
    let (app, branch, item, order) = shop_with_an_order(None).await;
    let answer = app.admin().get(&format!("/v1/orders/{order}")).await.expect(200).json();
    let (created, fulfilled) = (&answer["created_at"], &answer["fulfilled_at"]);
    let file = format!(
        "reference,branch,sku,requested_qty,status,created_at,fulfilled_at\n\
         order-{order},Harbour,NAIL,5,fulfilled,{},{}\n",
        created.as_str().unwrap(),
        fulfilled.as_str().unwrap()
    );
    assert_counts(&load(&app.database, Kind::Orders, &file).await, 0, 0, 1);
    assert_eq!(app.level(branch, item).await.0, "45");
}

#[tokio::test]
async fn an_order_can_be_known_by_its_reference_or_by_its_number_and_time() {
    let database = super::shop().await;
    for (row, column) in [
        (",,Harbour,NAIL,1,draft,", "reference"),
        ("7,,Harbour,NAIL,1,draft,", "created_at"),
        ("x,,Harbour,NAIL,1,draft,2026-01-01", "number"),
        ("0,A,Harbour,NAIL,1,draft,2026-01-01", "number"),
    ] {
        let text = format!("number,reference,branch,sku,requested_qty,status,created_at\n{row}\n");
        let report = load(&database, Kind::Orders, &text).await;
        let told: Vec<_> = report.bad.iter().map(|bad| bad.column).collect();
        assert_eq!(told, [Some(column)], "{row}");
    }
    let text = "number,branch,sku,requested_qty,status,created_at\n\
                7,Harbour,NAIL,1,draft,2026-01-01\n7,Harbour,ROPE,1,draft,2026-01-01\n8,Harbour,NAIL,2,draft,2026-01-01\n";
    assert_counts(&load(&database, Kind::Orders, text).await, 2, 0, 0);
    assert_counts(&load(&database, Kind::Orders, text).await, 0, 0, 2);
    database.assert_sound().await;
}

#[tokio::test]
async fn orders_that_stand_as_they_are_leave_on_hand_what_they_find() {
    let database = super::shop().await;
    let header = "reference,branch,sku,requested_qty,status,created_at,submitted_at,fulfilled_at,as_is\n";
    // Counted today: what was fulfilled in March is not on hand any more, and the count knows of it.
    let march = "A,Harbour,NAIL,8,fulfilled,2026-03-01T10:00:00Z,,2026-03-01T11:00:00Z,yes\n";
    let report = load(&database, Kind::Orders, &format!("{header}{march}")).await;
    let told: Vec<_> = report.bad.iter().map(|bad| (bad.line, bad.column)).collect();
    assert_eq!(told, [(2, Some("fulfilled_at"))]);
    assert!(report.bad[0].reason.contains("last moved"), "{}", report.bad[0].reason);

    let early = TestDatabase::new().await;
    load(&early, Kind::Branches, "name,active\nHarbour,no\n").await;
    load(&early, Kind::Items, "sku,name,active\nNAIL,Nail,no\nROPE,Rope,yes\n").await;
    let open = "B,Harbour,ROPE,4,submitted,2026-03-02T10:00:00Z,2026-03-02T11:00:00Z,,yes\n";
    assert_counts(&load(&early, Kind::Orders, &format!("{header}{march}{open}")).await, 2, 0, 0);
    assert_eq!(super::level(&early, "NAIL").await, ("0".into(), "0".into()));
    assert_eq!(super::level(&early, "ROPE").await, ("0".into(), "4".into()));
    let balances: Vec<String> = early
        .value("select array_agg(trim_scale(balance)::text order by id) from services_stock_movements")
        .await;
    assert_eq!(balances, ["8", "0"]);
    // Without the word, the rules are asked.
    let report =
        load(&early, Kind::Orders, &format!("{header}{open}").replace("B,", "C,").replace("yes", "no")).await;
    assert_eq!(report.bad.len(), 1);
    early.assert_sound().await;
}

#[tokio::test]
async fn of_orders_that_stand_as_they_are_a_bad_one_brings_nothing() {
    let database = TestDatabase::new().await;
    load(&database, Kind::Branches, "name\nHarbour\n").await;
    load(&database, Kind::Items, "sku,name\nNAIL,Nail\nROPE,Rope\n").await;
    load(&database, Kind::Stock, "branch,sku,quantity,at\nHarbour,NAIL,3,2026-03-02\n").await;
    // The first was fulfilled before the count, which knows of it; the last has no item.
    let text = "reference,branch,sku,requested_qty,status,created_at,fulfilled_at,as_is\n\
        A,Harbour,NAIL,8,fulfilled,2026-03-01,2026-03-01,yes\n\
        A,Harbour,ROPE,8,fulfilled,2026-03-01,2026-03-01,yes\n\
        B,Harbour,NAIL,2,fulfilled,2026-03-03,2026-03-03,yes\n\
        C,Harbour,NAIL,2,fulfilled,2026-03-04,2026-03-04,yes\n\
        C,Harbour,NONE,2,fulfilled,2026-03-04,2026-03-04,yes\n";
    let (report, rejects) = super::run_skipping(&database, super::plain(Kind::Orders, text.as_bytes())).await;
    assert_eq!((report.created, rejects.lines().count()), (1, 5), "{rejects}");
    let moved: Vec<String> = database
        .value("select array_agg(trim_scale(quantity)::text order by id) from services_stock_movements")
        .await;
    assert_eq!(moved, ["3", "2", "-2"]);
    database.assert_sound().await;
}

#[tokio::test]
async fn what_is_below_zero_or_left_at_a_closed_branch_is_taken_where_the_file_says_so() {
    for (setup, quantity) in [("yes,yes", "-3"), ("no,yes", "20"), ("yes,no", "20"), ("no,no", "0")] {
        let database = TestDatabase::new().await;
        let (branch, item) = setup.split_once(',').unwrap();
        load(&database, Kind::Branches, &format!("name,active\nHarbour,{branch}\n")).await;
        load(&database, Kind::Items, &format!("sku,name,active\nNAIL,Nail,{item}\n")).await;
        let file = format!("branch,sku,quantity\nHarbour,NAIL,{quantity}\n");
        let report = load(&database, Kind::Stock, &file).await;
        assert_eq!(report.bad.len(), 1, "{setup}");
        assert!(report.bad[0].reason.contains("as_is"), "{}", report.bad[0].reason);
        let file = format!("branch,sku,quantity,as_is\nHarbour,NAIL,{quantity},yes\n");
        assert_counts(&load(&database, Kind::Stock, &file).await, 1, 0, 0);
        // What is there already is not asked about.
        let file = file.replace("yes", "no");
        assert_counts(&load(&database, Kind::Stock, &file).await, 0, 0, 1);
        assert_eq!(super::level(&database, "NAIL").await.0, quantity);
        database.assert_sound().await;
    }
}

#[tokio::test]
async fn an_export_begins_with_the_mark_that_spreadsheets_look_for() {
    let database = super::shop().await;
    for kind in [Kind::Branches, Kind::Items, Kind::Stock, Kind::Orders] {
        let file = export(&database, kind).await;
        let header = file.strip_prefix('\u{feff}').expect("a byte order mark");
        assert!(header.starts_with(|c: char| c.is_ascii_lowercase()), "{header}");
        assert_eq!(load(&database, kind, &file).await.bad, []);
    }
}

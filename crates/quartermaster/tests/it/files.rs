//! CSV files in and out.

mod cells;
mod counts;
mod forms;
mod found;
mod lists;
mod page;
mod rounds;

use services::bulk::{self, BadRow, BulkError, File, Format, Import, Kind, Report};

use crate::support::{App, TestDatabase};

/// An import with everything detected and nothing left out.
fn plain(kind: Kind, bytes: &[u8]) -> Import<'_> {
    let file = File::Bytes(bytes);
    Import { kind, file, format: Format::default(), dry_run: false, skip_bad: None, actor: "import" }
}

async fn run(database: &TestDatabase, import: &Import<'_>) -> Result<Report, BulkError> {
    bulk::import(&database.pool(services::ROLES), import, &|_| {}).await
}

#[track_caller]
fn assert_counts(report: &Report, created: u64, changed: u64, unchanged: u64) {
    assert_eq!(report.bad, []);
    assert_eq!((report.created, report.changed, report.unchanged), (created, changed, unchanged));
}

/// Takes the good rows; gives also the file of the others.
async fn run_skipping(database: &TestDatabase, import: Import<'_>) -> (Report, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rejects.csv");
    let report = run(database, &Import { skip_bad: Some(&path), ..import }).await.unwrap();
    (report, std::fs::read_to_string(&path).unwrap())
}

async fn load(database: &TestDatabase, kind: Kind, text: &str) -> Report {
    run(database, &plain(kind, text.as_bytes())).await.unwrap()
}

async fn export(database: &TestDatabase, kind: Kind) -> String {
    let mut out = Vec::new();
    bulk::export(&database.pool(services::ROLES), kind, &[], &mut out).await.unwrap();
    String::from_utf8(out).unwrap()
}

/// A branch, two items, 10 of each, counted now.
async fn shop() -> TestDatabase {
    shop_counted_at("").await
}

async fn shop_counted_at(at: &str) -> TestDatabase {
    let database = TestDatabase::new().await;
    load(&database, Kind::Branches, "name,code\nHarbour,HRB\n").await;
    load(&database, Kind::Items, "sku,name,decimal_places\nNAIL,Nail,0\nROPE,Rope,2\n").await;
    let stock = format!("branch,sku,quantity,at\nHarbour,NAIL,10,{at}\nHRB,ROPE,10,{at}\n");
    load(&database, Kind::Stock, &stock).await;
    database
}

async fn level(database: &TestDatabase, sku: &str) -> (String, String) {
    let column = |name: &str| {
        format!(
            "select trim_scale({name})::text from services_stock s join services_items i on i.id = s.item_id where i.sku = '{sku}'"
        )
    };
    (database.value(&column("s.quantity")).await, database.value(&column("s.reserved")).await)
}

#[tokio::test]
async fn importing_twice_changes_nothing_the_second_time() {
    let database = TestDatabase::new().await;
    let orders = "reference,branch,sku,requested_qty,status\n\
                  A,Harbour,NAIL,4,fulfilled\nA,Harbour,ROPE,1.25,fulfilled\nB,harbour,NAIL,2,submitted\nC,HRB,NAIL,1,draft\n";
    for (kind, text, rows) in [
        (Kind::Branches, "name,code\nHarbour,HRB\nPort,\n", 2),
        (Kind::Items, "sku,name,decimal_places,barcode\nNAIL,Nail,0,4001\nROPE,Rope,2,\n", 2),
        (Kind::Stock, "branch,sku,quantity\nHarbour,NAIL,10\nHRB,ROPE,10\n", 2),
        (Kind::Orders, orders, 3),
    ] {
        assert_counts(&load(&database, kind, text).await, rows, 0, 0);
        if kind != Kind::Orders {
            assert_counts(&load(&database, kind, text).await, 0, 0, rows);
        }
    }
    assert_counts(&load(&database, Kind::Orders, orders).await, 0, 0, 3);
    assert_eq!(level(&database, "NAIL").await, ("6".into(), "2".into()));
    assert_eq!(level(&database, "ROPE").await, ("8.75".into(), "0".into()));
    database.assert_sound().await;
}

#[tokio::test]
async fn what_is_different_the_second_time_is_changed_and_audited() {
    let database = shop().await;
    assert_counts(&load(&database, Kind::Branches, "name,location\nHARBOUR,4 Quay Road\n").await, 0, 1, 0);
    assert_counts(
        &load(&database, Kind::Items, "sku,name,min_stock_level\nNAIL,Nails,5\nROPE,Rope,\n").await,
        0,
        1,
        1,
    );
    assert_counts(
        &load(&database, Kind::Stock, "branch,sku,quantity\nHarbour,NAIL,7\nHarbour,ROPE,10\n").await,
        0,
        1,
        1,
    );
    let updates: i64 = database
        .value("select count(*) from services_audit_logs where actor = 'import' and action in ('branch.updated', 'item.updated')")
        .await;
    assert_eq!(updates, 2);
    database.assert_sound().await;
}

#[tokio::test]
async fn every_bad_row_is_told_with_line_column_and_reason_and_nothing_is_written() {
    let database = shop().await;
    let text = "branch,sku,quantity,at\n\
                Harbour,NAIL,11,\n\
                Nowhere,NAIL,1,\n\
                Harbour,NONE,1,\n\
                Harbour,NAIL,-1,\n\
                Harbour,ROPE,1.234,\n\
                Harbour,ROPE,many,\n\
                Harbour,ROPE,\"2,5\",\n\
                Harbour,ROPE,1,soon\n\
                Harbour,ROPE,1,2999-01-01\n\
                Harbour,ROPE\n\
                Harbour,NAIL,12,\n";
    let report = load(&database, Kind::Stock, text).await;
    assert!(!report.written);
    let told: Vec<(u64, Option<&str>)> = report.bad.iter().map(|bad| (bad.line, bad.column)).collect();
    assert_eq!(
        told,
        [
            (3, Some("branch")),
            (4, Some("sku")),
            (5, Some("quantity")),
            (6, Some("quantity")),
            (7, Some("quantity")),
            (8, Some("quantity")),
            (9, Some("at")),
            (10, Some("at")),
            (11, None),
            (12, Some("sku")),
        ]
    );
    assert!(report.bad.iter().all(|bad| bad.reason.len() > 10), "{:#?}", report.bad);
    assert_eq!(level(&database, "NAIL").await.0, "10");
}

#[tokio::test]
async fn a_dry_run_reports_and_writes_nothing() {
    let database = shop().await;
    let text =
        "reference,branch,sku,requested_qty,status\nA,Harbour,NAIL,4,fulfilled\nB,Harbour,NAIL,7,fulfilled\n";
    let import = Import { dry_run: true, ..plain(Kind::Orders, text.as_bytes()) };
    let report = run(&database, &import).await.unwrap();
    assert!(!report.written);
    let short = BadRow {
        line: 3,
        column: Some("requested_qty"),
        reason: "cannot be fulfilled: asks for 7, available 6".to_owned(),
    };
    assert_eq!(report.bad, [short]);
    let orders: i64 = database.value("select count(*) from services_orders").await;
    let entries: i64 =
        database.value("select count(*) from services_audit_logs where entity_type = 'order'").await;
    assert_eq!((orders, entries), (0, 0));
}

#[tokio::test]
async fn good_rows_are_taken_and_bad_ones_rejected_into_a_file_that_can_be_mended() {
    let database = shop().await;
    let text = "reference,branch,sku,requested_qty,status\n\
                A,Harbour,NAIL,4,fulfilled\n\
                B,Harbour,NAIL,1,fulfilled\n\
                B,Harbour,ROPE,99,fulfilled\n\
                C,Harbour,NAIL,x,draft\n\
                C,Harbour,ROPE,1,draft\n\
                D,Harbour,ROPE,1,submitted\n";
    let (report, rejects) = run_skipping(&database, plain(Kind::Orders, text.as_bytes())).await;
    assert!(report.written);
    assert_eq!(report.created, 2);
    let lines: Vec<&str> = rejects.lines().collect();
    assert_eq!(lines[0], "reference,branch,sku,requested_qty,status,reject_reason");
    let of: Vec<&str> = lines[1..].iter().map(|line| &line[..1]).collect();
    assert_eq!(of, ["B", "B", "C", "C"], "an order is taken whole or not at all: {rejects}");
    assert_eq!(level(&database, "NAIL").await.0, "6");
    let mended = rejects.replace(",99,", ",2,").replace(",x,", ",1,");
    let report = load(&database, Kind::Orders, &mended).await;
    assert_counts(&report, 2, 0, 0);
    database.assert_sound().await;
}

#[tokio::test]
async fn rejects_of_other_kinds_hold_the_bad_rows_alone() {
    let database = shop().await;
    let text = "sku,name,decimal_places\nA,First,0\nB,,0\nC,Third,7\nA,Again,0\n";
    let (report, rejects) = run_skipping(&database, plain(Kind::Items, text.as_bytes())).await;
    assert_eq!(report.created, 1);
    assert_eq!(rejects.lines().count(), 4, "{rejects}");
    assert!(rejects.contains("B,,0,name: must not be empty"), "{rejects}");
}

#[tokio::test]
async fn orders_of_the_past_are_posted_in_the_order_of_time() {
    let database = shop().await;
    // The second order of the file came first, and only in that order is there enough for both.
    let text = "reference,branch,sku,requested_qty,status,created_at,submitted_at,fulfilled_at,cancelled_at\n\
        B,Harbour,NAIL,8,fulfilled,2026-03-02T10:00:00Z,,2026-03-02T11:00:00Z,\n\
        A,Harbour,NAIL,9,cancelled,2026-03-01T10:00:00Z,2026-03-01T10:00:00Z,,2026-03-01T12:00:00Z\n";
    // Counted before that.
    let again = TestDatabase::new().await;
    load(&again, Kind::Branches, "name\nHarbour\n").await;
    load(&again, Kind::Items, "sku,name\nNAIL,Nail\n").await;
    load(&again, Kind::Stock, "branch,sku,quantity,reason,at\nHarbour,NAIL,10,Opening,2026-01-01\n").await;
    assert_counts(&load(&again, Kind::Orders, text).await, 2, 0, 0);
    let at: String = again
        .value("select to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') from services_stock_movements where kind = 'fulfilment'")
        .await;
    assert_eq!(at, "2026-03-02 11:00");
    again.assert_sound().await;
    // Counted today: the count knows of what was fulfilled before.
    let report = load(&database, Kind::Orders, text).await;
    let told: Vec<(u64, Option<&str>)> = report.bad.iter().map(|bad| (bad.line, bad.column)).collect();
    assert_eq!(told, [(2, Some("fulfilled_at"))]);
    database.assert_sound().await;
}

#[tokio::test]
async fn lines_that_contradict_their_order_are_told() {
    let database = shop().await;
    for (text, column) in [
        ("A,Harbour,NAIL,1,draft,\nA,Harbour,ROPE,1,submitted,\n", "reference"),
        ("A,Harbour,NAIL,1,draft,\nA,Harbour,NAIL,1,draft,\n", "sku"),
        ("A,Harbour,NAIL,0,draft,\n", "requested_qty"),
        ("A,Harbour,NAIL,-1,draft,\n", "requested_qty"),
        ("A,Harbour,NAIL,1,lost,\n", "status"),
        ("A,Harbour,NAIL,1,draft,2026-01-01\n", "fulfilled_at"),
        (",Harbour,NAIL,1,draft,\n", "reference"),
    ] {
        let text = format!("reference,branch,sku,requested_qty,status,fulfilled_at\n{text}");
        let report = load(&database, Kind::Orders, &text).await;
        assert!(!report.written);
        assert_eq!(report.bad.iter().map(|bad| bad.column).collect::<Vec<_>>(), [Some(column)], "{text}");
    }
}

#[tokio::test]
async fn barcodes_and_codes_of_others_are_told() {
    let database = shop().await;
    load(&database, Kind::Items, "sku,name,barcode\nA,A,1\n").await;
    let report = load(&database, Kind::Items, "sku,name,barcode\nB,B,1\nC,C,2\nD,D,2\n").await;
    let told: Vec<(u64, Option<&str>)> = report.bad.iter().map(|bad| (bad.line, bad.column)).collect();
    assert_eq!(told, [(2, Some("barcode")), (4, Some("barcode"))]);
    let report = load(&database, Kind::Branches, "name,code\nOther,HRB\n").await;
    assert_eq!(report.bad.len(), 1);
}

#[tokio::test]
async fn what_is_exported_can_be_imported_and_is_the_same_again() {
    let database = TestDatabase::new().await;
    load(
        &database,
        Kind::Branches,
        "name,location,timezone,active\n\"Harbour, \"\"East\"\"\",=1+1,Europe/Berlin,true\nOld,-5,UTC,no\n",
    )
    .await;
    load(&database, Kind::Items, "sku,name,description,unit,decimal_places,barcode,min_stock_level\n@A,+49 Käse,\"two\nlines\",kg,3,'007,2.125\n").await;
    load(&database, Kind::Stock, "branch,sku,quantity,at\n\"Harbour, \"\"East\"\"\",@A,7.125,2026-01-01\n")
        .await;
    load(&database, Kind::Orders, "reference,branch,sku,requested_qty,status,note\n=REF,\"Harbour, \"\"East\"\"\",@A,0.125,submitted,-\n").await;
    let copy = TestDatabase::new().await;
    for kind in [Kind::Branches, Kind::Items, Kind::Orders, Kind::Stock] {
        let file = export(&database, kind).await;
        for cell in csv_cells(&file) {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        }
        let report = load(&copy, kind, &file).await;
        assert_eq!(report.bad, []);
        assert!(report.created + report.changed > 0);
        if kind != Kind::Stock {
            assert_eq!(export(&copy, kind).await, file);
        }
    }
    let name: String = copy.value("select name || location from services_branches order by id limit 1").await;
    assert_eq!(name, "Harbour, \"East\"=1+1");
    copy.assert_sound().await;
}

/// The cells of a file, quotes taken off.
fn csv_cells(text: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' | '\n' if !quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

#[tokio::test]
async fn an_import_of_orders_and_the_services_post_to_the_same_stock_at_once() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.item("NAIL").await);
    app.stock(branch, item, 1_000).await;
    let mut text = "reference,branch,sku,requested_qty,status\n".to_owned();
    for number in 0..300 {
        text.push_str(&format!("R{number},Harbour,NAIL,1,fulfilled\n"));
    }
    let import = plain(Kind::Orders, text.as_bytes());
    let importing = run(&app.database, &import);
    let selling = async {
        for _ in 0..40 {
            let order = app.draft(branch, &[(item, 1)]).await;
            app.admin().command(order, "fulfill").await.expect(200);
        }
    };
    let (report, ()) = tokio::join!(importing, selling);
    assert_counts(&report.unwrap(), 300, 0, 0);
    assert_eq!(app.level(branch, item).await.0, "660");
    app.database.assert_sound().await;
}

#[tokio::test]
async fn an_import_of_stock_and_the_services_post_to_the_same_levels_at_once() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    let mut items = Vec::new();
    for number in 0..20 {
        let item = app.item(&format!("SKU-{number}")).await;
        app.stock(branch, item, 1_000).await;
        items.push(item);
    }
    // Against the order of the keys.
    let counts = (0..20).rev().map(|number| format!("Harbour,SKU-{number},500\n"));
    let text = "branch,sku,quantity\n".to_owned() + &counts.collect::<String>();
    let counting = async {
        for _ in 0..5 {
            assert!(load(&app.database, Kind::Stock, &text).await.written);
        }
    };
    let selling = async {
        for number in 0..40 {
            let lines = [(items[number % 20], 1), (items[(number + 7) % 20], 1)];
            let order = app.draft(branch, &lines).await;
            app.admin().command(order, "fulfill").await.expect(200);
        }
    };
    tokio::join!(counting, selling);
    app.database.assert_sound().await;
}

/// More rows than an import takes at once.
const MANY: usize = 6_000;

/// A time on the first day of the year, so many seconds in.
fn at(second: usize) -> String {
    format!("2026-01-01T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

#[tokio::test]
async fn counts_of_one_level_are_posted_in_the_order_of_time_however_many_there_are() {
    let database = TestDatabase::new().await;
    load(&database, Kind::Branches, "name\nHarbour\n").await;
    load(&database, Kind::Items, "sku,name\nNAIL,Nail\nROPE,Rope\n").await;
    let count = |number: usize| format!("Harbour,NAIL,{},{}\n", number + 1, at(number));
    // The last one first.
    let counts: String = (0..MANY).rev().map(count).collect();
    let text = format!("branch,sku,quantity,at\n{counts}Harbour,ROPE,1,\n");
    assert_counts(&load(&database, Kind::Stock, &text).await, 2, 5_999, 0);
    assert_eq!(level(&database, "NAIL").await.0, "6000");
    database.assert_sound().await;
    let again = format!("branch,sku,quantity,at\n{counts}Harbour,NAIL,1,{}\n", at(17));
    let report = load(&database, Kind::Stock, &again).await;
    let told: Vec<(u64, Option<&str>)> = report.bad.iter().map(|bad| (bad.line, bad.column)).collect();
    assert_eq!(told, [(6_002, Some("sku"))]);
}

#[tokio::test]
async fn orders_that_stay_open_for_long_are_posted_whole_and_their_ids_follow_time() {
    let database = TestDatabase::new().await;
    load(&database, Kind::Branches, "name\nHarbour\nPort\n").await;
    load(&database, Kind::Items, "sku,name\nNAIL,Nail\n").await;
    load(
        &database,
        Kind::Stock,
        "branch,sku,quantity,at\nHarbour,NAIL,9000,2025-01-01\nPort,NAIL,9000,2025-01-01\n",
    )
    .await;
    let mut text = "reference,branch,sku,requested_qty,status,submitted_at,fulfilled_at\n".to_owned();
    for number in 0..MANY {
        let branch = if number % 2 == 0 { "Harbour" } else { "Port" };
        let (submitted, fulfilled) = (at(number), at(10_000 + number));
        text.push_str(&format!("{number:04},{branch},NAIL,1,fulfilled,{submitted},{fulfilled}\n"));
    }
    assert_counts(&load(&database, Kind::Orders, &text).await, 6_000, 0, 0);
    assert_counts(&load(&database, Kind::Orders, &text).await, 0, 0, 6_000);
    let left: String = database.value("select sum(quantity)::bigint::text from services_stock").await;
    assert_eq!(left, "12000");
    let out_of_turn: i64 = database
        .value("select count(*) from (select reference < lag(reference) over (order by id) as earlier from services_orders) o where o.earlier")
        .await;
    assert_eq!(out_of_turn, 0);
    database.run("analyze").await;
    database.assert_sound().await;
}

#[tokio::test]
async fn every_bad_row_is_counted_and_rejected_and_the_first_are_told() {
    let database = shop().await;
    let rows: String = (0..MANY).map(|_| "Harbour,NONE,1\n").collect();
    let text = format!("branch,sku,quantity\nHarbour,NAIL,11\n{rows}Harbour,ROPE,x\n");
    let (report, rejects) = run_skipping(&database, plain(Kind::Stock, text.as_bytes())).await;
    assert!(report.written);
    assert_eq!((report.rows, report.faults, report.bad_rows, report.changed), (6_002, 6_001, 6_001, 1));
    assert_eq!(report.bad.len(), bulk::SHOWN);
    assert_eq!((report.bad[0].line, report.bad[999].line), (3, 1_002));
    assert_eq!(rejects.lines().count(), 6_002);
    assert_eq!(
        rejects.lines().next_back(),
        Some("Harbour,ROPE,x,\"quantity: \"\"x\"\" is not a decimal number\"")
    );
}

#[tokio::test]
async fn an_order_that_is_refused_takes_nothing_from_the_others() {
    let database = shop_counted_at("2025-12-31").await;
    // When the second order is submitted the first one holds the stock; when it would be fulfilled it does not.
    let text = "reference,branch,sku,requested_qty,status,submitted_at,fulfilled_at,cancelled_at\n\
        A,Harbour,NAIL,8,cancelled,2026-01-01T09:00:00Z,,2026-01-01T11:00:00Z\n\
        B,Harbour,NAIL,5,fulfilled,2026-01-01T10:00:00Z,2026-01-01T12:00:00Z,\n\
        C,Harbour,NAIL,10,fulfilled,,2026-01-01T13:00:00Z,\n";
    let (report, _) = run_skipping(&database, plain(Kind::Orders, text.as_bytes())).await;
    let short = BadRow {
        line: 3,
        column: Some("requested_qty"),
        reason: "cannot be submitted: asks for 5, available 2".to_owned(),
    };
    assert_eq!((report.bad, report.created), (vec![short], 2));
    assert_eq!(level(&database, "NAIL").await, ("0".into(), "0".into()));
    database.assert_sound().await;
}

#[tokio::test]
async fn an_order_has_at_most_500_lines_in_a_file_too() {
    let database = shop().await;
    let rows: String = (0..501).map(|number| format!("A,Harbour,SKU-{number},1,draft\n")).collect();
    let items: String = (0..501).map(|number| format!("SKU-{number},Item\n")).collect();
    load(&database, Kind::Items, &format!("sku,name\n{items}")).await;
    let text = format!("reference,branch,sku,requested_qty,status\n{rows}");
    let (report, rejects) = run_skipping(&database, plain(Kind::Orders, text.as_bytes())).await;
    let told: Vec<(u64, Option<&str>)> = report.bad.iter().map(|bad| (bad.line, bad.column)).collect();
    assert_eq!(told, [(502, Some("reference"))]);
    assert_eq!(rejects.lines().count(), 502);
    let fits: String = text.lines().take(501).map(|line| format!("{line}\n")).collect();
    assert_counts(&load(&database, Kind::Orders, &fits).await, 1, 0, 0);
    database.assert_sound().await;
}

//! A count has its time, and what an import would change is told.

use services::bulk::{Import, Kind};

use super::{assert_counts, level, load, plain, run, shop};
use crate::support::TestDatabase;

/// Counted on 1 January, 12 fulfilled on 27 November: 68 before, 56 since.
async fn moved() -> TestDatabase {
    let database = TestDatabase::new().await;
    load(&database, Kind::Branches, "name\nHarbour\n").await;
    load(&database, Kind::Items, "sku,name\nNAIL,Nail\nROPE,Rope\n").await;
    load(&database, Kind::Stock, "branch,sku,quantity,at\nHarbour,NAIL,68,2026-01-01\n").await;
    let order = "reference,branch,sku,requested_qty,status,created_at,fulfilled_at\n\
                 A,Harbour,NAIL,12,fulfilled,2026-11-27T09:00:00Z,2026-11-27T10:00:00Z\n";
    assert_counts(&load(&database, Kind::Orders, order).await, 1, 0, 0);
    database
}

/// When the movements were, in order.
async fn times(database: &TestDatabase) -> Vec<String> {
    let days = "select array_agg(to_char(at at time zone 'UTC', 'MM-DD HH24:MI') order by id)";
    database.value(&format!("{days} from services_stock_movements")).await
}

#[tokio::test]
async fn a_count_of_a_time_after_which_the_level_moved_is_refused_with_what_moved_since() {
    let database = moved().await;
    let count = |quantity: u32, at: &str| format!("branch,sku,quantity,at\nHarbour,NAIL,{quantity},{at}\n");
    let report = load(&database, Kind::Stock, &count(50, "2026-10-01T08:00:00Z")).await;
    let [bad] = report.bad.as_slice() else { panic!("{:?}", report.bad) };
    assert_eq!((bad.line, bad.column), (2, Some("at")));
    assert!(bad.reason.contains("68 was on hand then, not 50"), "{}", bad.reason);
    assert!(bad.reason.contains("2026-11-27T10:00:00Z"), "{}", bad.reason);
    assert_eq!(level(&database, "NAIL").await.0, "56");
    assert_eq!(times(&database).await, ["01-01 00:00", "11-27 10:00"]);
    // What the ledger says of that time, a count may say too: the same file again does no harm.
    assert_counts(&load(&database, Kind::Stock, &count(68, "2026-10-01T08:00:00Z")).await, 0, 0, 1);
    assert_counts(&load(&database, Kind::Stock, &count(68, "2026-01-01")).await, 0, 0, 1);
    assert_counts(&load(&database, Kind::Stock, &count(0, "2025-12-31")).await, 0, 0, 1);
    assert_eq!(level(&database, "NAIL").await.0, "56");
    // Since then nothing moved.
    assert_counts(&load(&database, Kind::Stock, &count(50, "2026-11-28")).await, 0, 1, 0);
    assert_eq!(level(&database, "NAIL").await.0, "50");
    assert_eq!(times(&database).await.last().unwrap(), "11-28 00:00");
    database.assert_sound().await;
}

#[tokio::test]
async fn a_count_is_entered_at_its_time_where_stock_was_only_promised_since() {
    let database = moved().await;
    let order = "reference,branch,sku,requested_qty,status,submitted_at\n\
                 B,Harbour,NAIL,6,submitted,2026-11-29T10:00:00Z\n";
    assert_counts(&load(&database, Kind::Orders, order).await, 1, 0, 0);
    let count = "branch,sku,quantity,at\nHarbour,NAIL,50,2026-11-28T08:00:00Z\n";
    assert_counts(&load(&database, Kind::Stock, count).await, 0, 1, 0);
    assert_eq!(level(&database, "NAIL").await, ("50".into(), "6".into()));
    assert_eq!(times(&database).await.last().unwrap(), "11-28 08:00");
    let changed: String = database
        .value("select to_char(updated_at at time zone 'UTC', 'MM-DD HH24:MI') from services_stock")
        .await;
    assert_eq!(changed, "11-29 10:00");
    database.assert_sound().await;
}

#[tokio::test]
async fn an_order_that_took_stock_before_the_level_last_moved_is_refused() {
    let database = moved().await;
    for as_is in ["", "yes"] {
        let order = format!(
            "reference,branch,sku,requested_qty,status,created_at,fulfilled_at,as_is\n\
             B,Harbour,NAIL,2,fulfilled,2026-11-01,2026-11-02,{as_is}\n"
        );
        let report = load(&database, Kind::Orders, &order).await;
        let [bad] = report.bad.as_slice() else { panic!("{:?}", report.bad) };
        assert_eq!((bad.line, bad.column), (2, Some("fulfilled_at")));
        assert!(bad.reason.contains("2026-11-27T10:00:00Z"), "{}", bad.reason);
    }
    assert_eq!(level(&database, "NAIL").await.0, "56");
}

#[tokio::test]
async fn a_report_says_what_becomes_what() {
    let database = shop().await;
    let told = async |kind: Kind, text: &str| {
        let import = Import { dry_run: true, ..plain(kind, text.as_bytes()) };
        let report = run(&database, &import).await.unwrap();
        assert_eq!(report.bad, []);
        report.changes.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    load(&database, Kind::Items, "sku,name\nBOLT,Bolt\n").await;
    let stock = "branch,sku,quantity\nHRB,BOLT,5\nHarbour,ROPE,10\nHarbour,NAIL,2\n";
    assert_eq!(
        told(Kind::Stock, stock).await,
        ["line 2, Harbour, BOLT: new, quantity 5", "line 4, Harbour, NAIL: quantity 10 → 2"]
    );
    let items = "sku,name,barcode,min_stock_level\nNAIL,Nails,4001,0\nNUT,Nut,,1\nROPE,Rope,,0\n";
    assert_eq!(
        told(Kind::Items, items).await,
        ["line 2, NAIL: name Nail → Nails, barcode (empty) → 4001", "line 3, NUT: new"]
    );
    let branches = "name,active,location\nHARBOUR,no,Quay\nPort,,\n";
    assert_eq!(
        told(Kind::Branches, branches).await,
        [
            "line 2, HARBOUR: name Harbour → HARBOUR, location (empty) → Quay, active true → false",
            "line 3, Port: new"
        ]
    );
    let names: String = database.value("select string_agg(name, ',') from services_branches").await;
    assert_eq!(names, "Harbour");
}

#[tokio::test]
async fn a_report_holds_the_first_hundred_changes_of_many() {
    let database = shop().await;
    let rows: String = (0..250).map(|n| format!("SKU-{n:03},Item\n")).collect();
    let report = load(&database, Kind::Items, &format!("sku,name\n{rows}")).await;
    assert_eq!((report.created, report.changes.len()), (250, services::bulk::CHANGES_SHOWN));
}

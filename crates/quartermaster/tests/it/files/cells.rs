//! Cells that no spreadsheet takes for a formula, and lines that show all that they say.

use services::bulk::Kind;

use super::{assert_counts, export, load, plain, run, run_skipping, shop};
use crate::support::TestDatabase;

#[tokio::test]
async fn what_an_export_writes_starts_no_formula_whatever_separates_and_comes_back_as_it_was() {
    let database = TestDatabase::new().await;
    load(&database, Kind::Branches, "name,code\nHarbour,HRB\n").await;
    let names = [
        "a;=1+1;b",
        "=1+1",
        "'=1+1",
        "''quoted''",
        "x|@SUM(A1)",
        "a; \"-2",
        "＝1",
        "it's; 'so'",
        "-5;+7",
        "plain",
    ];
    let notes = ["one\n=1\n- two\n\t+3", "a\r\n@b", "'- not a list", "a;'=b"];
    for (n, name) in names.iter().enumerate() {
        let insert = format!("insert into services_items (sku, name, description) values ('I{n}', $1, $2)");
        let client = database.connect("quartermaster").await;
        client.execute(&insert, &[name, &notes[n % notes.len()]]).await.unwrap();
    }
    let of = async |database: &TestDatabase| -> Vec<String> {
        database.value("select array_agg(name || '/' || description order by sku) from services_items").await
    };
    let written = export(&database, Kind::Items).await;
    for separator in [',', ';', '\t', '|'] {
        for cell in written.lines().flat_map(|line| line.split(separator)) {
            let shown = cell.trim_start_matches(['"', ' ']);
            assert!(!shown.starts_with(['=', '+', '-', '@', '＝']), "{separator:?}: {cell}");
        }
    }
    let copy = TestDatabase::new().await;
    assert_counts(&load(&copy, Kind::Items, &written).await, 10, 0, 0);
    assert_eq!(of(&copy).await, of(&database).await);
    assert_counts(&load(&database, Kind::Items, &written).await, 0, 0, 10);
}

#[tokio::test]
async fn the_rows_that_are_left_out_start_no_formula_either_and_come_back() {
    let database = TestDatabase::new().await;
    let text = "sku,name,decimal_places\nA,=1+1;=2,9\nB,'kept,9\n";
    let (_, rejects) = run_skipping(&database, plain(Kind::Items, text.as_bytes())).await;
    assert!(rejects.contains("A,'=1+1;'=2,9,") && rejects.contains("B,''kept,9,"), "{rejects}");
    let mended = rejects.replace(",9,", ",0,");
    assert_eq!(load(&database, Kind::Items, &mended).await.created, 2);
    let names: Vec<String> = database.value("select array_agg(name order by sku) from services_items").await;
    assert_eq!(names, ["=1+1;=2", "'kept"]);
}

#[tokio::test]
async fn files_are_held_to_the_rules_for_lines_that_requests_are_held_to() {
    let database = shop().await;
    for (kind, text, column) in [
        (Kind::Items, "sku,name\nA,Bolt\u{202e}8M\n", "name"),
        (Kind::Items, "sku,name\nA\u{200d}B,Bolt\n", "sku"),
        (Kind::Branches, "name\nPort\u{200b}\n", "name"),
        (
            Kind::Orders,
            "reference,branch,sku,requested_qty,status\nR\u{2066},Harbour,NAIL,1,draft\n",
            "reference",
        ),
    ] {
        let report = run(&database, &plain(kind, text.as_bytes())).await.unwrap();
        let [bad] = report.bad.as_slice() else { panic!("{:?}", report.bad) };
        assert_eq!((bad.line, bad.column), (2, Some(column)));
        assert!(bad.reason.contains("must not contain the invisible character U+"), "{}", bad.reason);
    }
}

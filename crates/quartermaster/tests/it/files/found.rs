//! Files as people, spreadsheets and suppliers leave them.

use services::bulk::{Decimal, Encoding, Format, Import, Kind};

use super::{assert_counts, export, level, load, plain, run, run_skipping, shop};
use crate::support::TestDatabase;

/// The lines, columns and reasons of what is wrong with a file of items.
async fn faults(
    database: &TestDatabase,
    kind: Kind,
    file: &[u8],
) -> Vec<(u64, Option<&'static str>, String)> {
    let report = run(database, &plain(kind, file)).await.unwrap();
    assert!(!report.written);
    report.bad.into_iter().map(|bad| (bad.line, bad.column, bad.reason)).collect()
}

async fn names(database: &TestDatabase) -> Vec<String> {
    let names: Option<Vec<String>> = database
        .value("select array_agg(name order by sku) from services_items where sku not in ('NAIL', 'ROPE')")
        .await;
    names.unwrap_or_default()
}

#[tokio::test]
async fn a_stray_byte_is_a_bad_row_and_garbles_no_other() {
    let database = shop().await;
    let file = ["sku,name\nA,Käse groß\nB,Tür weiß\nC,".as_bytes(), b"\xF6l\n"].concat();
    let told = faults(&database, Kind::Items, &file).await;
    assert_eq!((told.len(), told[0].0, told[0].1), (1, 4, Some("name")));
    assert!(told[0].2.contains("UTF-8") && told[0].2.contains("--encoding"), "{}", told[0].2);
    let (report, _) = run_skipping(&database, plain(Kind::Items, &file)).await;
    assert_eq!((report.created, report.bad_rows), (2, 1));
    assert_eq!(names(&database).await, ["Käse groß", "Tür weiß"]);
}

#[tokio::test]
async fn an_encoding_that_is_not_certain_is_asked_for() {
    let database = shop().await;
    let file = b"sku;name\r\nA;T\x81rklinke wei\xE1\r\n";
    let error = run(&database, &plain(Kind::Items, file)).await.unwrap_err().to_string();
    assert!(error.contains("line 2") && error.contains("--encoding"), "{error}");
    let format = Format { encoding: Encoding::named("windows-1250"), ..Format::default() };
    let import = Import { format, ..plain(Kind::Items, b"sku;name\r\nA;\xA3opata\r\n") };
    assert_counts(&run(&database, &import).await.unwrap(), 1, 0, 0);
    assert_eq!(names(&database).await, ["Łopata"]);
}

#[tokio::test]
async fn a_quote_that_is_not_closed_is_told_where_it_opens_and_no_row_vanishes() {
    let database = shop().await;
    let middle = "sku,name,description\nA,Monitor,\"24 inch, wide\nB,Keyboard,cable\nC,Mouse,\"wireless\"\nD,Pad,soft\n";
    let inch = "sku,name,description\nA,Monitor,\"24 inch\nB,Keyboard,27\"\nC,Mouse,x\nD,Pad,soft\n";
    let end = "sku,name,description\nA,Monitor,\"24 inch, wide\nB,Keyboard,cable\nC,Mouse,x\nD,Pad,soft\n";
    for file in [middle, inch, end] {
        let told = faults(&database, Kind::Items, file.as_bytes()).await;
        assert_eq!((told.len(), told[0].0), (1, 2), "{told:?}");
        assert!(told[0].2.contains("quote that is not closed"), "{told:?}");
        assert!(names(&database).await.is_empty());
    }
    let (report, rejects) = run_skipping(&database, plain(Kind::Items, middle.as_bytes())).await;
    assert_eq!((report.created, report.bad_rows), (3, 1));
    assert_eq!(rejects.lines().count(), 2, "{rejects}");
    assert_eq!(names(&database).await, ["Keyboard", "Mouse", "Pad"]);
}

#[tokio::test]
async fn the_line_that_is_told_is_the_line_of_the_file() {
    let database = shop().await;
    let file = "sku,name,description\r\nA,Hinge,\"line one\nline two\"\r\nB,ok,x\r\n\r\nC,,x\r\n";
    let told = faults(&database, Kind::Items, file.as_bytes()).await;
    assert_eq!(told, [(6, Some("name"), "must not be empty".to_owned())]);
}

#[tokio::test]
async fn what_spreadsheets_add_to_a_file_is_read_over() {
    let database = shop().await;
    let file = "sep=;\r\n;;;\r\n Artikelnummer ;NAME;Aktiv;;\r\nA;Hinge;WAHR;;\r\n;;;;\r\nB;Latch;FALSCH;;;;\r\nC;Lock;ja\r\nD;Key;Nein;;\r\n";
    assert_counts(&load(&database, Kind::Items, file).await, 4, 0, 0);
    let active: Vec<bool> = database
        .value("select array_agg(active order by sku) from services_items where sku in ('A', 'B', 'C', 'D')")
        .await;
    assert_eq!(active, [true, false, true, false]);
}

#[tokio::test]
async fn a_number_is_read_where_it_can_be_one_alone_and_asked_about_otherwise() {
    let database = shop().await;
    let file = "branch;sku;quantity\nHarbour;ROPE;1.800\n".as_bytes();
    let told = faults(&database, Kind::Stock, file).await;
    assert!(told[0].2.contains("--decimal"), "{told:?}");
    let of = |decimal| Format { decimal, ..Format::default() };
    for (decimal, file, quantity) in [
        (None, "branch;sku;quantity\nHarbour;ROPE;2,5\n", "2.5"),
        (Some(Decimal::Comma), "branch;sku;quantity\nHarbour;ROPE;1.800\n", "1800"),
        (Some(Decimal::Point), "branch;sku;quantity\nHarbour;ROPE;1.80\n", "1.8"),
        (Some(Decimal::Comma), "branch,sku,quantity\nHarbour,ROPE,\"1.234,5\"\n", "1234.5"),
        (None, "branch,sku,quantity\nHarbour,ROPE,1.750\n", "1.75"),
    ] {
        let import = Import { format: of(decimal), ..plain(Kind::Stock, file.as_bytes()) };
        assert_eq!(run(&database, &import).await.unwrap().bad, [], "{file}");
        assert_eq!(level(&database, "ROPE").await.0, quantity, "{file}");
    }
}

#[tokio::test]
async fn codes_are_taken_without_the_marks_of_spreadsheets_and_refused_where_those_rounded_them() {
    let database = shop().await;
    let file =
        "sku;name;barcode\nA;Tape;4,00638E+12\nB;Tape;4.00639E+12\nC;Tape;4006381333931.0\n4E+12;Tape;\n";
    let told = faults(&database, Kind::Items, file.as_bytes()).await;
    let columns: Vec<_> = told.iter().map(|(line, column, _)| (*line, *column)).collect();
    assert_eq!(columns, [(2, Some("barcode")), (3, Some("barcode")), (4, Some("barcode")), (5, Some("sku"))]);
    assert!(told[0].2.contains("format the column as text"), "{told:?}");
    let file = "sku,name,barcode,decimal_places\nA,Glue,'019954141271,9\n'00988,Pot,\"=\"\"0042\"\"\",9\n";
    let (_, rejects) = run_skipping(&database, plain(Kind::Items, file.as_bytes())).await;
    assert_counts(&load(&database, Kind::Items, &rejects.replace(",9,", ",0,")).await, 2, 0, 0);
    let codes: Vec<String> = database
        .value("select array_agg(sku || ' ' || barcode order by sku) from services_items where barcode is not null")
        .await;
    assert_eq!(codes, ["00988 0042", "A 019954141271"]);
    let file = export(&database, Kind::Items).await;
    assert_eq!(load(&database, Kind::Items, &file).await.changed, 0);
}

#[tokio::test]
async fn days_as_spreadsheets_show_them_are_refused_with_the_form_that_is_wanted() {
    let database = shop().await;
    for at in ["31/01/2025", "30.11.2026", "11/29/2026 14:30", "46355"] {
        let file = format!("branch,sku,quantity,at\nHarbour,NAIL,1,{at}\n");
        let told = faults(&database, Kind::Stock, file.as_bytes()).await;
        assert!(
            told[0].2.contains("as a spreadsheet shows it") && told[0].2.contains("2026-08-31"),
            "{told:?}"
        );
    }
}

#[tokio::test]
async fn an_empty_cell_leaves_what_there_is_unless_it_is_to_clear_it() {
    let database = shop().await;
    let value = "select coalesce(max(description), '') || '/' || coalesce(max(barcode), '') from services_items where sku = 'A'";
    load(&database, Kind::Items, "sku,name,description,barcode\nA,Blank,keep,2000000000022\n").await;
    let file = "sku,name,description,barcode\nA,Blank,,\n";
    assert_counts(&load(&database, Kind::Items, file).await, 0, 0, 1);
    assert_eq!(database.value::<String>(value).await, "keep/2000000000022");
    let format = Format { clear_empty: true, ..Format::default() };
    let import = Import { format, ..plain(Kind::Items, file.as_bytes()) };
    assert_counts(&run(&database, &import).await.unwrap(), 0, 1, 0);
    assert_eq!(database.value::<String>(value).await, "/");
}

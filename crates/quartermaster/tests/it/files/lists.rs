//! The lists of the portal as files for spreadsheets.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use jiff::Timestamp;
use serde_json::json;

use crate::support::api::User;
use crate::support::portal::{Browser, Company};

/// Texts that a spreadsheet would make a formula, a number or a date of.
const SKU: &str = "0042";
const NAME: &str = "=1+1; Käse";

/// A branch in Berlin with 2.5 of an item, of which an order took 1.5.
async fn company() -> (Company, Browser, User) {
    let (company, browser, api) = Company::with_admin().await;
    api.post("/v1/branches", json!({ "name": "Köln", "timezone": "Europe/Berlin" })).await.expect(201);
    let item = json!({ "sku": SKU, "name": NAME, "decimal_places": 1, "barcode": "007" });
    api.post("/v1/items", item).await.expect(201);
    let count = json!({ "branch_id": 1, "item_id": 1, "quantity": "4", "reason": "-5 broken" });
    api.put("/v1/stock", count).await.expect(200);
    let lines = json!([{ "item_id": 1, "requested_qty": "1.5" }]);
    let order = json!({ "branch_id": 1, "reference": "12-3", "note": "@noon", "lines": lines });
    api.post("/v1/orders", order).await.expect(201);
    api.command(1, "fulfill").await.expect(200);
    (company, browser, api)
}

/// The rows of a workbook, and the name of its sheet.
async fn workbook(browser: &Browser, path: &str) -> (String, Vec<Vec<Data>>) {
    let answer = browser.get(path).await;
    assert_eq!(answer.status(), 200, "{path}");
    let disposition = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.ends_with(".xlsx\""), "{disposition}");
    let bytes = answer.bytes().await.unwrap().to_vec();
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let name = book.sheet_names()[0].clone();
    let rows = book.worksheet_range(&name).unwrap().rows().map(<[Data]>::to_vec).collect();
    assert!(book.worksheet_formula(&name).unwrap().is_empty(), "{path}: a formula");
    (name, rows)
}

fn text(cell: &Data) -> &str {
    match cell {
        Data::String(text) => text,
        other => panic!("{other:?} is no text"),
    }
}

/// The cells below the heading of a column.
fn column<'r>(rows: &'r [Vec<Data>], heading: &str) -> Vec<&'r Data> {
    let place = rows[0].iter().position(|cell| text(cell) == heading);
    let place = place.unwrap_or_else(|| panic!("no {heading} in {:?}", rows[0]));
    rows[1..].iter().map(|row| &row[place]).collect()
}

#[tokio::test]
async fn lists_are_files_that_open_right_in_every_language() {
    let (_company, browser, api) = company().await;
    let (name, stock) = workbook(&browser, "/stock/xlsx?q=0042").await;
    assert_eq!(name, "Stock");
    assert_eq!(column(&stock, "SKU"), [&Data::String(SKU.to_owned())]);
    assert_eq!(column(&stock, "Item"), [&Data::String(NAME.to_owned())]);
    assert_eq!(column(&stock, "On hand"), [&Data::Float(2.5)]);
    let changed = api.get("/v1/stock").await.expect(200).json()[0]["updated_at"].clone();
    let changed: Timestamp = changed.as_str().unwrap().parse().unwrap();
    let there = changed.in_tz("Europe/Berlin").unwrap().strftime("%Y-%m-%d %H:%M:%S").to_string();
    let [Data::DateTime(at)] = column(&stock, "Changed (Europe/Berlin)")[..] else { panic!("{stock:?}") };
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    assert_eq!(format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"), there);
    assert_eq!(workbook(&browser, "/stock/xlsx?q=nothing").await.1.len(), 1);

    let (_, orders) = workbook(&browser, "/orders/xlsx?state=fulfilled").await;
    assert_eq!(column(&orders, "Reference"), [&Data::String("12-3".to_owned())]);
    assert_eq!(column(&orders, "State"), [&Data::String("Fulfilled".to_owned())]);
    assert_eq!(column(&orders, "Note"), [&Data::String("@noon".to_owned())]);
    assert_eq!(column(&orders, "Submitted (Europe/Berlin)"), [&Data::Empty]);
    let (_, items) = workbook(&browser, "/items/xlsx").await;
    assert_eq!(column(&items, "Barcode"), [&Data::String("007".to_owned())]);
    let (_, ledger) = workbook(&browser, "/items/1/ledger/xlsx?branch=1").await;
    assert_eq!(column(&ledger, "Change"), [&Data::Float(-1.5), &Data::Float(4.0)]);
    assert_eq!(column(&ledger, "Reason")[1], &Data::String("-5 broken".to_owned()));
    let (_, audit) = workbook(&browser, "/audit/xlsx?entity_type=order").await;
    assert_eq!(column(&audit, "Action").len(), 2);
    let (_, people) = workbook(&browser, "/admin/audit/xlsx?action=user.added").await;
    assert_eq!(people.len(), 2);

    browser.set_cookie("language", Some("de"));
    let (name, stock) = workbook(&browser, "/stock/xlsx").await;
    assert_eq!(name, "Bestand");
    assert_eq!(column(&stock, "Vorhanden"), [&Data::Float(2.5)]);
    assert_eq!(column(&stock, "Geändert (Europe/Berlin)").len(), 1);
}

#[tokio::test]
async fn lists_are_files_that_programs_read_whatever_the_language() {
    let (_company, browser, _) = company().await;
    for (path, header, cells) in [
        (
            "/stock/csv?hide=updated",
            "branch,item,sku,quantity,reserved,available,min_stock_level",
            "Köln,'=1+1; Käse,0042,2.5,0,2.5,0",
        ),
        (
            "/items/csv",
            "sku,name,description,unit,decimal_places,barcode,min_stock_level,active",
            "0042,'=1+1; Käse,,pcs,1,007,0,true",
        ),
        (
            "/orders/csv",
            "id,reference,branch,status,lines,note,created_by,",
            "1,12-3,Köln,fulfilled,1,'@noon,mia,",
        ),
        (
            "/items/1/ledger/csv",
            "id,at,branch,sku,kind,document_id,quantity,balance,actor,reason,reverses",
            "2,",
        ),
        (
            "/audit/csv?entity_type=item",
            "id,at,actor_user_id,actor,action,entity_type,entity_id,ip,request_id,details,branch",
            "2,",
        ),
    ] {
        let file = browser.get(path).await;
        assert_eq!(file.headers()["content-type"], "text/csv; charset=utf-8");
        let file = file.text().await.unwrap();
        let mut lines = file.trim_start_matches('\u{feff}').lines();
        assert!(lines.next().unwrap().starts_with(header), "{path}: {file}");
        assert!(lines.next().unwrap().starts_with(cells), "{path}: {file}");
    }
    let bytes = browser.get("/stock/csv").await.bytes().await.unwrap();
    assert!(bytes.starts_with(b"\xEF\xBB\xBF"));
}

#[tokio::test]
async fn a_file_that_ends_before_its_list_says_so() {
    let (company, browser, _) = company().await;
    let rows = 50_000;
    company
        .database
        .run(&format!(
            "insert into services_audit_logs (at, actor, action, entity_type, entity_id, details)
             select now(), 'test', 'item.counted', 'item', n::text, '{{}}' from generate_series(1, {rows}) n"
        ))
        .await;
    let lines = async |path: &str| {
        let file = browser.get(path).await.text().await.unwrap();
        (file.lines().count(), file.lines().next_back().unwrap().to_owned())
    };
    let (count, last) = lines("/audit/csv?person=test").await;
    assert_eq!(count, rows + 1);
    assert!(!last.contains("goes on"), "{last}");
    let (count, last) = lines("/audit/csv").await;
    assert_eq!(count, rows + 2);
    assert!(last.contains("The list goes on. A file ends after"), "{last}");
    let (_, sheet) = workbook(&browser, "/audit/xlsx").await;
    assert_eq!(sheet.len(), rows + 2);
    assert!(text(&sheet[rows + 1][0]).contains("The list goes on."), "{:?}", sheet[rows + 1]);
}

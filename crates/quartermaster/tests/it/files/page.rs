//! A catalogue that comes by the portal's page, which reads files as the command line does.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::api::User;
use crate::support::portal::{Browser, Company};

const PATH: &str = "/items/import/";

async fn company() -> (Company, Browser, User) {
    let (company, browser, api) = Company::with_admin().await;
    (company, browser, api)
}

/// The page that answers to a file.
async fn shown(browser: &Browser, form: &[(&str, &str)], file: &[u8]) -> (StatusCode, String) {
    let response = browser.upload(PATH, form, file).await;
    (response.status(), response.text().await.unwrap())
}

/// Carries out what a page shows; gives the page that says so.
async fn carried_out(browser: &Browser, text: &str, decimal: &str) -> String {
    let form = [("text", text), ("step", "apply"), ("key", "one"), ("decimal", decimal)];
    browser.upload(PATH, &form, b"").await.text().await.unwrap()
}

#[tokio::test]
async fn the_bytes_of_a_file_are_read_by_evidence_and_nothing_garbled_is_stored() {
    let (_company, browser, api) = company().await;
    let western = b"sku;name;description\r\nCP-1;T\xFCrklinke wei\xDF;Ma\xDF f\xFCr Au\xDFen\r\n";
    let (status, page) = shown(&browser, &[], western).await;
    assert_eq!(status, 200);
    assert!(page.contains("Türklinke weiß") && !page.contains('\u{fffd}'), "{page}");
    let page = carried_out(&browser, "sku;name;description\r\nCP-1;Türklinke weiß;Maß\r\n", "").await;
    assert!(page.contains("One row was carried out."), "{page}");
    assert_eq!(api.get("/v1/items?sku=CP-1").await.json()[0]["name"], "Türklinke weiß");

    let dos = b"sku;name\r\nCP-2;T\x81r\r\n";
    let (status, page) = shown(&browser, &[], dos).await;
    assert_eq!(status, 422);
    assert!(page.contains("Line 2 is not UTF-8") && page.contains("Choose the encoding"), "{page}");
    let (status, page) =
        shown(&browser, &[("encoding", "windows-1250")], b"sku;name\r\nP;\xA3opata\r\n").await;
    assert!(status == 200 && page.contains("Łopata"), "{page}");
    let stray = b"sku,name\nA,K\xC3\xA4se\nB,\xF6l\n";
    let (_, page) = shown(&browser, &[("step", "apply"), ("key", "two")], stray).await;
    assert!(
        page.contains("not of the file’s encoding") && page.contains("One row was carried out."),
        "{page}"
    );
    assert_eq!(api.get("/v1/items?sku=B").await.json(), json!([]));
}

#[tokio::test]
async fn what_spreadsheets_add_is_read_over_on_the_page_too() {
    let (_company, browser, _) = company().await;
    let file = b"sep=;\r\nSKU;Name;In use;;\r\nA;Hinge;WAHR;;\r\n;;;;\r\nB;Latch;ja;;;;\r\n";
    let (status, page) = shown(&browser, &[], file).await;
    assert!(status == 200 && page.contains("2 new, 0 changed, 0 as they are, 0 wrong"), "{page}");
    let (_, page) = shown(&browser, &[], b"sku,name,description\nA,x,\"24 inch, wide\nB,y,z\n").await;
    assert!(page.contains("opens a quote that is not closed") && page.contains("1 new"), "{page}");
}

#[tokio::test]
async fn an_empty_cell_leaves_what_there_is_as_the_page_says() {
    let (_company, browser, api) = company().await;
    let item = json!({ "sku": "A", "name": "Blank", "description": "keep", "barcode": "2000000000022" });
    api.post("/v1/items", item).await.expect(201);
    let page = carried_out(&browser, "sku,name,description,barcode\nA,Blank two,,\n", "").await;
    assert!(page.contains("One row was carried out."), "{page}");
    let item = api.get("/v1/items?sku=A").await.json()[0].clone();
    assert_eq!(
        (&item["name"], &item["description"], &item["barcode"]),
        (&json!("Blank two"), &json!("keep"), &json!("2000000000022"))
    );
}

#[tokio::test]
async fn numbers_of_a_german_file_are_read_or_asked_about_in_german() {
    let (_company, browser, api) = company().await;
    browser.post("/preferences/", &[("language", "de")]).await;
    let file = "sku;name;decimal_places;min_stock_level\nA;Sand;3;2,5\nB;Kies;3;1.000\n";
    let (_, page) = shown(&browser, &[], file.as_bytes()).await;
    assert!(page.contains("„1.000“ können Tausender oder Nachkommastellen sein"), "{page}");
    assert!(!page.contains("„2,5“"), "{page}");
    carried_out(&browser, file, "comma").await;
    let minimum = |sku: &str| {
        let path = format!("/v1/items?sku={sku}");
        let api = &api;
        async move { api.get(&path).await.json()[0]["min_stock_level"].to_string() }
    };
    assert_eq!((minimum("A").await, minimum("B").await), ("2.5".to_owned(), "1000".to_owned()));
}

#[tokio::test]
async fn a_form_in_parts_is_held_to_the_token_like_any_other() {
    let (_company, browser, api) = company().await;
    let body = "--cut\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\nsku,name\nA,B\n\r\n\
                --cut\r\ncontent-disposition: form-data; name=\"step\"\r\n\r\napply\r\n--cut--\r\n";
    let request = browser.http.post(format!("{}{PATH}", browser.base)).header("cookie", browser.cookies());
    let request = request.header("content-type", "multipart/form-data; boundary=cut").body(body);
    assert_ne!(request.send().await.unwrap().status(), 200);
    assert_eq!(api.get("/v1/items").await.json(), json!([]));
}

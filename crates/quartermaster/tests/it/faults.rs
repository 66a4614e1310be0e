//! What is wrong with a field of the portal's forms, in the language of the page.

use identity::{BranchScope, Role};

use crate::support::portal::{Browser, Company};

/// A company with a branch, an item in whole units, and an admin whose pages are in German.
async fn german() -> (Company, Browser) {
    let company = Company::start().await;
    company.user("mia", &[Role::Admin], &BranchScope::All).await;
    let browser = company.signed_in("mia").await;
    browser.post("/preferences/", &[("language", "de")]).await;
    for (path, form) in [
        ("/branches/new/", vec![("name", "Hafen"), ("code", "HAFEN"), ("timezone", "UTC"), ("active", "1")]),
        ("/items/new/", ITEM.to_vec()),
    ] {
        assert_eq!(browser.post(path, &form).await.status(), 303, "{path}");
    }
    (company, browser)
}

const ITEM: [(&str, &str); 7] = [
    ("name", "Hammer"),
    ("sku", "HMR-1"),
    ("barcode", "4001"),
    ("unit", "pcs"),
    ("decimal_places", "0"),
    ("min_stock_level", "0"),
    ("active", "1"),
];

/// The form with other values.
fn with<'a>(form: &[(&'a str, &'a str)], changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let value =
        |field: &(&'a str, &'a str)| *changed.iter().find(|(name, _)| *name == field.0).unwrap_or(field);
    form.iter().map(value).collect()
}

/// Each form is refused with these words.
async fn told(browser: &Browser, path: &str, forms: &[(Vec<(&str, &str)>, &str)]) {
    for (form, words) in forms {
        let response = browser.post(path, form).await;
        assert!(matches!(response.status().as_u16(), 409 | 422), "{form:?}: {}", response.status());
        let page = response.text().await.unwrap();
        assert!(page.contains(words), "{form:?} must be told {words:?}: {page}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_item_is_told_in_german() {
    let (_company, browser) = german().await;
    let long = "x".repeat(70);
    let fresh = with(&ITEM, &[("sku", "HMR-2"), ("barcode", "")]);
    told(
        &browser,
        "/items/new/",
        &[
            (with(&fresh, &[("name", "")]), "Füllen Sie das aus."),
            (with(&fresh, &[("sku", &long)]), "Höchstens 64 Zeichen."),
            (with(&fresh, &[("name", "a\u{7}b")]), "Lassen Sie Steuerzeichen weg."),
            (with(&fresh, &[("sku", "HMR-1")]), "Das ist schon vergeben."),
            (with(&fresh, &[("barcode", "4001")]), "Das ist schon vergeben."),
            (with(&fresh, &[("decimal_places", "7")]), "Wählen Sie 0, 1, 2 oder 3."),
            (with(&fresh, &[("min_stock_level", "-1")]), "Geben Sie null oder mehr ein."),
            (with(&fresh, &[("min_stock_level", "1.5")]), "mit höchstens 0 Nachkommastellen gezählt"),
            (with(&fresh, &[("min_stock_level", "viele")]), "Geben Sie eine Zahl"),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_branch_is_told_in_german() {
    let (_company, browser) = german().await;
    let branch = [("name", "Markt"), ("code", "MARKT"), ("timezone", "UTC"), ("active", "1")];
    told(
        &browser,
        "/branches/new/",
        &[
            (with(&branch, &[("code", "ä ö")]), "Buchstaben von A bis Z"),
            (with(&branch, &[("code", "HAFEN")]), "Das ist schon vergeben."),
            (with(&branch, &[("timezone", "Mars/Olympus")]), "Wählen Sie eine Zeitzone aus der Liste"),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_count_or_an_order_is_told_in_german() {
    let (_company, browser) = german().await;
    told(
        &browser,
        "/stock/1/1/adjust/",
        &[
            (vec![("quantity", "-5")], "Geben Sie null oder mehr ein."),
            (vec![("quantity", "1,5")], "mit höchstens 0 Nachkommastellen gezählt"),
            (vec![("quantity", "1,2345")], "Geben Sie eine Zahl"),
            (vec![("quantity", "1.000")], "ohne Tausenderpunkt"),
            (vec![("quantity", "9999999999999")], "unter 1.000.000.000.000"),
        ],
    )
    .await;
    let line = |item, quantity| vec![("branch", "1"), ("item", item), ("quantity", quantity)];
    let twice = [line("HMR-1", "1"), vec![("item", "HMR-1"), ("quantity", "2")]].concat();
    told(
        &browser,
        "/orders/new/",
        &[
            (line("HMR-1", "0"), "Geben Sie an, wie viel: eine Zahl über null."),
            (line("HMR-1", "0.5"), "mit höchstens 0 Nachkommastellen gezählt"),
            (twice, "Eine frühere Position hat diesen Artikel."),
            (vec![("branch", "1")], "Fügen Sie mindestens eine Position hinzu."),
            (vec![("branch", "99"), ("item", "HMR-1"), ("quantity", "1")], "Diese Filiale gibt es nicht."),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_quantity_is_typed_with_the_decimal_mark_of_the_language() {
    let (_company, browser) = german().await;
    let item = with(
        &ITEM,
        &[("sku", "OIL-1"), ("barcode", ""), ("decimal_places", "3"), ("min_stock_level", "2,125")],
    );
    assert_eq!(browser.post("/items/new/", &item).await.status(), 303);
    let page = browser.page("/items/2/edit/").await;
    assert!(page.contains("value=\"2,125\""), "{page}");
    assert_eq!(browser.post("/stock/1/2/adjust/", &[("quantity", "1000,5")]).await.status(), 303);
    let page = browser.page("/items/2/").await;
    assert!(page.contains("1.000,5"), "{page}");
}

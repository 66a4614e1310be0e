//! What people enter on pages: codes that are typed or scanned, amounts, forms that are not theirs, and forms whose
//! session ended meanwhile.

use identity::{BranchScope, Role};
use serde_json::json;

use crate::support::api::User;
use crate::support::portal::{Browser, Company, PASSWORD, field, location};

/// A branch, an item with a barcode and 20 of it, and an admin at work.
async fn shop() -> (Company, Browser, User) {
    let (company, browser, api) = Company::with_admin().await;
    api.post("/v1/branches", json!({ "name": "Harbour" })).await.expect(201);
    let item = json!({ "sku": "BELL-12", "name": "Bell", "barcode": "4012345670018", "decimal_places": 2, "unit": "kg" });
    api.post("/v1/items", item).await.expect(201);
    api.put("/v1/stock", json!({ "branch_id": 1, "item_id": 1, "quantity": 20 })).await.expect(200);
    (company, browser, api)
}

const SCANNED: [(&str, &str); 5] =
    [("branch", "1"), ("item", "1"), ("code", "BELL-12"), ("before", "20"), ("key", "k")];

#[tokio::test]
async fn a_part_of_a_code_is_no_line_of_an_order_and_a_part_of_a_name_is() {
    let (_company, browser, api) = shop().await;
    for (text, status) in [
        ("12345670", 422),
        ("4012345", 422),
        ("BELL-1", 422),
        ("LL-12", 422),
        ("4012345670018", 303),
        ("04012345670018", 303),
        ("bell-12", 303),
        ("bel", 303),
    ] {
        let form = [("branch", "1"), ("item", text), ("quantity", "1")];
        let answer = browser.post("/orders/new/", &form).await;
        assert_eq!(answer.status(), status, "{text}");
        if status == 422 {
            assert!(answer.text().await.unwrap().contains("No item has this"), "{text}");
        }
    }
    assert_eq!(api.get("/v1/orders").await.expect(200).len(), 4);
}

#[tokio::test]
async fn a_code_that_lands_in_a_quantity_is_told_and_kept_to_be_mended() {
    let (_company, browser, api) = shop().await;
    let item = json!({ "sku": "X", "name": "X", "barcode": "96385074" });
    api.post("/v1/items", item).await.expect(201);
    let order = [("branch", "1"), ("item", "BELL-12"), ("quantity", "96385074")];
    let scan = [&SCANNED[..], &[("how", "count"), ("quantity", "96385074")]].concat();
    let adjust = [("quantity", "96385074"), ("key", "a")];
    for (path, form) in [("/orders/new/", &order[..]), ("/scan/", &scan), ("/stock/1/1/adjust/", &adjust)] {
        let answer = browser.post(path, form).await;
        assert_eq!(answer.status(), 422, "{path}");
        let page = answer.text().await.unwrap();
        assert!(page.contains("This is the code of item X."), "{path}: {page}");
        assert!(page.contains("value=\"96385074\""), "{path}: {page}");
    }
    assert_eq!(api.get("/v1/orders").await.expect(200).len(), 0);
    assert_eq!(api.get("/v1/stock/movements").await.expect(200).len(), 1);
}

#[tokio::test]
async fn scanning_does_nothing_until_it_is_chosen_and_keeps_the_choice() {
    let (_company, browser, api) = shop().await;
    let page = browser.page("/scan/?branch=1&code=bell-12").await;
    assert!(page.contains("Bell") && !page.contains(" checked"), "{page}");
    let answer = browser.post("/scan/", &[&SCANNED[..], &[("quantity", "5")]].concat()).await;
    assert_eq!(answer.status(), 422);
    let page = answer.text().await.unwrap();
    assert!(page.contains("Choose whether this was counted") && page.contains("value=\"5\""), "{page}");
    let answer = browser.post("/scan/", &[&SCANNED[..], &[("quantity", "5"), ("how", "in")]].concat()).await;
    assert_eq!(answer.status(), 303);
    let page = browser.page(location(&answer)).await;
    assert!(page.contains("value=\"in\" required checked"), "{page}");
    // The next scan keeps the choice.
    assert!(page.contains("<input type=\"hidden\" name=\"how\" value=\"in\">"), "{page}");
    let level = api.get("/v1/stock?branch_id=1&item_id=1").await.expect(200).json();
    assert_eq!(level[0]["quantity"], json!(25));
}

#[tokio::test]
async fn choosing_a_branch_keeps_the_code() {
    let (_company, browser, _) = shop().await;
    let page = browser.page("/scan/?code=BELL-12").await;
    assert_eq!(field(&page, "shown"), "BELL-12");
    let page = browser.page("/scan/?branch=1&shown=BELL-12&code=").await;
    assert!(page.contains("<h2") && page.contains("Bell"), "{page}");
    let page = browser.page("/scan/?branch=1&shown=BELL-12&code=NONE").await;
    assert!(page.contains("No item has the code NONE"), "{page}");
}

#[tokio::test]
async fn a_comma_is_a_decimal_mark_on_an_english_page_where_it_can_be_nothing_else() {
    let (_company, browser, api) = shop().await;
    for (typed, is) in [("2,5", Some(2.5)), ("0,25", Some(0.25)), ("1,000", None), ("1,5,0", None)] {
        let answer = browser.post("/stock/1/1/adjust/", &[("quantity", typed)]).await;
        assert_eq!(answer.status(), if is.is_some() { 303 } else { 422 }, "{typed}");
        match is {
            Some(is) => {
                let level = api.get("/v1/stock?branch_id=1&item_id=1").await.expect(200).json();
                assert_eq!(level[0]["quantity"], json!(is));
            }
            None => assert!(answer.text().await.unwrap().contains(&format!("value=\"{typed}\"")), "{typed}"),
        }
    }
}

#[tokio::test]
async fn a_filter_that_stands_twice_in_an_address_is_one_filter() {
    let (_company, browser, api) = shop().await;
    api.post("/v1/branches", json!({ "name": "Alpha" })).await.expect(201);
    api.put("/v1/stock", json!({ "branch_id": 2, "item_id": 1, "quantity": 7 })).await.expect(200);
    for query in ["branch=1", "branch=1&branch=1", "branch=2&branch=1"] {
        let csv = browser.get(&format!("/stock/csv?{query}")).await.text().await.unwrap();
        assert!(csv.contains("Harbour") && !csv.contains("Alpha"), "{query}: {csv}");
    }
}

#[tokio::test]
async fn a_form_is_for_who_may_send_it_and_others_are_told_who_may() {
    let (company, _, api) = shop().await;
    api.post("/v1/orders", json!({ "branch_id": 1, "lines": [{ "item_id": 1, "requested_qty": 1 }] }))
        .await
        .expect(201);
    let one = BranchScope::only([domain::BranchId(1)]);
    for (name, role) in [("wu", Role::Worker), ("art", Role::Auditor), ("mo", Role::Manager)] {
        let scope = if role == Role::Auditor { BranchScope::All } else { one.clone() };
        company.user(name, &[role], &scope).await;
    }
    for (name, refused) in [
        (
            "wu",
            &[
                "/items/new/",
                "/items/1/edit/",
                "/items/import/",
                "/branches/new/",
                "/branches/1/edit/",
                "/admin/users/",
            ] as &[&str],
        ),
        (
            "art",
            &[
                "/items/new/",
                "/items/1/edit/",
                "/items/import/",
                "/branches/1/edit/",
                "/stock/1/1/adjust/",
                "/orders/new/",
                "/orders/1/edit/",
                "/orders/1/submit/",
                "/orders/1/fulfill/",
                "/orders/1/cancel/",
            ],
        ),
    ] {
        let browser = company.signed_in(name).await;
        for path in refused {
            let answer = browser.get(path).await;
            assert_eq!(answer.status(), 403, "{name} {path}");
            let page = answer.text().await.unwrap();
            assert!(page.contains("one of these roles may do it: Admin"), "{name} {path}: {page}");
            assert!(!page.contains("<form method=\"post\""), "{name} {path}");
        }
    }
    let worker = company.signed_in("wu").await;
    worker.page("/orders/new/").await;
    worker.page("/orders/1/edit/").await;
    let manager = company.signed_in("mo").await;
    manager.page("/stock/1/1/adjust/").await;
}

/// A form of a page, filled in, with what the page itself puts into it.
async fn filled<'f>(browser: &Browser, path: &str, form: &[(&'f str, &'f str)]) -> Vec<(&'f str, String)> {
    let page = browser.page(path).await;
    let own = ["form_token", "form_of"].map(|name| (name, field(&page, name)));
    form.iter().map(|(name, value)| (*name, (*value).to_owned())).chain(own).collect()
}

async fn send(browser: &Browser, path: &str, form: &[(&str, String)]) -> reqwest::Response {
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post_bare(path, &form).await
}

const ORDER: [(&str, &str); 7] = [
    ("branch", "1"),
    ("reference", "PO-77"),
    ("note", "for \"Ivy\" & <co>"),
    ("item", "BELL-12"),
    ("quantity", "3"),
    ("item", "BELL-12"),
    ("quantity", "x"),
];

/// Sends an order after the session has ended; gives the page that comes.
async fn interrupted(company: &Company, browser: &Browser) -> String {
    let form = filled(browser, "/orders/new/", &ORDER).await;
    company.database.run("delete from portal_sessions").await;
    let answer = send(browser, "/orders/new/", &form).await;
    assert_eq!(answer.status(), 200);
    let page = answer.text().await.unwrap();
    assert!(page.contains("Nothing was saved. Sign in, and you get back what you typed."), "{page}");
    assert!(!page.contains("PO-77"), "{page}");
    page
}

#[tokio::test]
async fn a_form_whose_session_has_ended_is_given_back_after_sign_in() {
    let (company, browser, _) = shop().await;
    let page = interrupted(&company, &browser).await;
    let sign_in = |password: &str, page: &str| {
        let hidden = ["form_token", "next", "kept"].map(|name| (name, field(page, name)));
        [("username", "mia".to_owned()), ("password", password.to_owned())]
            .into_iter()
            .chain(hidden)
            .collect::<Vec<_>>()
    };
    // A wrong password loses nothing.
    let answer = send(&browser, "/accounts/login/", &sign_in("wrong", &page)).await;
    assert_eq!(answer.status(), 422);
    let page = answer.text().await.unwrap();
    let answer = send(&browser, "/accounts/login/", &sign_in(PASSWORD, &page)).await;
    assert_eq!(answer.status(), 200);
    let page = answer.text().await.unwrap();
    assert!(
        page.contains("Your form is still here") && page.contains("action=\"/orders/new/?given-back=1\""),
        "{page}"
    );
    // As the browser sends what the page has.
    let form: Vec<(&str, &str)> = ORDER.into_iter().filter(|(_, value)| *value != "x").collect();
    let token = field(&page, "form_token");
    let form = [&form[..], &[("form_token", &token), ("quantity", "4")]].concat();
    for (name, value) in
        [("reference", "PO-77"), ("note", "for &#34;Ivy&#34; &#38; &#60;co&#62;"), ("quantity", "x")]
    {
        assert!(page.contains(&format!("name=\"{name}\" value=\"{value}\"")), "{page}");
    }
    let shown = browser.post_bare("/orders/new/?given-back=1", &form).await;
    let shown = shown.text().await.unwrap();
    assert!(shown.contains("Nothing was saved yet") && shown.contains("value=\"PO-77\""), "{shown}");
    assert!(shown.contains("action=\"/orders/new/\""), "{shown}");
    let api = User::at(&company.services, &browser.token().await);
    assert_eq!(api.get("/v1/orders").await.expect(200).len(), 0);
}

#[tokio::test]
async fn a_kept_form_is_given_to_nobody_else() {
    let (company, browser, _) = shop().await;
    company.admin("max").await;
    let page = interrupted(&company, &browser).await;
    let hidden = ["form_token", "next", "kept"].map(|name| (name, field(&page, name)));
    let form: Vec<_> = [("username", "max".to_owned()), ("password", PASSWORD.to_owned())]
        .into_iter()
        .chain(hidden)
        .collect();
    let answer = send(&browser, "/accounts/login/", &form).await;
    assert_eq!((answer.status().as_u16(), location(&answer)), (303, "/orders/new/"));
}

#[tokio::test]
async fn forms_with_secrets_and_long_forms_are_not_kept() {
    let (company, browser, _) = shop().await;
    let password =
        filled(&browser, "/accounts/password/", &[("current", PASSWORD), ("new", "another password")]).await;
    let note = "n".repeat(20_000);
    let long = filled(&browser, "/orders/new/", &[("branch", "1"), ("note", &note)]).await;
    company.database.run("delete from portal_sessions").await;
    let stranger = browser.clone();
    for (browser, path, form, told) in [
        (&browser, "/accounts/password/", &password, "Nothing was saved: sign in"),
        (&stranger, "/orders/new/", &long, "Nothing was saved, and the form is too long"),
    ] {
        let answer = send(browser, path, form).await;
        assert_eq!(answer.status(), 303, "{path}");
        let page = browser.page(location(&answer)).await;
        assert!(page.contains(told) && !page.contains("name=\"kept\""), "{path}: {page}");
        assert_eq!(field(&page, "next"), path);
    }
}

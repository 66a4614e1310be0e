//! Codes and text: what means the same is one, whatever its case, its composition and its length.

use reqwest::Method;
use serde_json::{Value, json};
use services::bulk::{self, File, Format, Import, Kind, Report};

use crate::support::api::send;
use crate::support::{App, TestDatabase};

async fn found(app: &App, query: &[(&str, &str)]) -> Vec<Value> {
    let request = app.admin().request(Method::GET, "/v1/items").query(query);
    send(request).await.expect(200).each("id")
}

async fn load(database: &TestDatabase, kind: Kind, text: &str) -> Report {
    let file = File::Bytes(text.as_bytes());
    let import =
        Import { kind, file, format: Format::default(), dry_run: false, skip_bad: None, actor: "import" };
    bulk::import(&database.pool(services::ROLES), &import, &|_| {}).await.unwrap()
}

/// Line, column and reason of what is wrong with a file.
fn faults(report: &Report) -> Vec<(u64, Option<&str>, &str)> {
    report.bad.iter().map(|bad| (bad.line, bad.column, bad.reason.as_str())).collect()
}

#[tokio::test]
async fn an_item_is_found_by_its_name_and_any_part_of_it_in_any_case() {
    let app = App::start().await;
    let admin = app.admin();
    for (n, (name, texts)) in [
        ("ΚΑΔΟΣ ΝΕΡΟΥ", &["ΚΑΔΟΣ ΝΕΡΟΥ", "καδος", "ΚΑΔΟΣ", "ΚΑΔΟ", "καδοσ", "νερου"] as &[&str]),
        ("İstanbul çay", &["ISTANBUL", "istanbul", "İSTANBUL", "İstanbul"]),
        ("Yeşil ırmak", &["IRMAK", "ırmak", "Irmak"]),
        ("Straßenbesen", &["STRASSE", "straße", "Strasse", "STRAẞE"]),
        ("Café crème", &["CAFE\u{301}", "café", "cre\u{300}me"]),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({ "sku": format!("T-{n}"), "name": name });
        let item = admin.post("/v1/items", body).await.expect(201).id();
        for text in texts {
            assert_eq!(found(&app, &[("q", text)]).await, [json!(item)], "{text} in {name}");
        }
    }
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_search_of_stock_folds_text_as_that_of_items_does() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    let body = json!({ "sku": "K", "name": "ΚΑΔΟΣ" });
    let item = app.admin().post("/v1/items", body).await.expect(201).id();
    app.stock(branch, item, 5).await;
    for sort in ["branch", "name"] {
        let path = format!("/v1/stock/summary?sort={sort}&q=%CE%BA%CE%B1%CE%B4%CE%BF%CF%82");
        assert_eq!(app.admin().get(&path).await.expect(200).each("sku"), [json!("K")], "{sort}");
    }
}

#[tokio::test]
async fn the_database_and_the_program_fold_every_letter_alike() {
    let database = TestDatabase::new().await;
    let letters: Vec<char> = ('\u{1}'..=char::MAX).filter(|letter| letter.is_alphabetic()).collect();
    let texts: Vec<String> = letters.iter().map(char::to_string).collect();
    let client = database.connect("quartermaster").await;
    let query = "select services_fold(u.text), lower(u.text collate \"und-x-icu\") = u.text
                 from unnest($1::text[]) with ordinality u(text, n) order by u.n";
    let rows = client.query(query, &[&texts]).await.unwrap();
    let mut differ = Vec::new();
    for (text, row) in texts.iter().zip(&rows) {
        let (folded, is_small): (String, bool) = (row.get(0), row.get(1));
        // A letter that is newer than the server's tables has no small one there.
        let is_newer = is_small && text.to_lowercase() != *text;
        if folded != platform::text::fold(text) && !is_newer {
            differ.push((text.clone(), folded));
        }
    }
    assert_eq!((rows.len(), differ), (texts.len(), Vec::new()));
    for text in ["ΚΑΔΟΣ", "ΟΔΟΣ ΣΟΦΟΣ", "İSTANBUL", "E\u{301}\u{323}", "STRASSE Straße"] {
        let folded: String = client.query_one("select services_fold($1)", &[&text]).await.unwrap().get(0);
        assert_eq!(folded, platform::text::fold(text));
    }
}

#[tokio::test]
async fn text_is_kept_composed() {
    let app = App::start().await;
    let admin = app.admin();
    let body = json!({ "sku": "CAFE\u{301}-1", "name": "Cafe\u{301}", "description": "e\u{301}" });
    let item = admin.post("/v1/items", body).await.expect(201).json();
    for (field, value) in [("sku", "CAFÉ-1"), ("name", "Café"), ("description", "é")] {
        assert_eq!(item[field], value, "{field}");
    }
    let problem = admin.post("/v1/items", json!({ "sku": "CAFÉ-1", "name": "B" })).await;
    problem.expect_problem(409, "duplicate");
    assert_eq!(found(&app, &[("sku", "CAFE\u{301}-1")]).await, [item["id"].clone()]);
    let branch = app.branch("Harbour").await;
    let lines = json!([{ "item_id": item["id"], "requested_qty": 1 }]);
    let body = json!({ "branch_id": branch, "reference": "E\u{301}-7", "lines": lines });
    admin.post("/v1/orders", body).await.expect(201);
    for reference in ["%C3%89-7", "E%CC%81-7"] {
        assert_eq!(admin.get(&format!("/v1/orders?reference={reference}")).await.expect(200).len(), 1);
    }
}

#[tokio::test]
async fn skus_that_differ_in_case_are_one_and_are_kept_as_written() {
    let app = App::start().await;
    let admin = app.admin();
    let item = admin.post("/v1/items", json!({ "sku": "abc-1", "name": "A" })).await.expect(201).id();
    let problem = admin.post("/v1/items", json!({ "sku": "ABC-1", "name": "B" })).await;
    let problem = problem.expect_problem(409, "duplicate");
    assert_eq!(problem["errors"][0]["pointer"], "/sku");
    for (field, text) in [("sku", "ABC-1"), ("code", "Abc-1"), ("sku", "abc-1")] {
        assert_eq!(found(&app, &[(field, text)]).await, [json!(item)], "{text}");
    }
    let report = load(&app.database, Kind::Items, "sku,name\nABC-1,New name\n").await;
    assert_eq!((report.bad.len(), report.created, report.changed), (0, 0, 1));
    let read = admin.get(&format!("/v1/items/{item}")).await.expect(200).json();
    assert_eq!((&read["sku"], &read["name"]), (&json!("abc-1"), &json!("New name")));
    let report = load(&app.database, Kind::Items, "sku,name\nx-1,X\nX-1,Y\n").await;
    assert_eq!(faults(&report), [(3, Some("sku"), "stands in an earlier line too")]);
    let entries = json!([{ "sku": "Abc-1", "name": "Newer" }, { "sku": "n-1", "name": "N" }, { "sku": "N-1", "name": "M" }]);
    let results = admin.post("/v1/items/batch", json!({ "entries": entries })).await.expect(200).json();
    let skus = [0, 1, 2].map(|n| results["results"][n]["body"]["sku"].clone());
    assert_eq!(skus, [json!("abc-1"), json!("n-1"), json!("n-1")], "{results}");
    // Written otherwise by its owner, it is the same item.
    let path = format!("/v1/items/{item}");
    admin.put(&path, json!({ "sku": "ABC-1", "name": "A" })).await.expect(200);
    assert_eq!(found(&app, &[("sku", "abc-1")]).await, [json!(item)]);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn files_find_items_whatever_the_case_of_their_skus() {
    let database = TestDatabase::new().await;
    load(&database, Kind::Branches, "name\nHarbour\n").await;
    load(&database, Kind::Items, "sku,name\nNail-1,Nail\nROPE,Rope\n").await;
    let report =
        load(&database, Kind::Stock, "branch,sku,quantity\nHARBOUR,NAIL-1,10\nHarbour,rope,5\n").await;
    assert_eq!((report.bad.len(), report.created), (0, 2));
    let report =
        load(&database, Kind::Stock, "branch,sku,quantity\nHarbour,NAIL-1,10\nHarbour,nail-1,5\n").await;
    assert_eq!(report.bad[0].line, 3);
    let orders = "branch,reference,status,sku,requested_qty\nHarbour,R1,submitted,nail-1,2\nHarbour,R1,submitted,ROPE,1\n";
    let report = load(&database, Kind::Orders, orders).await;
    assert_eq!((report.bad.len(), report.created), (0, 1));
    database.assert_sound().await;
}

#[tokio::test]
async fn a_code_of_8_12_13_or_14_digits_means_one_article() {
    let app = App::start().await;
    let admin = app.admin();
    let body = json!({ "sku": "RAISINS", "name": "Raisins", "barcode": "0036000291452" });
    let item = admin.post("/v1/items", body).await.expect(201).json();
    assert_eq!(item["barcode"], "0036000291452");
    for code in ["036000291452", "0036000291452", "00036000291452"] {
        for field in ["code", "barcode"] {
            assert_eq!(found(&app, &[(field, code)]).await, [item["id"].clone()], "{field} {code}");
        }
    }
    for part in ["36000291452", "00360002", "6000291452"] {
        assert_eq!(found(&app, &[("code", part)]).await, [] as [Value; 0], "{part}");
    }
    // Nor may another item have it, for its barcode or for its SKU.
    for (body, pointer) in [
        (json!({ "sku": "B", "name": "B", "barcode": "036000291452" }), "/barcode"),
        (json!({ "sku": "00036000291452", "name": "B" }), "/sku"),
    ] {
        let problem = admin.post("/v1/items", body).await.expect_problem(409, "duplicate");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    let other = admin.post("/v1/items", json!({ "sku": "B", "name": "B" })).await.expect(201).id();
    let body = json!({ "sku": "B", "name": "B", "barcode": "raisins" });
    admin.put(&format!("/v1/items/{other}"), body).await.expect_problem(409, "duplicate");
    let report =
        load(&app.database, Kind::Items, "sku,name,barcode\nC,C,036000291452\n036000291452,D,\n").await;
    assert_eq!(
        faults(&report),
        [(2, Some("barcode"), "is a code of RAISINS"), (3, Some("sku"), "is a code of RAISINS")]
    );
    // An item's SKU and its barcode may be the same.
    admin
        .post("/v1/items", json!({ "sku": "96385074", "name": "E", "barcode": "96385074" }))
        .await
        .expect(201);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_code_that_an_item_gave_up_is_free() {
    let app = App::start().await;
    let admin = app.admin();
    let body = |sku: &str, barcode: Option<&str>| json!({ "sku": sku, "name": sku, "barcode": barcode });
    let one = admin.post("/v1/items", body("A", Some("4006381333931"))).await.expect(201).id();
    admin.put(&format!("/v1/items/{one}"), body("A2", None)).await.expect(200);
    admin.post("/v1/items", body("a", Some("04006381333931"))).await.expect(201);
    admin.delete(&format!("/v1/items/{one}")).await.expect(204);
    admin.post("/v1/items", body("a2", None)).await.expect(201);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn items_of_one_code_from_before_keep_it_and_each_is_found_as_it_is_spelled() {
    let app = App::start().await;
    let (one, two) = (app.item("abc-1").await, app.item("other").await);
    // As an earlier program left it.
    app.database
        .run(&format!(
            "alter table services_items disable trigger user;
             update services_items set sku = 'ABC-1' where id = {two};
             update services_items set folded = null;
             delete from services_item_codes;
             alter table services_items enable trigger user"
        ))
        .await;
    let empty = TestDatabase::empty().await;
    let migrations = services::migrations().pending(&empty.config("quartermaster")).await.unwrap();
    let fill = migrations.iter().find(|migration| migration.name == "V49__concurrently_text_and_codes");
    let client = app.database.connect("qm_services").await;
    for statement in fill.unwrap().sql.split("\n\n") {
        client.batch_execute(statement).await.unwrap();
    }
    for (sku, item) in [("abc-1", one), ("ABC-1", two)] {
        assert_eq!(found(&app, &[("sku", sku)]).await, [json!(item)]);
        assert_eq!(found(&app, &[("code", sku)]).await, [json!(item)]);
    }
    assert_eq!(found(&app, &[("code", "Abc-1")]).await, [json!(one)]);
    app.admin()
        .post("/v1/items", json!({ "sku": "aBC-1", "name": "C" }))
        .await
        .expect_problem(409, "duplicate");
    // An import reads everything that an export writes.
    let report = load(&app.database, Kind::Items, "sku,name\nabc-1,A\nABC-1,B\n").await;
    assert_eq!((report.bad.len(), report.changed), (0, 2));
    let codes = "select array_agg(item_id order by item_id) from services_item_codes where twin = 0 and code = 'abc-1'";
    assert_eq!(app.database.value::<Vec<i64>>(codes).await, [one]);
    // The second keeps the code for itself when the first gives it up.
    app.admin().put(&format!("/v1/items/{one}"), json!({ "sku": "new", "name": "A" })).await.expect(200);
    assert_eq!(app.database.value::<Vec<i64>>(codes).await, [two]);
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_code_is_never_a_quantity() {
    let app = App::start().await;
    let admin = app.admin();
    let branch = app.branch("Harbour").await;
    let body = json!({ "sku": "A", "name": "A", "barcode": "036000291452" });
    let item = admin.post("/v1/items", body).await.expect(201).id();
    app.item("96385074").await;
    for quantity in [36_000_291_452_i64, 96_385_074] {
        let body = json!({ "branch_id": branch, "item_id": item, "quantity": quantity });
        assert_eq!(admin.put("/v1/stock", body).await.expect_invalid(), ["/quantity"]);
        let lines =
            json!([{ "item_id": item, "requested_qty": 1 }, { "item_id": item, "requested_qty": quantity }]);
        let body = json!({ "branch_id": branch, "lines": lines });
        assert_eq!(admin.post("/v1/orders", body.clone()).await.expect_invalid(), ["/lines/1/requested_qty"]);
        let draft = app.draft(branch, &[(item, 1)]).await;
        let path = format!("/v1/orders/{draft}");
        assert_eq!(admin.put(&path, body).await.expect_invalid(), ["/lines/1/requested_qty"]);
    }
    let path = format!("/v1/items/{item}");
    let body = json!({ "sku": "A", "name": "A", "min_stock_level": 96_385_074 });
    assert_eq!(admin.put(&path, body).await.expect_invalid(), ["/min_stock_level"]);
    let report = load(&app.database, Kind::Items, "sku,name,min_stock_level\nA,A,96385074\n").await;
    assert_eq!((report.bad[0].line, report.bad[0].column), (2, Some("min_stock_level")));
    let entries = json!([{ "branch_id": branch, "item_id": item, "quantity": 1 },
                         { "branch_id": branch, "item_id": item, "quantity": 96_385_074 }]);
    let results = admin.post("/v1/stock/batch", json!({ "entries": entries })).await.expect(200).json();
    let statuses = [0, 1].map(|n| results["results"][n]["status"].clone());
    assert_eq!(statuses, [json!(200), json!(422)], "{results}");
    // As many as that of which no item has the digits are a quantity.
    let body = json!({ "branch_id": branch, "item_id": item, "quantity": 96_385_075 });
    admin.put("/v1/stock", body).await.expect(200);
    let report = load(&app.database, Kind::Stock, "branch,sku,quantity\nHarbour,A,36000291452\n").await;
    assert_eq!((report.bad[0].line, report.bad[0].column), (2, Some("quantity")));
    let orders =
        "branch,reference,status,sku,requested_qty\nHarbour,R1,draft,A,1\nHarbour,R2,draft,A,96385074\n";
    let report = load(&app.database, Kind::Orders, orders).await;
    assert_eq!((report.bad[0].line, report.bad[0].column), (3, Some("requested_qty")));
    app.database.assert_sound().await;
}

#[tokio::test]
async fn names_sort_as_people_sort_them() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    for (n, name) in ["Zange", "axt", "Übertopf", "Äxte", "Zwinge", "Axt", "übertopf"].into_iter().enumerate()
    {
        let body = json!({ "sku": format!("S-{n}"), "name": name });
        let item = app.admin().post("/v1/items", body).await.expect(201).id();
        app.stock(branch, item, 1).await;
    }
    let mut next = Some("/v1/stock/summary?sort=name&limit=2".to_owned());
    let mut names = Vec::new();
    while let Some(path) = next {
        let page = app.admin().get(&path).await.expect(200);
        names.extend(page.each("item_name"));
        next = page.header("link").map(|link| link[1..].split_once('>').unwrap().0.to_owned());
    }
    assert_eq!(names, ["axt", "Axt", "Äxte", "übertopf", "Übertopf", "Zange", "Zwinge"]);
}

#[tokio::test]
async fn names_of_branches_are_unique_whatever_their_case() {
    let app = App::start().await;
    let admin = app.admin();
    for (first, second) in [("Οδος", "ΟΔΟΣ"), ("İzmir", "IZMIR"), ("Große Straße", "GROSSE STRASSE")]
    {
        let id = app.branch(first).await;
        let problem =
            admin.post("/v1/branches", json!({ "name": second })).await.expect_problem(409, "duplicate");
        assert_eq!(problem["errors"][0]["pointer"], "/name");
        admin.put(&format!("/v1/branches/{id}"), json!({ "name": second })).await.expect(200);
        let other = app.branch(&format!("Other {id}")).await;
        admin
            .put(&format!("/v1/branches/{other}"), json!({ "name": first }))
            .await
            .expect_problem(409, "duplicate");
    }
}

#[tokio::test]
async fn a_code_made_of_a_name_keeps_its_letters() {
    let app = App::start().await;
    for (name, code) in
        [("Köln Süd", "KOLN-SUD"), ("Склад", "SKLAD"), ("Łódź 2", "LODZ-2"), ("Harbour", "HARBOUR")]
    {
        let branch = app.admin().post("/v1/branches", json!({ "name": name })).await.expect(201).json();
        assert_eq!(branch["code"], code);
    }
}

#[tokio::test]
async fn a_check_digit_that_does_not_fit_is_told_and_the_barcode_is_taken() {
    let app = App::start().await;
    let admin = app.admin();
    let body = |barcode: &str| json!({ "sku": "A", "name": "A", "barcode": barcode });
    let item = admin.post("/v1/items", body("4006381333932")).await.expect(201).json();
    assert_eq!(item["barcode"], "4006381333932");
    assert!(item["warnings"][0].as_str().unwrap().contains("would end in 1"), "{item}");
    let path = format!("/v1/items/{}", item["id"]);
    let item = admin.put(&path, body("12345670")).await.expect(200).json();
    assert_eq!(item.get("warnings"), None);
    let item = admin.put(&path, body("123456789")).await.expect(200).json();
    assert_eq!(item.get("warnings"), None);
}

#[tokio::test]
async fn a_request_that_was_answered_is_answered_so_when_its_quantity_has_become_a_code() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.item("A").await);
    let count = json!({ "branch_id": branch, "item_id": item, "quantity": 96_385_074 });
    let draft = json!({ "branch_id": branch, "lines": [{ "item_id": item, "requested_qty": 96_385_074 }] });
    for first in [true, false] {
        for (method, path, body, status) in
            [(Method::PUT, "/v1/stock", &count, 200), (Method::POST, "/v1/orders", &draft, 201)]
        {
            let request =
                app.admin().request(method, path).header("idempotency-key", format!("key of {path}"));
            send(request.json(body)).await.expect(status);
        }
        if first {
            app.item("96385074").await;
        }
    }
    assert_eq!(app.admin().get("/v1/orders").await.expect(200).len(), 1);
}

#[tokio::test]
async fn an_order_of_before_is_found_by_its_reference_however_it_was_typed() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.item("A").await);
    let order = app.draft(branch, &[(item, 1)]).await;
    app.database
        .run(&format!("update services_orders set reference = U&'CAFE\\0301-7' where id = {order}"))
        .await;
    for reference in ["CAFE\u{301}-7", "CAFÉ-7"] {
        let file = format!("branch,reference,status,sku,requested_qty\nHarbour,{reference},draft,A,1\n");
        let report = load(&app.database, Kind::Orders, &file).await;
        assert_eq!((report.bad.len(), report.created, report.unchanged), (0, 0, 1), "{reference}");
    }
}

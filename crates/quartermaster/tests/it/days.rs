//! Which day it is: that of the branch, in a time zone that the program and the database both know.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use services::bulk::{self, File, Format, Import, Kind};
use services::totals::{Keeper, Step};

use crate::support::api::User;
use crate::support::portal::{Browser, Company};
use crate::support::{App, TestDatabase};

/// What browsers, machines and typing errors give for a zone.
const NO_ZONES: [&str; 10] = [
    "Etc/Unknown",
    "etc/unknown",
    "localtime",
    "posixrules",
    "Factory",
    "posix/Europe/Berlin",
    "right/UTC",
    "CEST",
    "+02:00",
    "",
];

async fn keep(app: &App) {
    let keeper = Keeper::new(app.database.pool(services::ROLES));
    let end = std::time::Instant::now() + std::time::Duration::from_secs(600);
    while keeper.step().await.unwrap() != Step::UpToDate {
        assert!(std::time::Instant::now() < end, "a transaction keeps the totals from being up to date");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    keeper.count(std::time::Duration::ZERO).await.unwrap();
}

#[tokio::test]
async fn a_time_zone_that_is_none_is_refused_wherever_one_is_given() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    let path = format!("/v1/branches/{branch}");
    for zone in NO_ZONES {
        let body = json!({ "name": "Harbour", "timezone": zone });
        assert_eq!(app.manager(&[branch]).put(&path, body).await.expect_invalid(), ["/timezone"], "{zone}");
        let body = json!({ "name": "Port", "timezone": zone });
        assert_eq!(app.admin().post("/v1/branches", body).await.expect_invalid(), ["/timezone"], "{zone}");
    }
    let file = b"name,timezone\nPort,Etc/Unknown\nQuay,localtime\nPier,Europe/Berlin\n";
    let import = Import {
        kind: Kind::Branches,
        file: File::Bytes(file),
        format: Format::default(),
        dry_run: false,
        skip_bad: None,
        actor: "import",
    };
    let report = bulk::import(&app.database.pool(services::ROLES), &import, &|_| {}).await.unwrap();
    let bad: Vec<_> = report.bad.iter().map(|bad| (bad.line, bad.column)).collect();
    assert_eq!(bad, [(2, Some("timezone")), (3, Some("timezone"))]);
    assert_eq!(app.admin().get(&path).await.expect(200).json()["timezone"], "UTC");
}

#[tokio::test]
async fn a_time_zone_is_kept_as_the_database_of_zones_spells_it() {
    let app = App::start().await;
    let body = json!({ "name": "Harbour", "timezone": "europe/BERLIN" });
    let branch = app.admin().post("/v1/branches", body).await.expect(201).json();
    assert_eq!(branch["timezone"], "Europe/Berlin");
}

/// Makes the server one of long ago, before this zone had its name.
async fn forget_zone(database: &TestDatabase, zone: &str) {
    let sql = format!(
        "create or replace function services_zone(zone text) returns text language sql stable strict as $$
            select case when zone = '{zone}' then 'UTC' else zone end $$"
    );
    database.run(&sql).await;
}

#[tokio::test]
async fn a_time_zone_that_is_newer_than_the_server_is_refused() {
    let app = App::start().await;
    forget_zone(&app.database, "Europe/Kyiv").await;
    let body = json!({ "name": "Kyiv", "timezone": "Europe/Kyiv" });
    let answer = app.admin().post("/v1/branches", body.clone()).await;
    assert!(answer.text().contains("not known to the database server"), "{}", answer.text());
    assert_eq!(answer.expect_invalid(), ["/timezone"]);
    let branch = app.branch("Kyiv").await;
    let path = format!("/v1/branches/{branch}");
    assert_eq!(app.manager(&[branch]).put(&path, body).await.expect_invalid(), ["/timezone"]);
}

#[tokio::test]
async fn a_branch_whose_zone_nobody_knows_counts_as_utc_and_stops_no_report() {
    let app = App::start().await;
    let (good, bad, item) = (app.branch("Good").await, app.branch("Bad").await, app.any_item().await);
    for zone in ["Etc/Unknown", "", "a zone with blanks", "🕰", "Mars/Base"] {
        // As a row that an older program let in, for which there may be totals already.
        let set = format!("timezone = '{zone}'");
        app.database.run(&format!("update services_branches set {set} where id = {bad}")).await;
        app.database
            .run(&format!(
                "update services_branch_totals set {set}, day = current_date - 1 where branch_id = {bad}"
            ))
            .await;
        let path = format!("/v1/stock/movements?branch_id={good}&limit=500");
        let before = app.admin().get(&path).await.expect(200).len() as i64;
        app.stock(good, item, before + 1).await;
        app.stock(bad, item, before + 1).await;
        let reports = [
            "overview",
            "daily",
            "movers",
            "heat-map",
            "heat-map?by=moved",
            &format!("history?item_id={item}"),
        ];
        for report in reports {
            app.admin().get(&format!("/v1/reports/{report}")).await.expect(200);
        }
        keep(&app).await;
        for report in reports {
            app.admin().get(&format!("/v1/reports/{report}")).await.expect(200);
        }
        for branch in [good, bad] {
            let path = format!("/v1/reports/overview?branch_id={branch}");
            let overview = app.admin().get(&path).await.expect(200).json();
            assert_eq!(overview["today"]["movements"], json!(before + 1), "{zone}: {overview}");
        }
        let day = jiff::Timestamp::now().in_tz("UTC").unwrap().date().to_string();
        let daily =
            app.admin().get(&format!("/v1/reports/daily?branch_id={bad}&days=1")).await.expect(200).json();
        assert_eq!(
            (&daily["days"][0]["day"], &daily["days"][0]["movements"]),
            (&json!(day), &json!(before + 1))
        );
    }
}

#[tokio::test]
async fn verify_and_ready_tell_of_a_zone_that_is_not_known() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    let warnings = async || app.nobody().get("/ready").await.expect(200).json()["warnings"].to_string();
    assert!(!warnings().await.contains("time zone"));
    // The server knows this machine's own zone by that name; the program does not.
    for zone in ["Etc/Unknown", "posixrules"] {
        app.database.run(&format!("update services_branches set timezone = '{zone}'")).await;
        let findings = services::verify::verify(app.surface.services.database()).await.unwrap();
        let told = |finding: &&services::verify::Finding| finding.invariant.contains("time zone");
        let found: Vec<_> = findings.iter().filter(told).collect();
        assert_eq!(found[0].examples, [format!("branch {branch}: {zone}")]);
        let warnings = warnings().await;
        assert!(warnings.contains("counts as UTC") && !warnings.contains(zone), "{warnings}");
    }
}

/// A zone where it is another day than in UTC now, and stays so for an hour.
fn far_zone() -> &'static str {
    let hour = Timestamp::now().to_zoned(TimeZone::UTC).hour();
    if hour < 11 { "Etc/GMT+12" } else { "Pacific/Kiritimati" }
}

/// The day of a moment in a zone.
fn day(at: &Value, zone: &str) -> Date {
    let at: Timestamp = at.as_str().unwrap().parse().unwrap();
    at.in_tz(zone).unwrap().date()
}

/// A company with a branch far from UTC; its admin's browser, and the API in the admin's name.
async fn far_company(zone: &str) -> (Company, Browser, User) {
    let (company, browser, api) = Company::with_admin().await;
    api.post("/v1/branches", json!({ "name": "Far", "timezone": zone })).await.expect(201);
    api.post("/v1/items", json!({ "sku": "NAIL", "name": "Nail" })).await.expect(201);
    let body = json!({ "branch_id": 1, "item_id": 1, "quantity": 7, "reason": "Opening count" });
    api.put("/v1/stock", body).await.expect(200);
    let body =
        json!({ "branch_id": 1, "reference": "FAR-ORDER", "lines": [{ "item_id": 1, "requested_qty": 1 }] });
    api.post("/v1/orders", body).await.expect(201);
    (company, browser, api)
}

#[tokio::test]
async fn lists_are_filtered_by_the_day_that_their_rows_show_and_say_whose_it_is() {
    let zone = far_zone();
    let (_company, browser, api) = far_company(zone).await;
    let entry = &api.get("/v1/audit?entity_type=stock").await.expect(200).json()[0];
    let order = &api.get("/v1/orders").await.expect(200).json()[0];
    let (there, in_utc) = (day(&entry["at"], zone), day(&entry["at"], "UTC"));
    assert_ne!(there, in_utc);
    for (path, found, at) in [
        ("/audit/?entity_type=stock&branch=1", "stock.adjusted</td>", &entry["at"]),
        // All branches share the zone.
        ("/audit/?entity_type=stock", "stock.adjusted</td>", &entry["at"]),
        ("/orders/?branch=1", "FAR-ORDER</td>", &order["created_at"]),
        ("/orders/?state=draft", "FAR-ORDER</td>", &order["created_at"]),
    ] {
        let shown = day(at, zone);
        let page = browser.page(&format!("{path}&from={shown}&to={shown}")).await;
        assert!(page.contains(found), "{path}: {page}");
        assert!(page.contains(&format!("Days and times are those of {zone}.")), "{path}: {page}");
        let at: Timestamp = at.as_str().unwrap().parse().unwrap();
        let row = at.in_tz(zone).unwrap().strftime("%-d %b %Y, %H:%M UTC").to_string();
        assert!(page.contains(&row), "{path} has no {row}: {page}");
        for other in [shown.yesterday().unwrap(), shown.tomorrow().unwrap()] {
            let page = browser.page(&format!("{path}&from={other}&to={other}")).await;
            assert!(!page.contains(found), "{path} {other}: {page}");
        }
    }
}

#[tokio::test]
async fn where_branches_of_several_zones_are_shown_days_are_utcs_and_the_page_says_so() {
    let zone = far_zone();
    let (_company, browser, api) = far_company(zone).await;
    api.post("/v1/branches", json!({ "name": "Near", "timezone": "Europe/Berlin" })).await.expect(201);
    let order = &api.get("/v1/orders").await.expect(200).json()[0];
    let in_utc = day(&order["created_at"], "UTC");
    let page = browser.page(&format!("/orders/?from={in_utc}&to={in_utc}")).await;
    assert!(page.contains("FAR-ORDER</td>") && page.contains("Days and times are those of UTC."), "{page}");
}

#[tokio::test]
async fn days_at_the_ends_of_the_calendar_are_days_like_others() {
    let (_company, browser, api) = far_company("Pacific/Kiritimati").await;
    for path in ["/orders/?", "/audit/?", "/admin/audit/?"] {
        let all = browser.page(&format!("{path}from=-009999-01-01&to=9999-12-31")).await;
        assert!(!all.contains("empty-row"), "{path}: {all}");
        for none in ["from=9999-12-31", "to=-009999-01-01", "to=0001-01-01"] {
            let page = browser.page(&format!("{path}{none}")).await;
            assert!(page.contains("empty-row"), "{path}{none}: {page}");
        }
    }
    browser.page("/stock/as-of/?branch=1&at=-009999-01-01T00:00").await;
    browser.page("/stock/as-of/?branch=1&at=9999-12-31T23:59").await;
    browser.page("/stock/as-of/?branch=1&at=-009999-01-01T00:00&until=9999-12-31T23:59").await;
    // What is asked of the API is answered or refused, and is no defect: `get` sees to that.
    for at in ["-009999-01-02T02:00:00Z", "-004800-01-01T00:00:00Z", "9999-12-30T22:00:00Z"] {
        for path in [
            format!("/v1/stock?as_of={at}"),
            format!("/v1/stock/movements?from={at}"),
            format!("/v1/stock/movements?to={at}"),
            format!("/v1/orders?created_from={at}"),
            format!("/v1/orders?created_to={at}"),
            format!("/v1/audit?from={at}&to={at}"),
            format!("/v1/stock/changes?branch_id=1&from={at}&to={at}"),
        ] {
            api.get(&path).await;
        }
    }
}

#[tokio::test]
async fn stock_at_a_time_says_which_moment_and_zone_was_asked_for() {
    let (_company, browser, _) = far_company("Europe/Berlin").await;
    // Clocks show this time twice, and do not show that one.
    for (typed, read) in
        [("2025-10-26T02:30", "26 Oct 2025, 02:30 CEST"), ("2025-03-30T02:30", "30 Mar 2025, 03:30 CEST")]
    {
        let page = browser.page(&format!("/stock/as-of/?branch=1&at={typed}")).await;
        assert!(page.contains(&format!("As it was on {read}.")), "{page}");
    }
}

#[tokio::test]
async fn a_time_without_a_zone_in_a_file_is_by_the_clock_of_its_branch() {
    let database = TestDatabase::new().await;
    let load = async |kind, text: &'static str| {
        let (file, format) = (File::Bytes(text.as_bytes()), Format::default());
        let import = Import { kind, file, format, dry_run: false, skip_bad: None, actor: "import" };
        let report = bulk::import(&database.pool(services::ROLES), &import, &|_| {}).await.unwrap();
        assert_eq!(report.bad, []);
    };
    load(Kind::Branches, "name,code,timezone\nBerlin,BER,Europe/Berlin\nAuckland,AKL,Pacific/Auckland\n")
        .await;
    load(Kind::Items, "sku,name\nNAIL,Nail\n").await;
    load(
        Kind::Stock,
        "branch,sku,quantity,at\nBerlin,NAIL,9,2026-07-01\nakl,NAIL,9,2026-07-01 00:30\nBER,NAIL,8,2026-07-01T12:00:00Z\n",
    )
    .await;
    load(
        Kind::Orders,
        "reference,branch,sku,requested_qty,status,created_at,fulfilled_at\nA,BER,NAIL,1,fulfilled,2026-07-02 09:00,2026-07-02T09:30\n",
    )
    .await;
    let times: Vec<String> = database
        .value(
            "select array_agg(to_char(at at time zone 'UTC', 'MM-DD HH24:MI') order by id) from services_stock_movements",
        )
        .await;
    let mut times = times;
    times.sort_unstable();
    assert_eq!(times, ["06-30 12:30", "06-30 22:00", "07-01 12:00", "07-02 07:30"]);
    let drafted: String = database
        .value("select to_char(created_at at time zone 'UTC', 'MM-DD HH24:MI') from services_orders")
        .await;
    assert_eq!(drafted, "07-02 07:00");
}

#[tokio::test]
async fn a_file_for_a_spreadsheet_has_times_of_the_branchs_day() {
    let zone = far_zone();
    let (_company, browser, api) = far_company(zone).await;
    let level = &api.get("/v1/stock").await.expect(200).json()[0];
    let file = browser.get("/stock/csv").await.text().await.unwrap();
    let line = file.lines().nth(1).unwrap();
    let cell = line.rsplit(',').next().unwrap();
    assert!(cell.starts_with(&day(&level["updated_at"], zone).to_string()), "{file}");
    let (told, kept): (Timestamp, Timestamp) =
        (cell.parse().unwrap(), level["updated_at"].as_str().unwrap().parse().unwrap());
    assert!(told.duration_since(kept).abs() < jiff::SignedDuration::from_secs(1), "{told} {kept}");
}

//! What holds for every endpoint: problems, pages, versions, request ids, limits.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use services::http::HttpSettings;

use crate::support::api::send;
use crate::support::{App, until};

#[tokio::test]
async fn pages_follow_each_other_by_their_links_and_miss_nothing() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    for _ in 0..7 {
        let item = app.any_item().await;
        app.stock(branch, item, 1).await;
        app.draft(branch, &[(item, 1)]).await;
    }
    for (path, key, rows) in [
        ("/v1/items", "id", 7),
        ("/v1/stock", "item_id", 7),
        ("/v1/stock/summary", "item_id", 7),
        ("/v1/stock/movements", "id", 7),
        ("/v1/orders", "id", 7),
        ("/v1/audit", "id", 22),
    ] {
        let mut next = Some(format!("{path}?limit=3"));
        let mut seen = Vec::new();
        while let Some(path) = next {
            let page = app.admin().get(&path).await.expect(200);
            assert!(page.len() <= 3);
            seen.extend(page.each(key));
            next = page.header("link").map(|link| {
                let (url, relation) = link.split_once('>').unwrap();
                assert_eq!(relation, "; rel=\"next\"");
                url.trim_start_matches('<').to_owned()
            });
        }
        let distinct: std::collections::HashSet<String> = seen.iter().map(ToString::to_string).collect();
        assert_eq!((seen.len(), distinct.len()), (rows, rows), "{path}");
    }
}

#[tokio::test]
async fn parameters_that_are_wrong_are_named() {
    let app = App::start().await;
    for (query, field) in [
        ("limit=0", "?limit"),
        ("limit=501", "?limit"),
        ("limit=many", "?limit"),
        ("cursor=stolen", "?cursor"),
        ("status=lost", "?status"),
        ("created_from=yesterday", "?created_from"),
        ("branch_id=one", "?branch_id"),
        ("branch_id=1&branch_id=2", "?branch_id"),
        ("reference=a%00b", "?reference"),
    ] {
        let fields = app.admin().get(&format!("/v1/orders?{query}")).await.expect_invalid();
        assert_eq!(fields, [field], "{query}");
    }
    let fields = app.admin().get("/v1/reports/history").await.expect_invalid();
    assert_eq!(fields, ["?item_id"]);
    for query in ["colour=red", "colour=", "colour=red&colour=blue"] {
        let problem = app.admin().get(&format!("/v1/orders?{query}")).await.expect_problem(422, "invalid");
        let detail = problem["detail"].to_string();
        assert!(detail.contains("unknown field"), "{query}: {detail}");
    }
}

#[tokio::test]
async fn a_parameter_that_is_empty_is_refused_unless_it_is_text() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    let (admin, order) = (app.admin(), app.draft(branch, &[(app.any_item().await, 1)]).await);
    let is_text = |schema: &Value| {
        let bounded = ["enum", "pattern", "format"].iter().any(|bound| schema.get(bound).is_some());
        schema["type"] == "string" && !bounded
    };
    let right = |parameter: &Value| match parameter["schema"]["type"].as_str() {
        Some("integer") => "1",
        _ => "2026-01-01T00:00:00Z",
    };
    let document = admin.get("/openapi.json").await.expect(200).json();
    let mut refused = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let parameters = operations["get"]["parameters"].as_array().into_iter().flatten();
        let parameters: Vec<_> = parameters.filter(|parameter| parameter["in"] == "query").collect();
        for empty in parameters.iter().filter(|parameter| !is_text(&parameter["schema"])) {
            let name = empty["name"].as_str().unwrap();
            let mut asked = format!("{}?{name}=", path.replace("{id}", &order.to_string()));
            for other in parameters.iter().filter(|other| other["required"] == true && other["name"] != name)
            {
                asked.push_str(&format!("&{}={}", other["name"].as_str().unwrap(), right(other)));
            }
            let fields = admin.get(&asked).await.expect_invalid();
            assert!(fields[0].starts_with(&format!("?{name}")), "{asked}: {fields:?}");
            refused += 1;
        }
    }
    assert!(refused > 50, "{refused}");
    assert_eq!(admin.get("/v1/items?q=").await.expect(200).len(), 1);
}

#[tokio::test]
async fn unknown_and_missing_fields_are_refused_by_name() {
    let app = App::start().await;
    let admin = app.admin();
    let fields = admin.post("/v1/branches", json!({ "name": "A", "colour": "red" })).await.expect_invalid();
    assert_eq!(fields, ["/colour"]);
    assert_eq!(admin.post("/v1/items", json!({ "sku": "A" })).await.expect_invalid(), ["/name"]);
    let line = json!({ "item_id": 1, "requested_qty": 1, "price": 2 });
    let fields = admin.post("/v1/orders", json!({ "branch_id": 1, "lines": [line] })).await.expect_invalid();
    assert_eq!(fields, ["/lines/0/price"]);
}

#[tokio::test]
async fn bodies_that_are_not_json_are_refused() {
    let app = App::start().await;
    let request = || app.admin().request(Method::POST, "/v1/branches");
    let json_type = ("content-type", "application/json");
    send(request().header(json_type.0, json_type.1).body("{\"name\":"))
        .await
        .expect_problem(400, "malformed-request");
    send(request().header(json_type.0, json_type.1).body(vec![0xFF, 0xFE])).await.expect(400);
    send(request().header(json_type.0, json_type.1).body("{\"name\":\"A\"} x")).await.expect(400);
    send(request().body("name=A")).await.expect_problem(415, "unsupported-media-type");
    send(request().header("content-type", "text/plain").body("{}")).await.expect(415);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let app = App::start_with(&HttpSettings { body_limit: 1_000, ..HttpSettings::default() }).await;
    let body = json!({ "name": "x".repeat(2_000) });
    app.admin().post("/v1/branches", body).await.expect_problem(413, "too-large");
}

#[tokio::test]
async fn ids_that_are_no_ids_and_paths_that_are_no_paths_are_problems() {
    let app = App::start().await;
    let admin = app.admin();
    for path in ["/v1/orders/one", "/v1/items/1.5", "/v1/branches/99999999999999999999"] {
        admin.get(path).await.expect_problem(400, "malformed-request");
    }
    admin.get("/v1/nothing").await.expect_problem(404, "not-found");
    admin.get("/v1/orders/-1").await.expect_problem(404, "not-found");
    let answer = admin.delete("/v1/orders").await;
    assert!(answer.header("allow").is_some());
    answer.expect_problem(405, "method-not-allowed");
}

#[tokio::test]
async fn a_change_of_what_was_changed_since_is_refused() {
    let app = App::start().await;
    let branch = app.branch("Harbour").await;
    let item = app.item("NAIL").await;
    let order = app.draft(branch, &[(item, 1)]).await;
    let lines = json!([{ "item_id": item, "requested_qty": 2 }]);
    for (path, body) in [
        (format!("/v1/branches/{branch}"), json!({ "name": "Port" })),
        (format!("/v1/items/{item}"), json!({ "sku": "NAIL", "name": "Nails" })),
        (format!("/v1/orders/{order}"), json!({ "branch_id": branch, "lines": lines })),
    ] {
        let put = |tag: &str| app.admin().request(Method::PUT, &path).header("if-match", tag).json(&body);
        let read = app.admin().get(&path).await.expect(200);
        let tag = read.header("etag").unwrap();
        let changed = send(put(tag)).await.expect(200);
        assert_ne!(changed.header("etag"), Some(tag));
        send(put(tag)).await.expect_problem(412, "precondition-failed");
        let delete = app.admin().request(Method::DELETE, &path).header("if-match", tag);
        send(delete).await.expect_problem(412, "precondition-failed");
        send(put("*")).await.expect(200);
    }
}

#[tokio::test]
async fn what_the_client_has_already_is_not_sent_again() {
    let app = App::start().await;
    let path = format!("/v1/branches/{}", app.branch("Harbour").await);
    let tag = app.admin().get(&path).await.header("etag").unwrap().to_owned();
    let get = |tag: &str| app.admin().request(Method::GET, &path).header("if-none-match", tag);
    let answer = send(get(&tag)).await.expect(304);
    assert!(answer.body.is_empty());
    send(get("\"older\"")).await.expect(200);
    send(get(&format!("W/{tag}, \"older\""))).await.expect(304);
}

#[tokio::test]
async fn request_ids_are_taken_when_well_formed_and_made_otherwise() {
    let app = App::start().await;
    let ask = |id: &str| app.nobody().request(Method::GET, "/health").header("x-request-id", id);
    assert_eq!(send(ask("till-1")).await.header("x-request-id"), Some("till-1"));
    for bad in ["", "a b", "<script>", &"x".repeat(129)] {
        let answer = send(ask(bad)).await;
        let made = answer.header("x-request-id").unwrap();
        assert!(made != bad && made.len() == 36, "{made}");
    }
}

#[tokio::test]
async fn health_and_readiness_need_no_token() {
    let app = App::start().await;
    assert_eq!(app.nobody().get("/health").await.expect(200).json(), json!({ "status": "ok" }));
    assert_eq!(app.nobody().get("/ready").await.expect(200).json()["status"], "ready");
}

#[tokio::test]
async fn readiness_names_the_check_that_fails() {
    let app = App::start().await;
    app.database.run("delete from services_schema_history where version > 1").await;
    let problem = app.nobody().get("/ready").await.expect_problem(503, "unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("migrations"), "{problem}");
    app.database.run("alter table services_schema_history rename to gone").await;
    let answer = app.nobody().get("/ready").await;
    assert!(answer.header("retry-after").is_some());
    let problem = answer.expect_problem(503, "unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("database"), "{problem}");
    app.nobody().get("/health").await.expect(200);
}

#[tokio::test]
async fn a_database_that_goes_away_is_503_and_comes_back_without_a_restart() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 5).await;
    let name = &app.database.name;
    let gone = format!("alter database {name} with allow_connections false");
    let kill = format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
    app.database.run_elsewhere(&gone).await;
    app.database.run_elsewhere(&kill).await;
    for answer in [
        app.admin().get("/v1/stock").await,
        app.admin().put("/v1/stock", json!({ "branch_id": branch, "item_id": item, "quantity": 6 })).await,
    ] {
        assert!(answer.header("retry-after").is_some());
        answer.expect(503);
    }
    app.database.run_elsewhere(&format!("alter database {name} with allow_connections true")).await;
    app.stock(branch, item, 7).await;
    assert_eq!(app.level(branch, item).await.0, "7");
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_full_disk_is_503_is_named_and_passes_without_a_restart() {
    let app = App::start().await;
    let (branch, item) = (app.branch("Harbour").await, app.any_item().await);
    app.stock(branch, item, 5).await;
    // As PostgreSQL refuses where it finds no room.
    app.database
        .run(
            "create function full_disk() returns trigger language plpgsql as
                 $$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$;
             create trigger full_disk before insert on services_audit_logs execute function full_disk()",
        )
        .await;
    let count = json!({ "branch_id": branch, "item_id": item, "quantity": 6 });
    for answer in [
        app.admin().put("/v1/stock", count).await,
        app.admin().post("/v1/items", json!({ "sku": "B", "name": "Bolt" })).await,
    ] {
        assert!(answer.header("retry-after").is_some());
        let problem = answer.expect_problem(503, "unavailable");
        assert!(problem["detail"].as_str().unwrap().contains("its disk is full"), "{problem}");
    }
    let problem = app.nobody().get("/ready").await.expect_problem(503, "unavailable");
    assert_eq!(problem["detail"], "Not ready: database: its disk is full.");
    assert_eq!(app.level(branch, item).await.0, "5");
    app.database.run("drop trigger full_disk on services_audit_logs").await;
    app.stock(branch, item, 7).await;
    until("it to be ready", async || app.nobody().get("/ready").await.status == 200).await;
    app.database.assert_sound().await;
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered() {
    let settings = HttpSettings { request_timeout: Duration::from_millis(200), ..HttpSettings::default() };
    let app = App::start_with(&settings).await;
    let branch = app.branch("Harbour").await;
    let client = app.database.connect("quartermaster").await;
    client.batch_execute("begin; lock table services_branches").await.unwrap();
    app.admin().get("/v1/branches").await.expect_problem(503, "unavailable");
    let body = json!({ "name": "Port" });
    let path = format!("/v1/branches/{branch}");
    app.admin().put(&path, body).await.expect_problem(503, "outcome-unknown");
    client.batch_execute("rollback").await.unwrap();
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_ask() {
    let app = App::start().await;
    for number in 0..20 {
        app.item(&format!("SKU-{number}")).await;
    }
    for encoding in ["gzip", "br"] {
        let request = app.admin().request(Method::GET, "/v1/items").header("accept-encoding", encoding);
        assert_eq!(send(request).await.expect(200).header("content-encoding"), Some(encoding));
    }
    assert_eq!(app.admin().get("/v1/items").await.header("content-encoding"), None);
}

#[tokio::test]
async fn pages_of_the_origins_that_are_set_may_call_and_no_others() {
    let settings =
        HttpSettings { cors_origins: vec!["https://shop.example".to_owned()], ..HttpSettings::default() };
    let app = App::start_with(&settings).await;
    let preflight = |origin: &str| {
        app.nobody()
            .request(Method::OPTIONS, "/v1/orders")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,idempotency-key")
    };
    let answer = send(preflight("https://shop.example")).await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://shop.example"));
    assert_eq!(
        answer.header("access-control-max-age"),
        Some("7200"),
        "a call over a slow line is one, not two"
    );
    let answer = send(preflight("https://evil.example")).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_is_told_of_in_the_words_of_who_asks() {
    let app = App::start().await;
    for (query, detail) in [
        ("item_id=bolt", "?item_id: must be a whole number, as in 7"),
        ("limit=1.5", "?limit: must be a whole number, as in 7"),
        ("limit=70000", "?limit: is too large a number"),
        ("from=yesterday", "?from: must be a time, as in 2026-04-01T08:00:00Z"),
        ("to=2026-04-01", "?to: must be a time, as in 2026-04-01T08:00:00Z"),
        ("from=2026-13-01T08:00:00Z", "?from: must be a time, as in 2026-04-01T08:00:00Z"),
        ("from=2026-02-30T08:00:00Z", "?from: must be a time, as in 2026-04-01T08:00:00Z"),
        ("to=2026-04-01T25:00:00Z", "?to: must be a time, as in 2026-04-01T08:00:00Z"),
        ("to=2026-04-01T08:00:00Z.", "?to: must be a time, as in 2026-04-01T08:00:00Z"),
    ] {
        let answer = app.admin().get(&format!("/v1/stock/movements?{query}")).await;
        assert_eq!(answer.expect_problem(422, "invalid")["detail"], detail, "{query}");
    }
}

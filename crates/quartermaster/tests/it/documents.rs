//! What ships inside the program: the OpenAPI document, its browser, the problems' pages.

use contract::ProblemKind;
use serde_json::Value;

use crate::support::App;

/// Every place in the document, with its path.
fn walk(value: &Value, path: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(path, value);
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| walk(value, &format!("{path}/{name}"), visit))
        }
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(n, value)| walk(value, &format!("{path}/{n}"), visit))
        }
        _ => {}
    }
}

#[tokio::test]
async fn the_openapi_document_describes_every_operation_of_the_contract() {
    let app = App::start().await;
    let document = app.nobody().get("/openapi.json").await.expect(200).json();
    assert_eq!(document["openapi"].as_str().unwrap().split('.').take(2).collect::<Vec<_>>(), ["3", "1"]);
    let operation = |path: &str, method: &str| document["paths"][path][method].clone();
    for (path, methods) in [
        ("/v1/branches", vec!["get", "post"]),
        ("/v1/branches/{id}", vec!["get", "put", "delete"]),
        ("/v1/items", vec!["get", "post"]),
        ("/v1/items/{id}", vec!["get", "put", "delete"]),
        ("/v1/stock", vec!["get", "put"]),
        ("/v1/stock/summary", vec!["get"]),
        ("/v1/stock/movements", vec!["get"]),
        ("/v1/orders", vec!["get", "post"]),
        ("/v1/orders/recent", vec!["get"]),
        ("/v1/orders/{id}", vec!["get", "put", "delete"]),
        ("/v1/orders/{id}/submit", vec!["post"]),
        ("/v1/orders/{id}/fulfill", vec!["post"]),
        ("/v1/orders/{id}/cancel", vec!["post"]),
        ("/v1/audit", vec!["get"]),
        ("/health", vec!["get"]),
        ("/ready", vec!["get"]),
    ] {
        for method in methods {
            let operation = operation(path, method);
            assert!(
                operation["operationId"].is_string() && operation["responses"].is_object(),
                "{method} {path}"
            );
        }
    }
    assert!(document["components"]["securitySchemes"].as_object().is_some_and(|schemes| !schemes.is_empty()));
    assert!(operation("/v1/orders", "post")["responses"]["201"]["links"].is_object());
    let mut examples = 0;
    walk(&document, "", &mut |path, _| {
        examples += usize::from(path.ends_with("/example") || path.ends_with("/examples"))
    });
    assert!(examples >= 5, "{examples}");
}

#[tokio::test]
async fn every_reference_in_the_openapi_document_leads_somewhere() {
    let app = App::start().await;
    let document = app.nobody().get("/openapi.json").await.expect(200).json();
    let mut checked = 0;
    walk(&document, "", &mut |path, value| {
        if let (true, Some(target)) = (path.ends_with("/$ref"), value.as_str()) {
            let pointer = target.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{path}: {target}");
            checked += 1;
        }
    });
    assert!(checked > 20, "{checked}");
}

#[tokio::test]
async fn the_api_can_be_browsed_without_any_other_site() {
    let app = App::start().await;
    let page = app.nobody().get("/docs/").await.expect(200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("http"), "{policy}");
    let html = page.text();
    for part in html.split('"').filter(|part| part.starts_with("/docs/")) {
        let asset = app.nobody().get(part).await.expect(200);
        assert!(asset.body.len() > 100, "{part}");
    }
    assert!(!html.contains("https://"), "{html}");
}

#[tokio::test]
async fn every_problem_type_has_a_page_that_says_what_to_do() {
    let app = App::start().await;
    let all = app.nobody().get("/problems").await.expect(200).text();
    for kind in ProblemKind::ALL {
        assert!(all.contains(kind.title()), "{kind:?}");
        let page = app.nobody().get(kind.type_uri()).await.expect(200).text();
        assert!(page.contains(kind.title()) && page.contains(&kind.status().to_string()), "{kind:?}");
    }
    app.nobody().get("/problems/unheard-of").await.expect(404);
}

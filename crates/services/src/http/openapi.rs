//! The OpenAPI document: what the handlers declare, completed with what all of them share.

use contract::page::MAX_LIMIT;
use contract::{FieldError, Problem, ProblemKind, StockAsOfOut};
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::HttpSettings;
use super::router::documented;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Quartermaster services",
        description = "Branches, items, stock, orders and audit. Errors are RFC 9457 problems; lists are keyset pages \
                       with a Link header; every POST takes an Idempotency-Key.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "branches", description = "Places that hold stock"),
        (name = "items", description = "What is stocked"),
        (name = "stock", description = "Stock levels and the ledger"),
        (name = "orders", description = "Drafts, promises and fulfilments"),
        (name = "reports", description = "How things stand and what moved"),
        (name = "audit", description = "Who did what"),
        (name = "health", description = "For operators and load balancers")
    ),
    components(schemas(Problem, FieldError, StockAsOfOut))
)]
pub(super) struct Document;

/// The OpenAPI 3.1 document of the services.
pub fn openapi() -> Value {
    let (_, document) = documented(HttpSettings::default().body_limit).split_for_parts();
    // The document is made of strings, lists and maps with string keys: it always has a JSON form.
    let mut document = serde_json::to_value(&document).unwrap_or_default();
    document["components"]["securitySchemes"] = json!({
        "token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                   "description": "An access token from the portal." }
    });
    document["security"] = json!([{ "token": [] }]);
    let paths = document["paths"].as_object_mut();
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                complete(path, method, operation);
            }
        }
    }
    without_binary_floats(&mut document);
    document
}

/// Takes `format: double` from every number: quantities are decimals, of which generators make binary floats by it. Without
/// it, generators for languages with a decimal type use that.
fn without_binary_floats(part: &mut Value) {
    match part {
        Value::Object(fields) => {
            if fields.get("format").is_some_and(|format| format == "double" || format == "float") {
                fields.remove("format");
            }
            fields.values_mut().for_each(without_binary_floats);
        }
        Value::Array(parts) => parts.iter_mut().for_each(without_binary_floats),
        _ => {}
    }
}

/// Says that a body may be left out as OpenAPI says it, and not by another form that the body may have: of `oneOf` with
/// null, generators make clients that cannot leave it out.
fn plain_body(body: &mut Value) {
    let schema = &mut body["content"]["application/json"]["schema"];
    let Some(forms) = schema.get("oneOf").and_then(Value::as_array) else { return };
    let (nulls, others): (Vec<&Value>, Vec<&Value>) = forms.iter().partition(|form| form["type"] == "null");
    if let ([_, ..], [only]) = (nulls.as_slice(), others.as_slice()) {
        *schema = (*only).clone();
        body["required"] = json!(false);
    }
}

/// Adds what every operation of its kind has: headers, problems, and where to go next.
fn complete(path: &str, method: &str, operation: &mut Map<String, Value>) {
    let open = operation.get("security").is_some();
    let mut problems: Vec<u16> = Vec::new();
    let mut headers: Vec<Value> = Vec::new();
    if open {
        operation.insert("security".to_owned(), json!([]));
        if path == "/ready" {
            problems.push(503);
        }
    } else {
        problems.extend([400, 401, 403, 404, 422, 429, 500, 503]);
        headers.push(header("X-Request-ID", "An id for this request; made when absent, and returned."));
    }
    match method {
        "post" => {
            problems.extend([409, 413, 415]);
            let mut key = header(
                "Idempotency-Key",
                "1 to 255 visible ASCII characters, with spaces between them if you like. The same key with the same \
                 body returns the first answer again.",
            );
            key["schema"]["pattern"] = json!("^[!-~]([ -~]{0,253}[!-~])?$");
            headers.push(key);
        }
        "put" => problems.extend([409, 412, 413, 415]),
        "delete" => problems.extend([409, 412]),
        _ => {}
    }
    let is_of_one = path.ends_with("{id}") || path.ends_with("{reference}");
    if matches!(method, "put" | "delete") && is_of_one {
        headers.push(header("If-Match", "The ETag that was read; 412 when it was changed since."));
    }
    if method == "get" && path.ends_with("{id}") {
        headers.push(header("If-None-Match", "An ETag that the client has; 304 when it is still current."));
    }
    if let Some(parameters) = operation.entry("parameters").or_insert_with(|| json!([])).as_array_mut() {
        parameters.extend(headers);
        parameters.iter_mut().for_each(bound);
    }
    if path == "/v1/stock" && method == "get" {
        // With `as_of` nothing is told of promises, which are not kept by time.
        operation["responses"]["200"]["content"]["application/json"]["schema"]["items"] = json!({ "anyOf": [
            { "$ref": "#/components/schemas/StockOut" }, { "$ref": "#/components/schemas/StockAsOfOut" }] });
    }
    if let Some(body) = operation.get_mut("requestBody") {
        plain_body(body);
    }
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for (status, response) in responses.iter_mut() {
        let what = if status == "201" { "Created" } else { "OK" };
        if let Some(response) = response.as_object_mut() {
            response.entry("description").or_insert_with(|| what.into());
        }
    }
    for status in problems {
        responses.insert(status.to_string(), problem(status));
    }
    if method == "get" && !path.ends_with("{id}") && !path.starts_with("/v1/reports/") && !open {
        responses["200"]["headers"] = json!({ "Link": {
            "description": "The next page (RFC 8288), where there is one.", "schema": { "type": "string" } } });
    }
    if let (true, Some(created)) = (method == "post", responses.get_mut("201")) {
        created["headers"] = json!({
            "Location": { "description": "Where the created thing is.", "schema": { "type": "string" } },
            "ETag": { "description": "Its version.", "schema": { "type": "string" } } });
        let links: Map<String, Value> = next_operations(path)
            .iter()
            .map(|next| {
                let link = json!({ "operationId": next, "parameters": { "id": "$response.body#/id" } });
                ((*next).to_owned(), link)
            })
            .collect();
        created["links"] = Value::Object(links);
    }
}

/// Says what the parameters of every list may be.
fn bound(parameter: &mut Value) {
    let bounds = match parameter["name"].as_str() {
        Some("limit") => json!({ "minimum": 1, "maximum": MAX_LIMIT }),
        Some("cursor") => json!({ "pattern": "^c[0-9a-f]{1,16}-[0-9a-f]{1,16}$" }),
        _ => return,
    };
    if let (Some(schema), Some(bounds)) = (parameter["schema"].as_object_mut(), bounds.as_object()) {
        for (name, value) in bounds {
            // Some lists are shorter, and say so.
            if schema.get(name).is_none_or(|given| given == 0) {
                schema.insert(name.clone(), value.clone());
            }
        }
    }
}

fn next_operations(path: &str) -> &'static [&'static str] {
    match path {
        "/v1/branches" => &["get_branch", "update_branch", "delete_branch"],
        "/v1/items" => &["get_item", "update_item", "delete_item"],
        "/v1/orders" => {
            &["get_order", "update_order", "delete_order", "submit_order", "fulfill_order", "cancel_order"]
        }
        _ => &[],
    }
}

fn header(name: &str, description: &str) -> Value {
    json!({ "name": name, "in": "header", "required": false, "description": description,
            "schema": { "type": "string" } })
}

fn problem(status: u16) -> Value {
    let kinds: Vec<&str> =
        ProblemKind::ALL.iter().filter(|kind| kind.status() == status).map(|kind| kind.slug()).collect();
    json!({
        "description": format!("Problem: {}", kinds.join(", ")),
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_an_id_and_asks_for_a_token_unless_it_is_about_health() {
        let document = openapi();
        let mut operations = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                operations += 1;
                assert!(operation["operationId"].is_string(), "{path}");
                let open = operation.get("security").is_some();
                assert_eq!(open, matches!(path.as_str(), "/health" | "/ready"), "{path}");
                let responses = operation["responses"].as_object().unwrap();
                assert!(responses.len() > 1 || open, "{path}");
                for (status, response) in responses {
                    assert!(response["description"].is_string(), "{path} {status}");
                }
            }
        }
        assert_eq!(operations, 37);
        assert_eq!(document["openapi"], "3.1.0");
    }

    /// Every part of the document with where it is.
    fn parts<'a>(part: &'a Value, at: &str, found: &mut Vec<(String, &'a Value)>) {
        found.push((at.to_owned(), part));
        match part {
            Value::Object(fields) => {
                fields.iter().for_each(|(name, part)| parts(part, &format!("{at}/{name}"), found));
            }
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(n, part)| parts(part, &format!("{at}/{n}"), found));
            }
            _ => {}
        }
    }

    #[test]
    fn no_number_is_said_to_be_a_binary_float() {
        let document = openapi();
        let mut found = Vec::new();
        parts(&document, "", &mut found);
        let numbers = found.iter().filter(|(_, part)| {
            part["type"] == "number"
                || part["type"].as_array().is_some_and(|kinds| kinds.contains(&json!("number")))
        });
        let mut count = 0;
        for (at, number) in numbers {
            count += 1;
            assert!(number.get("format").is_none(), "{at}: {number}");
        }
        assert!(count > 30, "{count}");
    }

    #[test]
    fn every_body_has_one_form_whether_or_not_it_may_be_left_out() {
        let document = openapi();
        let mut optional = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values().filter(|o| o["requestBody"].is_object()) {
                let body = &operation["requestBody"];
                let schema = body["content"]["application/json"]["schema"].as_object().unwrap();
                assert!(schema.contains_key("$ref") && schema.len() == 1, "{path}: {schema:?}");
                if body["required"] != true {
                    optional.push(operation["operationId"].as_str().unwrap());
                }
            }
        }
        assert_eq!(optional, ["fulfill_order"]);
    }
}

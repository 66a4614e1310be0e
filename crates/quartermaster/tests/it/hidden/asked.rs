//! Operations as the OpenAPI document has them, and whatever can be asked of them: every field and parameter with extreme,
//! negative, huge and malformed values.

use reqwest::Method;
use serde_json::Value;

use crate::support::App;

/// Values for a field of a body, as JSON.
const VALUES: [&str; 15] = [
    "0",
    "-1",
    "9223372036854775807",
    "92233720368547758070",
    "999999999999.999",
    "-999999999999.999",
    "0.001",
    "-0.001",
    "0.0001",
    "1e400",
    "null",
    "\"\"",
    "\"abc\"",
    "\"\\u0000\"",
    "[]",
];

/// Values for a parameter of a query.
const PARAMETERS: [&str; 7] =
    ["", "0", "-1", "9223372036854775807", "92233720368547758070", "abc", "2026-01-01T00:00:00Z"];

/// Bodies that are none.
const BODIES: [&str; 6] = ["", "null", "[]", "{", "{}", "\"abc\""];

/// Conditions and keys of a request.
pub const HEADERS: [(&str, &str); 8] = [
    ("if-match", "\"1\""),
    ("if-match", "\"2\", \"3\""),
    ("if-match", "*"),
    ("if-match", "W/\"1\""),
    ("if-match", "garbage"),
    ("if-none-match", "*"),
    ("idempotency-key", " "),
    ("content-type", "text/plain"),
];

/// By what an operation says what it is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Named {
    /// The path has the id of an order.
    Order,
    /// The path has the id of a branch.
    Branch,
    /// The path has the id of an entry of the audit.
    Entry,
    /// The body or the query has the id of a branch.
    Within,
    /// It is about nothing that can be hidden.
    Nothing,
}

/// The operations about nothing that can be hidden: what belongs to no branch, and lists of what the caller sees.
const ABOUT_NOTHING: [&str; 10] = [
    "list_branches",
    "create_branch",
    "list_items",
    "create_item",
    "put_item_batch",
    "get_item",
    "update_item",
    "delete_item",
    "health",
    "ready",
];

/// One operation of the document.
#[derive(Debug)]
pub struct Operation {
    pub id: String,
    pub method: Method,
    pub path: String,
    /// Its parameters of the query, and whether each must be given.
    query: Vec<(String, bool)>,
    body: Option<Value>,
    schemas: Value,
}

/// One request of an operation: what follows its path, and its body.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub query: String,
    pub body: Option<String>,
}

/// What requests are made about.
#[derive(Debug, Clone, Copy)]
pub struct About {
    pub branch: i64,
    pub item: i64,
}

/// Every operation of the document.
pub async fn operations(app: &App) -> Vec<Operation> {
    let document = app.nobody().get("/openapi.json").await.expect(200).json();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let query = parameters.iter().filter(|parameter| parameter["in"] == "query");
            let query = query.map(|p| (p["name"].as_str().unwrap().to_owned(), p["required"] == true));
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            operations.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                query: query.collect(),
                body: body.is_object().then(|| body.clone()),
                schemas: document["components"]["schemas"].clone(),
            });
        }
    }
    operations
}

impl Operation {
    /// By what it says what it is about. An operation of a new kind fails here: say what can be hidden of it.
    pub fn named(&self) -> Named {
        let has_branch = self.query.iter().any(|(name, _)| name == "branch_id")
            || self.body.as_ref().is_some_and(|body| self.properties(body).contains_key("branch_id"));
        match self.path.as_str() {
            _ if ABOUT_NOTHING.contains(&self.id.as_str()) => Named::Nothing,
            path if path.starts_with("/v1/orders/{id}") => Named::Order,
            path if path.starts_with("/v1/branches/{id}") => Named::Branch,
            // Where nothing has the reference at a branch that is seen, it is drafted: the branch alone can be hidden.
            "/v1/orders/by-reference/{branch_id}/{reference}" => Named::Branch,
            path if path.starts_with("/v1/audit/{id}") => Named::Entry,
            // Each of its entries has the id of a branch.
            "/v1/stock/batch" => Named::Within,
            path if !path.contains('{') && has_branch => Named::Within,
            path => panic!("{} ({path}) is new: say what can be hidden of it", self.id),
        }
    }

    /// Its path, about what has that id.
    pub fn path(&self, id: &str) -> String {
        let path = self.path.replace("{id}", id).replace("{branch_id}", id);
        path.replace("{reference}", "R-1")
    }

    /// The request as it should be.
    pub fn proper(&self, about: About) -> Asked {
        let required = self.query.iter().filter(|(name, required)| *required || name == "branch_id");
        let query: Vec<String> =
            required.map(|(name, _)| format!("{name}={}", parameter(name, about))).collect();
        Asked { query: query.join("&"), body: self.body.as_ref().map(|body| self.value(body, "", about)) }
    }

    /// The same with each parameter and each field in turn as it should not be.
    pub fn improper(&self, about: About) -> Vec<Asked> {
        let proper = self.proper(about);
        let mut all = Vec::new();
        for (name, _) in &self.query {
            let others: Vec<&str> =
                proper.query.split('&').filter(|pair| !pair.starts_with(&format!("{name}="))).collect();
            for value in PARAMETERS {
                let query = [others.as_slice(), &[&format!("{name}={value}")]].concat().join("&");
                all.push(Asked { query, body: proper.body.clone() });
            }
            all.push(Asked { query: others.join("&"), body: proper.body.clone() });
        }
        all.push(Asked { query: format!("{}&nonsense=1", proper.query), body: proper.body.clone() });
        let bodies = self.body.iter().flat_map(|body| self.values(body, "", about));
        let bodies = BODIES.into_iter().map(str::to_owned).chain(bodies);
        all.extend(bodies.map(|body| Asked { query: proper.query.clone(), body: Some(body) }));
        all
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(name) => &self.schemas[name.rsplit('/').next().unwrap()],
            None => schema,
        }
    }

    fn properties<'a>(&'a self, schema: &'a Value) -> serde_json::Map<String, Value> {
        self.resolved(schema)["properties"].as_object().cloned().unwrap_or_default()
    }

    /// A field of this schema as it should be, as JSON.
    fn value(&self, schema: &Value, name: &str, about: About) -> String {
        let schema = self.resolved(schema);
        let properties = self.properties(schema);
        if !properties.is_empty() {
            let fields = properties.iter().map(|(name, schema)| (name, self.value(schema, name, about)));
            return object(fields.map(|(name, value)| (name.as_str(), value)));
        }
        if schema["items"].is_object() {
            return format!("[{}]", self.value(&schema["items"], name, about));
        }
        let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
        match (name, kind) {
            ("branch_id", _) => about.branch.to_string(),
            ("item_id", _) => about.item.to_string(),
            ("active", _) => "true".to_owned(),
            ("timezone", _) => "\"UTC\"".to_owned(),
            ("decimal_places", _) => "0".to_owned(),
            (_, Some("boolean")) => "false".to_owned(),
            (_, Some("string")) => "\"X\"".to_owned(),
            _ => "5".to_owned(),
        }
    }

    /// The same in every way that it should not be.
    fn values(&self, schema: &Value, name: &str, about: About) -> Vec<String> {
        let schema = self.resolved(schema);
        let properties = self.properties(schema);
        let mut all: Vec<String> = VALUES.into_iter().map(str::to_owned).collect();
        let proper: Vec<(&str, String)> = properties
            .iter()
            .map(|(name, schema)| (name.as_str(), self.value(schema, name, about)))
            .collect();
        for (field, schema) in &properties {
            let others = || proper.iter().filter(|(name, _)| name != field).cloned();
            all.push(object(others()));
            let values = self.values(schema, field, about);
            all.extend(values.into_iter().map(|value| object(others().chain([(field.as_str(), value)]))));
        }
        if !properties.is_empty() {
            all.push(object(proper.iter().cloned().chain([("nonsense", "1".to_owned())])));
        }
        if schema["items"].is_object() {
            let one = self.value(&schema["items"], name, about);
            all.push(format!("[{one}, {one}]"));
            all.extend(self.values(&schema["items"], name, about).iter().map(|value| format!("[{value}]")));
        }
        all
    }
}

fn parameter(name: &str, about: About) -> String {
    match name {
        "branch_id" => about.branch.to_string(),
        "item_id" => about.item.to_string(),
        "from" => "2026-01-01T00:00:00Z".to_owned(),
        "to" => "2026-02-01T00:00:00Z".to_owned(),
        other => panic!("{other} must be given: say here what"),
    }
}

fn object<'a>(fields: impl Iterator<Item = (&'a str, String)>) -> String {
    let fields: Vec<String> = fields.map(|(name, value)| format!("\"{name}\": {value}")).collect();
    format!("{{{}}}", fields.join(", "))
}

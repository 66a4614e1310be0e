//! The services in this process, and users who call them over HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use identity::{BranchScope, Claims, JwkSet, Role, SigningKey, Verifier};
use policy::{Authorizer, PolicyFile};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use services::Services;
use services::engine::EngineConfig;
use services::http::{App as Surface, HttpSettings};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::TestDatabase;

const ISSUER: &str = "test";

/// The services on a database of their own.
pub struct App {
    pub database: TestDatabase,
    pub base: String,
    pub surface: Arc<Surface>,
    unique_references: bool,
    key: Arc<SigningKey>,
    http: Client,
    _stop: DropGuard,
}

impl App {
    pub async fn start() -> App {
        App::start_with(&HttpSettings::default()).await
    }

    pub async fn start_with(settings: &HttpSettings) -> App {
        let database = TestDatabase::new().await;
        App::on(database, settings, &EngineConfig::default()).await
    }

    /// The services of a company with policies of its own.
    pub async fn with_policies(files: Vec<PolicyFile>) -> App {
        let authorizer = Arc::new(Authorizer::with(files).unwrap());
        App::with_authorizer(TestDatabase::new().await, authorizer).await
    }

    pub async fn with_authorizer(database: TestDatabase, authorizer: Arc<Authorizer>) -> App {
        App::build(database, &HttpSettings::default(), &EngineConfig::default(), authorizer, false).await
    }

    /// The services of a company in which a reference is that of one order.
    pub async fn with_unique_references(engine: &EngineConfig, files: Vec<PolicyFile>) -> App {
        let authorizer = Arc::new(Authorizer::with(files).unwrap());
        App::build(TestDatabase::new().await, &HttpSettings::default(), engine, authorizer, true).await
    }

    pub async fn on(database: TestDatabase, settings: &HttpSettings, engine: &EngineConfig) -> App {
        App::build(database, settings, engine, crate::support::roles_alone(), false).await
    }

    async fn build(
        database: TestDatabase,
        settings: &HttpSettings,
        engine: &EngineConfig,
        authorizer: Arc<Authorizer>,
        unique_references: bool,
    ) -> App {
        let key = Arc::new(SigningKey::generate().unwrap());
        let keys = JwkSet { keys: vec![key.public().clone()] };
        let verifier = Verifier::with_keys(&keys, ISSUER, portal::AUDIENCE);
        let services = Services::start(database.pool(services::ROLES), engine, authorizer)
            .with_unique_references(unique_references);
        let surface = Arc::new(Surface { services, verifier });
        let router = services::http::router(Arc::clone(&surface), settings);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(platform::serve::serve(listener, router, stop.clone()));
        let http = Client::builder().no_proxy().build().unwrap();
        App { database, base, surface, unique_references, key, http, _stop: stop.drop_guard() }
    }

    /// Starts another process's worth of services on the same database, until the test ends; gives its address.
    pub async fn beside(&self, engine: &EngineConfig) -> String {
        let keys = JwkSet { keys: vec![self.key.public().clone()] };
        let verifier = Verifier::with_keys(&keys, ISSUER, portal::AUDIENCE);
        let pool = self.database.pool(services::ROLES);
        let services = Services::start(pool, engine, crate::support::roles_alone())
            .with_unique_references(self.unique_references);
        let router =
            services::http::router(Arc::new(Surface { services, verifier }), &HttpSettings::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(platform::serve::serve(listener, router, CancellationToken::new()));
        base
    }

    pub fn admin(&self) -> User {
        self.user("admin", &[Role::Admin], &BranchScope::All)
    }

    pub fn auditor(&self) -> User {
        self.user("auditor", &[Role::Auditor], &BranchScope::All)
    }

    pub fn manager(&self, branches: &[i64]) -> User {
        self.user("manager", &[Role::Manager], &scope(branches))
    }

    pub fn worker(&self, branches: &[i64]) -> User {
        self.user("worker", &[Role::Worker], &scope(branches))
    }

    pub fn user(&self, name: &str, roles: &[Role], scope: &BranchScope) -> User {
        let now = jiff::Timestamp::now().as_second();
        let claims = Claims::new(ISSUER, portal::AUDIENCE, &format!("id-{name}"), name, now);
        self.bearer(&self.key.mint(&claims.with_access(roles.iter().copied(), scope)).unwrap())
    }

    /// Claims of an Admin, to be spoilt.
    pub fn admin_claims(&self) -> Claims {
        let now = jiff::Timestamp::now().as_second();
        Claims::new(ISSUER, portal::AUDIENCE, "id-admin", "admin", now)
            .with_access([Role::Admin], &BranchScope::All)
    }

    /// What its tokens are signed with.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    pub fn sign(&self, claims: &Claims) -> User {
        self.bearer(&self.key.mint(claims).unwrap())
    }

    /// Whoever sends this token.
    pub fn bearer(&self, token: &str) -> User {
        User { base: self.base.clone(), http: self.http.clone(), token: Some(token.to_owned()) }
    }

    /// Whoever sends no token.
    pub fn nobody(&self) -> User {
        User { base: self.base.clone(), http: self.http.clone(), token: None }
    }

    /// Whether `/ready` says so.
    pub async fn surface_is_ready(&self) -> bool {
        self.nobody().get("/ready").await.status == 200
    }

    /// A new branch of that name.
    pub async fn branch(&self, name: &str) -> i64 {
        self.admin().post("/v1/branches", json!({ "name": name })).await.expect(201).id()
    }

    /// A new item counted in pieces.
    pub async fn item(&self, sku: &str) -> i64 {
        self.item_with_places(sku, 0).await
    }

    pub async fn item_with_places(&self, sku: &str, decimal_places: u8) -> i64 {
        let body = json!({ "sku": sku, "name": sku, "decimal_places": decimal_places });
        self.admin().post("/v1/items", body).await.expect(201).id()
    }

    /// Some item, when which does not matter.
    pub async fn any_item(&self) -> i64 {
        static NUMBER: AtomicI64 = AtomicI64::new(1);
        self.item(&format!("ANY-{}", NUMBER.fetch_add(1, Ordering::Relaxed))).await
    }

    /// Sets what is on hand.
    pub async fn stock(&self, branch: i64, item: i64, quantity: impl Into<Value>) {
        let body = json!({ "branch_id": branch, "item_id": item, "quantity": quantity.into() });
        self.admin().put("/v1/stock", body).await.expect(200);
    }

    /// A new draft of one line an item.
    pub async fn draft(&self, branch: i64, lines: &[(i64, i64)]) -> i64 {
        let lines: Vec<Value> =
            lines.iter().map(|(item, qty)| json!({ "item_id": item, "requested_qty": qty })).collect();
        self.admin().post("/v1/orders", json!({ "branch_id": branch, "lines": lines })).await.expect(201).id()
    }

    /// A draft that was submitted.
    pub async fn submitted(&self, branch: i64, lines: &[(i64, i64)]) -> i64 {
        let order = self.draft(branch, lines).await;
        self.admin().command(order, "submit").await.expect(200);
        order
    }

    /// Quantity, reserved and available, as text.
    pub async fn level(&self, branch: i64, item: i64) -> (String, String, String) {
        let rows =
            self.admin().get(&format!("/v1/stock?branch_id={branch}&item_id={item}")).await.expect(200);
        let row = &rows.json()[0];
        let field = |name: &str| row[name].to_string();
        (field("quantity"), field("reserved"), field("available"))
    }
}

fn scope(branches: &[i64]) -> BranchScope {
    BranchScope::only(branches.iter().map(|id| domain::BranchId(*id)))
}

/// A caller with a token.
#[derive(Clone)]
pub struct User {
    base: String,
    http: Client,
    token: Option<String>,
}

impl User {
    /// A caller of services that run elsewhere.
    pub fn at(base: &str, token: &str) -> User {
        let http = Client::builder().no_proxy().build().unwrap();
        User { base: base.to_owned(), http, token: Some(token.to_owned()) }
    }

    /// Its token; empty for nobody.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// A request, for tests that add headers of their own.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    /// Submits, fulfils or cancels an order.
    pub async fn command(&self, order: i64, verb: &str) -> Answer {
        send(self.request(Method::POST, &format!("/v1/orders/{order}/{verb}"))).await
    }
}

/// Sends a request; every answer that is no success must be a problem as the contract has it.
pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.unwrap().to_vec();
    let answer = Answer { status, headers, body };
    if status >= 400 {
        answer.assert_is_problem();
    }
    answer
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The answer, if it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// The problem, if it is of this status and kind.
    #[track_caller]
    pub fn expect_problem(self, status: u16, slug: &str) -> Value {
        let problem = self.expect(status).json();
        assert_eq!(problem["type"], format!("/problems/{slug}"), "{problem}");
        problem
    }

    /// The fields that the problem names.
    #[track_caller]
    pub fn expect_invalid(self) -> Vec<String> {
        let problem = self.expect_problem(422, "invalid");
        let errors = problem["errors"].as_array().unwrap();
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    #[track_caller]
    pub fn id(&self) -> i64 {
        self.json()["id"].as_i64().unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// How many rows a list has.
    #[track_caller]
    pub fn len(&self) -> usize {
        self.json().as_array().unwrap().len()
    }

    /// One field of each row of a list.
    #[track_caller]
    pub fn each(&self, field: &str) -> Vec<Value> {
        self.json().as_array().unwrap().iter().map(|row| row[field].clone()).collect()
    }

    #[track_caller]
    fn assert_is_problem(&self) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text());
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        for field in ["type", "title", "detail", "instance", "request_id"] {
            assert!(problem[field].is_string(), "{field} is missing: {problem}");
        }
        // A repeated answer names the request it answered first.
        if self.header("idempotent-replayed").is_none() {
            assert_eq!(self.header("x-request-id"), problem["request_id"].as_str());
        }
        assert_ne!(self.status, 500, "{problem}");
    }
}

//! Secrets that a client sends, wherever it puts them, are found nowhere afterwards: not in the log at its most
//! talkative, not in a table, not in an answer.

use std::fs::File;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use portal::{KeyEncryptionKey, Sealer};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::company::{PASSWORD, http};
use super::headers::operations;
use crate::support::TestDatabase;
use crate::support::portal::Browser;
use crate::support::program::{KEY, Running, free_address, program, run_failing, run_ok};
use crate::support::routes::{portal_paths, portal_routes};

/// What each might be taken for.
const SECRETS: [(&str, &str); 5] = [
    ("password", "canary-Pa55-word"),
    ("token", "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJjYW5hcnkifQ.Y2FuYXJ5LXNpZ25hdHVyZQ"),
    ("signing_key", "MC4CAQAwBQYDK2VwBCIEIGNhbmFyeWNhbmFyeWNhbmFyeWNhbmFyeWNhbmFyeTEy"),
    ("client_secret", "qms_canaryCANARYcanaryCANARYcanary"),
    ("sid", "canarySessionCanarySessionCanarySessionCana"),
];
/// A program's request for a token.
const GRANT: [(&str, &str); 1] = [("grant_type", "client_credentials")];
/// The fields of the forms and searches about accounts, programs and keys.
const FIELDS: [&str; 28] = [
    "username",
    "password",
    "next",
    "code",
    "offer",
    "current",
    "new",
    "again",
    "session",
    "role",
    "branch",
    "all_branches",
    "required",
    "name",
    "text",
    "confirm_form",
    "confirm_password",
    "q",
    "who",
    "person",
    "action",
    "entity_type",
    "entity_id",
    "request",
    "from",
    "cursor",
    "kind",
    "amount",
];
/// The pages that are searched by fields.
const SEARCHES: [&str; 11] = [
    "/admin/audit/",
    "/admin/audit/csv",
    "/admin/users/",
    "/admin/policies/",
    "/accounts/login/",
    "/audit/",
    "/stock/",
    "/orders/",
    "/items/",
    "/search/",
    "/scan/",
];
/// In a path, which an answer names to whoever sent it.
const IN_PATH: &str = "canary-in-the-path";
/// A password typed where the name belongs: the form shows it again to whoever typed it.
const AS_NAME: &str = "canary-typed-as-the-name";
const OF_DATABASE: &str = "canary-of-the-database";

/// The program with a log of everything, and what its clients got.
struct Watched {
    database: TestDatabase,
    running: Running,
    log: tempfile::NamedTempFile,
    portal: String,
    services: String,
    http: Client,
    answers: String,
}

impl Watched {
    async fn start() -> Watched {
        let database = TestDatabase::new().await;
        let url = format!("{} password={OF_DATABASE}", database.url());
        let mut add = program(&["user", "add", "mia", "--role", "admin", "--all-branches", "--keep"]);
        add.env("QUARTERMASTER_DATABASE_URL", &url);
        let password = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(password.path(), format!("{PASSWORD}\n")).unwrap();
        let added = add.stdin(File::open(password.path()).unwrap()).output().unwrap();
        assert!(added.status.success(), "{added:?}");
        let (portal, services) = (free_address(), free_address());
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut serve = program(&["serve", "--log", "trace"]);
        serve.env("QUARTERMASTER_DATABASE_URL", &url);
        serve.args(["--portal-addr", &portal, "--services-addr", &services]);
        serve.stderr(log.reopen().unwrap());
        let mut running = Running::start(serve);
        running.wait_for(&format!("http://{portal}/ready")).await;
        running.wait_for(&format!("http://{services}/ready")).await;
        let (portal, services) = (format!("http://{portal}"), format!("http://{services}"));
        Watched { database, running, log, portal, services, http: http(None), answers: String::new() }
    }

    fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Sends it, and keeps what comes back.
    async fn send(&mut self, request: RequestBuilder) -> Option<HeaderMap> {
        let answer = request.send().await.ok()?;
        Some(self.keep(answer).await)
    }

    async fn keep(&mut self, answer: Response) -> HeaderMap {
        let mut headers = answer.headers().clone();
        // Who is sent to sign in comes back to the very address that was asked for.
        if headers.get("location").is_some_and(|to| to.as_bytes().starts_with(b"/accounts/login/?next=")) {
            headers.remove("location");
        }
        let body = answer.bytes().await.unwrap_or_default();
        self.answers.push_str(&format!("{headers:?}\n{}\n", String::from_utf8_lossy(&body)));
        headers
    }

    /// Every place for a secret in requests of this kind.
    async fn tempt(&mut self, method: &Method, url: &str, token: Option<&str>) {
        let query: Vec<String> = SECRETS.iter().map(|(name, secret)| format!("{name}={secret}")).collect();
        let json: Value = SECRETS.iter().map(|(name, secret)| ((*name).to_owned(), json!(secret))).collect();
        let cookies: Vec<String> = query.iter().map(|pair| pair.to_string()).collect();
        for (name, secret) in SECRETS {
            let wrong = ["branch_id", "lines", "quantity", "sku", "name", "status", "decimal_places"];
            let wrong: Value =
                wrong.iter().map(|field| ((*field).to_owned(), json!({ "x": secret }))).collect();
            let basic = format!("{url}?{name}={secret}");
            let request = |url: &str| self.http.request(method.clone(), url);
            let requests = [
                request(&basic),
                request(&format!("{url}?limit={secret}&branch_id={secret}&cursor={secret}&status={secret}")),
                request(url).bearer_auth(secret),
                request(url).basic_auth("program", Some(secret)),
                // Id and secret the other way round.
                request(url).basic_auth(secret, Some("client-1")).form(&GRANT),
                request(url).form(&[GRANT[0], ("client_id", secret), ("client_secret", "client-1")]),
                request(url).form(&[GRANT[0], ("client_id", "client-1"), ("client_secret", secret)]),
                request(url).form(&[("grant_type", secret), ("scope", secret)]),
                request(url).header("user-agent", secret).header("accept-language", secret),
                request(url).header("x-forwarded-for", secret).header("x-forwarded-proto", secret),
                request(url).header("accept", secret).header("range", secret),
                request(url).header("authorization", secret).header("cookie", cookies.join("; ")),
                request(url).header("x-api-key", secret).header("referer", &basic),
                request(url).header("if-match", secret).header("if-none-match", secret),
                request(url).header("traceparent", secret).header("x-request-id", format!("{secret}!")),
                request(url).json(&json),
                request(url).json(&wrong),
                request(url).json(&json!({ "branch_id": secret, "quantity": secret, "lines": [secret] })),
                request(url)
                    .json(&json!({ "branch_id": 1, "lines": [{ "item_id": 1, "requested_qty": secret }] })),
                request(url).json(&secret),
                request(url).header("content-type", "application/json").body(secret),
                request(url).form(&SECRETS),
                request(url).form(&[("username", AS_NAME), ("password", secret), ("next", "/")]),
            ];
            let mut requests = Vec::from(requests);
            // What has the form of a token or of a program's secret is no request id either.
            if ["token", "client_secret"].contains(&name) {
                requests.push(request(url).header("x-request-id", secret));
            }
            for request in requests {
                let has_own = format!("{request:?}").contains("authorization");
                let request = match token {
                    Some(token) if !has_own => request.bearer_auth(token),
                    _ => request,
                };
                self.send(request).await;
            }
        }
        self.send(self.request(method.clone(), &format!("{url}/{IN_PATH}"))).await;
    }

    /// The portal's own forms, with the tokens that they need, and a program's request for a token.
    async fn fill_in(&mut self, browser: &Browser) {
        for (_, secret) in SECRETS {
            for path in ["/accounts/login/", "/accounts/password/", "/accounts/second-factor/"] {
                let fields = ["password", "current", "new", "again", "code", "offer", "next"];
                let mut form = vec![("username", AS_NAME)];
                form.extend(fields.map(|field| (field, secret)));
                let answer = browser.post(path, &form).await;
                assert_ne!(answer.status(), 403, "{path}: the form was refused unread");
                self.keep(answer).await;
            }
            let grant =
                [("grant_type", "client_credentials"), ("client_id", "client-1"), ("client_secret", secret)];
            self.send(self.request(Method::POST, &format!("{}/oauth/token", self.portal)).form(&grant)).await;
        }
    }

    /// Every field of every form about accounts, programs and keys, with each secret in it, sent as the portal's pages send
    /// them; and every field that pages are searched by. Pages show who typed it what was typed: their answers are not kept.
    async fn swap_fields(&mut self, browser: &Browser) {
        let about_access = |path: &str| path.starts_with("/accounts/") || path.starts_with("/admin/");
        let forms: Vec<String> = portal_routes()
            .into_iter()
            .filter(|route| route.takes_forms && about_access(&route.path) && !route.path.contains("logout"))
            .map(|route| route.path)
            .chain(["access", "password", "disable", "canary"].map(|verb| format!("/admin/users/1/{verb}/")))
            .collect();
        let token = browser.form_token().await;
        for (_, secret) in SECRETS {
            for path in &forms {
                let mut form: Vec<(&str, &str)> = FIELDS.iter().map(|field| (*field, secret)).collect();
                form.push(("form_token", &token));
                let status = browser.post_bare(path, &form).await.status();
                assert!(!status.is_server_error(), "{path}: {status}");
                // Without the confirmation's own fields the form itself is read.
                form.retain(|(field, _)| !field.starts_with("confirm_"));
                let status = browser.post_bare(path, &form).await.status();
                assert!(!status.is_server_error(), "{path}: {status}");
            }
            for page in SEARCHES {
                let query: Vec<String> = FIELDS.iter().map(|field| format!("{field}={secret}")).collect();
                let status = browser.get(&format!("{page}?{}", query.join("&"))).await.status();
                assert!(!status.is_server_error(), "{page}: {status}");
            }
            let swapped = format!("/admin/clients/{secret}/rotate/");
            browser.post_bare(&swapped, &[("form_token", &token)]).await;
            browser.post_bare(&format!("/admin/keys/{secret}/retire/"), &[("form_token", &token)]).await;
        }
        assert_eq!(browser.get("/").await.status(), 200, "the session was there all the time");
    }

    /// Changes that succeed, and one that is refused, with secrets beside them: these leave audit entries, events and
    /// kept answers.
    async fn trade(&mut self, token: &str) {
        let order = json!({ "branch_id": 1, "lines": [{ "item_id": 1, "requested_qty": 1 }] });
        for (n, (path, body, status)) in [
            ("/v1/branches", json!({ "name": "Harbour" }), 201),
            ("/v1/items", json!({ "sku": "BOLT", "name": "Bolt" }), 201),
            ("/v1/items", json!({ "sku": "BOLT", "name": "Bolt" }), 409),
            ("/v1/orders", order, 201),
            ("/v1/orders/1/submit", Value::Null, 409),
        ]
        .into_iter()
        .enumerate()
        {
            let (name, secret) = SECRETS[n];
            let url = format!("{}{path}?{name}={secret}", self.services);
            let request = self.request(Method::POST, &url).bearer_auth(token).header("idempotency-key", n);
            let request = request.header("cookie", format!("{name}={secret}")).header("x-api-key", secret);
            let answer = if body.is_null() { request } else { request.json(&body) }.send().await.unwrap();
            assert_eq!(answer.status(), status, "{path}");
        }
        for table in ["services_audit_logs", "services_idempotency_keys", "portal_audit_logs"] {
            let rows: i64 = self.database.value(&format!("select count(*) from {table}")).await;
            assert!(rows > 0, "{table} is looked through for nothing");
        }
    }

    /// Which of these stand in a row of any table, as text or as bytes.
    async fn in_tables(&self, secrets: &[String]) -> Vec<String> {
        let client = self.database.connect("quartermaster").await;
        let tables = "select tablename::text from pg_tables where schemaname = 'public'";
        let mut found = Vec::new();
        for row in client.query(tables, &[]).await.unwrap() {
            let table: String = row.get(0);
            for secret in secrets {
                let sql = format!(
                    "select exists (select from {table} t where strpos(t::text, $1) > 0
                                    or strpos(t::text, encode($1::text::bytea, 'hex')) > 0)"
                );
                if client.query_one(&sql, &[secret]).await.unwrap().get(0) {
                    found.push(format!("{secret} in {table}"));
                }
            }
        }
        found
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_that_clients_send_are_found_in_no_log_no_table_and_no_answer() {
    let mut watched = Watched::start().await;
    let portal = watched.portal.clone();
    let browser = Browser::at(&portal);
    assert_eq!(browser.sign_in("mia", PASSWORD).await.status(), 303);
    let (session, token) = (browser.cookies(), browser.token().await);

    watched.trade(&token).await;
    for (method, path) in operations() {
        let url = format!("{}{path}", watched.services);
        watched.tempt(&method, &url, Some(&token)).await;
    }
    for path in portal_paths() {
        for method in [Method::GET, Method::POST] {
            watched.tempt(&method, &format!("{portal}{path}"), None).await;
        }
        let page = watched.request(Method::GET, &format!("{portal}{path}")).header("cookie", &session);
        // A token is a secret by right; events never end.
        if !["/accounts/api/token/", "/dashboard/events/"].contains(&path.as_str()) {
            watched.send(page).await;
        }
    }
    watched.swap_fields(&browser).await;
    watched.fill_in(&browser).await;
    let sealed: Vec<u8> = watched
        .database
        .value("select private_key from portal_signing_keys order by signs_from limit 1")
        .await;
    let kid: String =
        watched.database.value("select kid from portal_signing_keys order by signs_from limit 1").await;
    let encryption = BASE64_STANDARD.decode(KEY).unwrap();
    let sealer = Sealer::new(&KeyEncryptionKey::new(encryption.try_into().unwrap())).unwrap();
    let key = sealer.open(&format!("signing key {kid}"), &sealed).unwrap();
    let own = [token, browser.cookie("sid").unwrap(), PASSWORD.to_owned()];
    let sent: Vec<String> = SECRETS.iter().map(|(_, secret)| (*secret).to_owned()).chain(own).collect();
    let everything: Vec<String> =
        sent.iter().cloned().chain([IN_PATH, AS_NAME, OF_DATABASE, KEY].map(str::to_owned)).collect();
    assert_eq!(watched.in_tables(&everything).await, Vec::<String>::new());
    assert_eq!(lines_with(&watched.answers, &sent), Vec::<&str>::new());

    watched.running.signal("TERM");
    assert!(watched.running.wait().success());
    let log = String::from_utf8_lossy(&std::fs::read(watched.log.path()).unwrap()).into_owned();
    let lines = log.lines().count();
    assert!(log.contains("TRACE") && lines > 100, "{lines}: the log tells everything");
    let key = [bytes_as_list(&key), hex_of(&key)].map(|text| text.trim_matches(['[', ']']).to_owned());
    let everything: Vec<String> = everything.into_iter().chain(key).collect();
    assert_eq!(lines_with(&log, &everything), Vec::<&str>::new());
    let url = format!("postgres://u:{OF_DATABASE}@h/d");
    let shown = run_ok(program(&["config"]).env("QUARTERMASTER_DATABASE_URL", &url));
    assert!(!shown.contains(OF_DATABASE), "{shown}");
    // A command line is everybody's to read: what is secret is refused there, and not repeated.
    for flags in [["--database-url", url.as_str()], ["--key-encryption-key", KEY]] {
        let said = run_failing(&mut program(&[&["config"], flags.as_slice()].concat()));
        assert!(said.contains("-file") && said.contains("QUARTERMASTER_"), "{said}");
        assert!(!said.contains(OF_DATABASE) && !said.contains(KEY), "{said}");
    }
}

/// Some of the lines that have one of these.
fn lines_with<'a>(text: &'a str, secrets: &[String]) -> Vec<&'a str> {
    text.lines().filter(|line| secrets.iter().any(|secret| line.contains(secret.as_str()))).take(20).collect()
}

fn bytes_as_list(bytes: &[u8]) -> String {
    format!("{bytes:?}")
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

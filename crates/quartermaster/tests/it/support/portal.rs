//! The portal in this process, with the services behind it, and browsers that visit it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use identity::{BranchScope, Role, Verifier};
use platform::http::TrustedProxies;
use platform::serve::Transport;
use policy::{Authorizer, PolicyFile};
use portal::accounts::sessions::Limits;
use portal::accounts::users::{self, NewUser, PasswordIs};
use portal::{By, Config, KeyEncryptionKey, Portal};
use reqwest::{Client, RequestBuilder, Response, redirect};
use serde_json::Value;
use services::Services;
use services::engine::EngineConfig;
use services::http::{App as Surface, HttpSettings};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::TestDatabase;
use super::api::User;

/// The password of every user that the tests add.
pub const PASSWORD: &str = "correct horse battery";

/// Portal and services, the services knowing the portal's keys by its JWKS alone.
pub struct Company {
    pub database: TestDatabase,
    pub portal: String,
    pub services: String,
    pub services_stop: CancellationToken,
    stop: CancellationToken,
    _stop_at_end: DropGuard,
}

impl Company {
    pub async fn start() -> Company {
        Company::with_policies(Vec::new()).await
    }

    /// A company with an admin, mia, who is signed in at a browser and at the API.
    pub async fn with_admin() -> (Company, Browser, User) {
        let company = Company::start().await;
        company.admin("mia").await;
        let browser = company.signed_in("mia").await;
        let api = User::at(&company.services, &browser.token().await);
        (company, browser, api)
    }

    /// A company with policies of its own.
    pub async fn with_policies(files: Vec<PolicyFile>) -> Company {
        let authorizer = || Arc::new(Authorizer::with(files.clone()).unwrap());
        let database = TestDatabase::new().await;
        let for_services = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let services_url = format!("http://{}", for_services.local_addr().unwrap());
        let (stop, services_stop) = (CancellationToken::new(), CancellationToken::new());
        let config = config(&services_url);
        let portal_url = serve_portal(&database, config, authorizer(), Transport::default(), &stop).await;
        let verifier =
            Verifier::new(&format!("{portal_url}/.well-known/jwks.json"), "test", portal::AUDIENCE).unwrap();
        let engine = Services::start(database.pool(services::ROLES), &EngineConfig::default(), authorizer());
        let router = services::http::router(
            Arc::new(Surface { services: engine, verifier }),
            &HttpSettings::default(),
        );
        tokio::spawn(platform::serve::serve(for_services, router, services_stop.clone()));
        let _stop_at_end = stop.clone().drop_guard();
        Company { database, portal: portal_url, services: services_url, services_stop, stop, _stop_at_end }
    }

    /// Starts another portal on the same database; gives its URL.
    pub async fn another_portal(&self, change: impl FnOnce(&mut Config)) -> String {
        let mut config = config(&self.services);
        change(&mut config);
        let authorizer = crate::support::roles_alone();
        serve_portal(&self.database, config, authorizer, Transport::default(), &self.stop).await
    }

    /// Starts another portal on the same database, which believes proxies on this machine; gives its URL.
    pub async fn portal_behind_a_proxy(&self) -> String {
        let trusted_proxies = TrustedProxies::new(vec!["127.0.0.1/32".parse().unwrap()]);
        let transport = Transport { trusted_proxies, ..Transport::default() };
        let authorizer = crate::support::roles_alone();
        serve_portal(&self.database, config(&self.services), authorizer, transport, &self.stop).await
    }

    /// A portal on the same database that serves nobody.
    pub async fn built(&self) -> Portal {
        Portal::build(
            config(&self.services),
            self.database.pool(portal::ROLES),
            crate::support::roles_alone(),
        )
        .await
        .unwrap()
    }

    pub async fn user(&self, username: &str, roles: &[Role], scope: &BranchScope) {
        let new = NewUser { username, password: PASSWORD, roles, scope, password_is: PasswordIs::Own };
        users::add(&self.database.pool(portal::ROLES), &By::operator("test"), &new).await.unwrap();
    }

    pub async fn admin(&self, username: &str) {
        self.user(username, &[Role::Admin], &BranchScope::All).await;
    }

    pub fn browser(&self) -> Browser {
        Browser::at(&self.portal)
    }

    pub async fn signed_in(&self, username: &str) -> Browser {
        let browser = self.browser();
        browser.sign_in(username, PASSWORD).await;
        browser
    }

    /// The actions of the audit, the oldest first, but for the key that the portal makes at its start.
    pub async fn audited(&self) -> Vec<String> {
        let sql = "select coalesce(array_agg(action::text order by id), '{}') from portal_audit_logs
                   where entity_type <> 'signing_key'";
        self.database.value(sql).await
    }
}

fn config(services: &str) -> Config {
    Config {
        services_url: services.to_owned(),
        services_ca: None,
        issuer: "test".to_owned(),
        key_encryption_key: KeyEncryptionKey::new([7; 32]),
        cookie_secure: false,
        // Most tests are not about it; those that are start a portal with it.
        admin_second_factor: false,
        sessions: Limits::default(),
        patience: client::Patience::default(),
    }
}

async fn serve_portal(
    database: &TestDatabase,
    config: Config,
    authorizer: Arc<Authorizer>,
    transport: Transport,
    stop: &CancellationToken,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let portal = Portal::build(config, database.pool(portal::ROLES), authorizer).await.unwrap();
    tokio::spawn(transport.serve(listener, portal.router(), stop.clone()));
    let stop = stop.clone();
    tokio::spawn(async move { portal.keep_house(stop).await });
    url
}

/// As much of a browser as a portal without scripts needs: cookies, and the token of the forms.
pub struct Browser {
    pub http: Client,
    pub base: String,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Clone for Browser {
    fn clone(&self) -> Browser {
        let cookies = Mutex::new(self.cookies.lock().unwrap().clone());
        Browser { http: self.http.clone(), base: self.base.clone(), cookies }
    }
}

impl Browser {
    pub fn at(base: &str) -> Browser {
        let http = Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
        Browser { http, base: base.to_owned(), cookies: Mutex::default() }
    }

    /// The cookies as the browser sends them.
    pub fn cookies(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: Option<&str>) {
        let mut cookies = self.cookies.lock().unwrap();
        match value {
            Some(value) => cookies.insert(name.to_owned(), value.to_owned()),
            None => cookies.remove(name),
        };
    }

    async fn send(&self, request: RequestBuilder) -> Response {
        let response = request.header("cookie", self.cookies()).send().await.unwrap();
        for set in response.headers().get_all("set-cookie") {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.set_cookie(name, Some(value).filter(|value| !value.is_empty()));
        }
        response
    }

    pub async fn get(&self, path: &str) -> Response {
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    /// The page's text; it must be there.
    pub async fn page(&self, path: &str) -> String {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.text().await.unwrap()
    }

    /// The token that the forms of a page carry for this browser.
    pub async fn form_token(&self) -> String {
        field(&self.page("/accounts/login/").await, "form_token")
    }

    /// Sends a form as a page of the portal does, with its token.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        let token = self.form_token().await;
        self.post_bare(path, &[form, &[("form_token", &token)]].concat()).await
    }

    /// Sends a form with a file in it, as a page of the portal does.
    pub async fn upload(&self, path: &str, form: &[(&str, &str)], file: &[u8]) -> Response {
        let token = self.form_token().await;
        let part = |head: &str, body: &[u8]| {
            [b"--cut\r\ncontent-disposition: form-data; ", head.as_bytes(), b"\r\n\r\n", body, b"\r\n"]
                .concat()
        };
        let fields = form.iter().copied().chain([("form_token", token.as_str())]);
        let mut body: Vec<u8> =
            fields.flat_map(|(name, value)| part(&format!("name=\"{name}\""), value.as_bytes())).collect();
        let head = "name=\"file\"; filename=\"a file.csv\"\r\ncontent-type: text/csv";
        body.extend([part(head, file), b"--cut--\r\n".to_vec()].concat());
        let request = self.http.post(format!("{}{path}", self.base));
        self.send(request.header("content-type", "multipart/form-data; boundary=cut").body(body)).await
    }

    /// Sends a form as it is.
    pub async fn post_bare(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.send(self.http.post(format!("{}{path}", self.base)).form(form)).await
    }

    /// The same under a request id of its own.
    pub async fn post_under(&self, id: &str, path: &str, form: &[(&str, &str)]) -> Response {
        let request = self.http.post(format!("{}{path}", self.base));
        self.send(request.header("x-request-id", id).form(form)).await
    }

    pub async fn sign_in(&self, username: &str, password: &str) -> Response {
        self.post("/accounts/login/", &[("username", username), ("password", password)]).await
    }

    pub async fn token(&self) -> String {
        let answer: Value = self.get("/accounts/api/token/").await.json().await.unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }
}

/// The value of a hidden field.
#[track_caller]
pub fn field(page: &str, name: &str) -> String {
    let rest = page.split_once(&format!("name=\"{name}\" value=\"")).map(|(_, rest)| rest);
    let value = rest.and_then(|rest| rest.split('"').next());
    value.unwrap_or_else(|| panic!("no field {name}: {page}")).to_owned()
}

/// Where a response leads.
#[track_caller]
pub fn location(response: &Response) -> &str {
    response.headers()["location"].to_str().unwrap()
}

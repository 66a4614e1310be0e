//! A portal and two services that follow it, each behind HTTP of its own.

use std::sync::Arc;
use std::time::Duration;

use identity::{BranchScope, Role, Verifier};
use platform::pg::Database;
use policy::{Authorizer, PolicyFile};
use portal::accounts::sessions::Limits;
use portal::accounts::users::{self, NewUser, PasswordIs};
use portal::{By, Config, KeyEncryptionKey, Portal};
use reqwest::{Client, RequestBuilder, Response, redirect};
use serde_json::Value;
use services::Services;
use services::engine::EngineConfig;
use services::http::{App, HttpSettings};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::support::portal::{Browser, PASSWORD};
use crate::support::{TestDatabase, until_within};

pub const ISSUER: &str = "test";
/// What takes effect elsewhere may take this long before a test fails. It is far longer than it takes, and less than a
/// stopping portal gives to requests that still run.
const PATIENCE: Duration = Duration::from_secs(5);

pub struct Fleet {
    pub database: TestDatabase,
    pub pool: Database,
    pub encryption: KeyEncryptionKey,
    pub portal: String,
    pub services: [String; 2],
    pub http: Client,
    portal_stop: CancellationToken,
    portal_serves: JoinHandle<std::io::Result<()>>,
    _stop: DropGuard,
}

impl Fleet {
    pub async fn start() -> Fleet {
        Fleet::with_policies(Vec::new()).await
    }

    /// A fleet whose company has policies of its own.
    pub async fn with_policies(files: Vec<PolicyFile>) -> Fleet {
        let database = TestDatabase::new().await;
        let pool = database.pool(portal::ROLES);
        let encryption = KeyEncryptionKey::new([7; 32]);
        let stop = CancellationToken::new();
        let portal_stop = stop.child_token();
        let for_portal = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let portal = format!("http://{}", for_portal.local_addr().unwrap());
        let config = config(&encryption);
        let built = Portal::build(config, pool.clone(), crate::support::roles_alone()).await.unwrap();
        let serving = platform::serve::serve(for_portal, built.router(), portal_stop.clone());
        let portal_serves = tokio::spawn(serving);
        let stopping = portal_stop.clone();
        tokio::spawn(async move { built.keep_house(stopping).await });
        let mut services = Vec::new();
        for _ in 0..2 {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            services.push(format!("http://{}", listener.local_addr().unwrap()));
            let jwks = format!("{portal}/.well-known/jwks.json");
            let verifier = Verifier::new(&jwks, ISSUER, portal::AUDIENCE).unwrap();
            let engine = Services::start(
                database.pool(services::ROLES),
                &EngineConfig::default(),
                Arc::new(Authorizer::with(files.clone()).unwrap()),
            );
            let app = Arc::new(App { services: engine, verifier });
            let router = services::http::router(app, &HttpSettings::default());
            tokio::spawn(platform::serve::serve(listener, router, stop.clone()));
        }
        let http = Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
        Fleet {
            database,
            pool,
            encryption,
            portal,
            services: services.try_into().unwrap(),
            http,
            portal_stop,
            portal_serves,
            _stop: stop.drop_guard(),
        }
    }

    /// The portal is told to stop, and has stopped in less time than it gives to requests that still run.
    pub async fn stop_portal(&mut self) {
        self.portal_stop.cancel();
        tokio::time::timeout(PATIENCE, &mut self.portal_serves).await.unwrap().unwrap().unwrap();
    }

    pub async fn user(&self, username: &str, roles: &[Role], scope: &BranchScope) {
        let new = NewUser { username, password: PASSWORD, roles, scope, password_is: PasswordIs::Own };
        users::add(&self.pool, &By::operator("test"), &new).await.unwrap();
    }

    pub async fn admin(&self, username: &str) {
        self.user(username, &[Role::Admin], &BranchScope::All).await;
    }

    /// A fresh token of a user.
    pub async fn token(&self, username: &str) -> String {
        portal::mint_for(&self.pool, ISSUER, &self.encryption, (&By::operator("test"), username))
            .await
            .unwrap()
    }

    /// The cookies of a new session.
    pub async fn sign_in(&self, username: &str) -> String {
        let browser = Browser::at(&self.portal);
        assert_eq!(browser.sign_in(username, PASSWORD).await.status(), 303);
        browser.cookies()
    }

    /// Asks for a token with a session.
    pub async fn session_token(&self, cookie: &str) -> Response {
        let url = format!("{}/accounts/api/token/", self.portal);
        self.http.get(url).header("cookie", cookie).send().await.unwrap()
    }

    /// Asks for a token with a form.
    pub fn oauth(&self, form: &[(&str, &str)]) -> RequestBuilder {
        self.http.post(format!("{}/oauth/token", self.portal)).form(form)
    }

    /// What one of the services answers to a read with this token.
    pub async fn call(&self, process: usize, token: &str) -> u16 {
        let url = format!("{}/v1/branches", self.services[process]);
        self.http.get(url).bearer_auth(token).send().await.unwrap().status().as_u16()
    }

    /// Both services take it.
    pub async fn assert_good(&self, token: &str) {
        for process in 0..2 {
            assert_eq!(self.call(process, token).await, 200);
        }
    }

    /// Waits until both services refuse it.
    pub async fn until_refused(&self, token: &str) {
        until("both services to refuse the token", async || {
            self.call(0, token).await == 401 && self.call(1, token).await == 401
        })
        .await;
    }

    /// The details of the newest entry of that action in the portal's audit.
    pub async fn audited(&self, action: &str) -> Value {
        let sql = format!(
            "select details || jsonb_build_object('entity', entity_id, 'by', actor) from portal_audit_logs
             where action = '{action}' order by id desc limit 1"
        );
        self.database.value(&sql).await
    }
}

/// How a portal without services behaves.
pub fn config(encryption: &KeyEncryptionKey) -> Config {
    Config {
        services_url: "http://127.0.0.1:1".to_owned(),
        services_ca: None,
        issuer: ISSUER.to_owned(),
        cookie_secure: false,
        admin_second_factor: false,
        sessions: Limits::default(),
        key_encryption_key: encryption.clone(),
        patience: client::Patience::default(),
    }
}

/// Waits until it is so; fails when it is not soon.
pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    until_within(PATIENCE, what, is_so).await;
}

/// The part of a token, read.
pub fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    let bytes = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, part).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

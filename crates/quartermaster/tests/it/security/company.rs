//! Portal and services behind a transport of the test's choice.

use std::sync::Arc;

use identity::{BranchScope, Role, Verifier};
use platform::serve::Transport;
use portal::accounts::users::{self, NewUser, PasswordIs};
use portal::{By, Config, Portal};
use reqwest::{Certificate, Client, Response, redirect};
use services::Services;
use services::engine::EngineConfig;
use services::http::{App as Surface, HttpSettings};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::support::TestDatabase;
use crate::support::portal::field;

pub(super) const PASSWORD: &str = "correct horse battery";

pub(super) struct Company {
    pub database: TestDatabase,
    pub portal: String,
    pub services: String,
    _stop: DropGuard,
}

impl Company {
    /// Over plain HTTP, or over TLS with the authority `ca` (PEM), whose certificate is for `localhost`.
    pub(super) async fn start(transport: Transport, ca: Option<&str>) -> Company {
        let database = TestDatabase::new().await;
        let (for_portal, for_services) = (listener().await, listener().await);
        let url = |listener: &TcpListener| {
            let port = listener.local_addr().unwrap().port();
            if ca.is_some() {
                format!("https://localhost:{port}")
            } else {
                format!("http://127.0.0.1:{port}")
            }
        };
        let (portal, services) = (url(&for_portal), url(&for_services));
        let config = Config {
            services_url: services.clone(),
            services_ca: ca.map(|ca| ca.as_bytes().to_vec()),
            issuer: "test".to_owned(),
            cookie_secure: ca.is_some(),
            admin_second_factor: false,
            key_encryption_key: portal::KeyEncryptionKey::new([7; 32]),
            sessions: portal::accounts::sessions::Limits::default(),
            patience: client::Patience::default(),
        };
        let built =
            Portal::build(config, database.pool(portal::ROLES), crate::support::roles_alone()).await.unwrap();
        let jwks = format!("{portal}/.well-known/jwks.json");
        let verifier = match ca {
            Some(ca) => Verifier::with_ca(&jwks, ca.as_bytes(), "test", portal::AUDIENCE),
            None => Verifier::new(&jwks, "test", portal::AUDIENCE),
        };
        let started = Services::start(
            database.pool(services::ROLES),
            &EngineConfig::default(),
            crate::support::roles_alone(),
        );
        let surface = Surface { services: started, verifier: verifier.unwrap() };
        let router = services::http::router(Arc::new(surface), &HttpSettings::default());
        let stop = CancellationToken::new();
        tokio::spawn(transport.clone().serve(for_portal, built.router(), stop.clone()));
        tokio::spawn(transport.serve(for_services, router, stop.clone()));
        Company { database, portal, services, _stop: stop.drop_guard() }
    }

    /// Adds an Admin.
    pub(super) async fn user(&self, username: &str) {
        let (roles, scope, password_is) = (&[Role::Admin], &BranchScope::All, PasswordIs::Own);
        let new = NewUser { username, password: PASSWORD, roles, scope, password_is };
        users::add(&self.database.pool(portal::ROLES), &By::operator("test"), &new).await.unwrap();
    }

    /// Signs in; the answer has the session's cookie.
    pub(super) async fn sign_in(&self, http: &Client, username: &str, password: &str) -> Response {
        let url = format!("{}/accounts/login/", self.portal);
        let page = http.get(&url).send().await.unwrap();
        let visit = cookie(&page);
        let token = field(&page.text().await.unwrap(), "form_token");
        let form = [("username", username), ("password", password), ("form_token", &token)];
        http.post(&url).header("cookie", visit).form(&form).send().await.unwrap()
    }
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// A client that believes this authority alone, and follows no redirect.
pub(super) fn http(ca: Option<&str>) -> Client {
    let client = Client::builder().no_proxy().redirect(redirect::Policy::none());
    let client = match ca {
        Some(ca) => client.tls_certs_only([Certificate::from_pem(ca.as_bytes()).unwrap()]),
        None => client,
    };
    client.build().unwrap()
}

/// The `name=value` of the first cookie that an answer sets.
pub(super) fn cookie(response: &Response) -> String {
    let set = response.headers()["set-cookie"].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

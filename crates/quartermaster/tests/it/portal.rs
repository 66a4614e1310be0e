//! The portal for people: sign-in, tokens, dashboard, with the services behind it.

use std::sync::Arc;

use identity::{BranchScope, Role, Verifier};
use portal::By;
use portal::accounts::users::{self, NewUser};
use portal::{Config, Portal};
use reqwest::{Client, Response, redirect};
use serde_json::{Value, json};
use services::Services;
use services::engine::EngineConfig;
use services::http::{App as Surface, HttpSettings};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::support::TestDatabase;

const PASSWORD: &str = "correct horse battery";

/// Portal and services, the services knowing the portal's keys by its JWKS alone.
struct Company {
    database: TestDatabase,
    portal: String,
    services: String,
    services_stop: CancellationToken,
    _portal_stop: DropGuard,
}

impl Company {
    async fn start() -> Company {
        let database = TestDatabase::new().await;
        let (for_portal, for_services) = (
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
        );
        let portal = format!("http://{}", for_portal.local_addr().unwrap());
        let services = format!("http://{}", for_services.local_addr().unwrap());
        let config = Config {
            services_url: services.clone(),
            issuer: "test".to_owned(),
            key_encryption_key: portal::KeyEncryptionKey([7; 32]),
            cookie_secure: false,
            patience: client::Patience::default(),
        };
        let built = Portal::build(config, database.pool(portal::ROLES)).await.unwrap();
        let (portal_stop, services_stop) = (CancellationToken::new(), CancellationToken::new());
        tokio::spawn(platform::serve::serve(for_portal, built.router(), portal_stop.clone()));
        let verifier =
            Verifier::new(&format!("{portal}/.well-known/jwks.json"), "test", portal::AUDIENCE).unwrap();
        let engine = Services::start(database.pool(services::ROLES), &EngineConfig::default());
        let router = services::http::router(
            Arc::new(Surface { services: engine, verifier }),
            &HttpSettings::default(),
        );
        tokio::spawn(platform::serve::serve(for_services, router, services_stop.clone()));
        Company { database, portal, services, services_stop, _portal_stop: portal_stop.drop_guard() }
    }

    async fn user(&self, username: &str, roles: &[Role], scope: &BranchScope) {
        let new = NewUser { username, password: PASSWORD, roles, scope };
        users::add(&self.database.pool(portal::ROLES), &By::operator("test"), &new).await.unwrap();
    }

    fn browser(&self) -> Browser {
        let http = Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
        Browser { http, base: self.portal.clone(), cookie: None }
    }

    async fn signed_in(&self, username: &str) -> Browser {
        let mut browser = self.browser();
        browser.sign_in(username, PASSWORD).await;
        browser
    }
}

/// As much of a browser as a portal without scripts needs.
struct Browser {
    http: Client,
    base: String,
    cookie: Option<String>,
}

impl Browser {
    async fn get(&self, path: &str) -> Response {
        let mut request = self.http.get(format!("{}{path}", self.base));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        request.send().await.unwrap()
    }

    async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Response {
        let mut request = self.http.post(format!("{}{path}", self.base)).form(form);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let response = request.send().await.unwrap();
        if let Some(set) = response.headers().get("set-cookie") {
            self.cookie = set.to_str().unwrap().split(';').next().map(str::to_owned);
        }
        response
    }

    async fn sign_in(&mut self, username: &str, password: &str) -> Response {
        self.post("/accounts/login/", &[("username", username), ("password", password)]).await
    }

    async fn token(&self) -> String {
        let answer: Value = self.get("/accounts/api/token/").await.json().await.unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }
}

fn location(response: &Response) -> &str {
    response.headers()["location"].to_str().unwrap()
}

#[tokio::test]
async fn who_is_not_signed_in_is_sent_to_sign_in_and_comes_back() {
    let company = Company::start().await;
    company.user("mia", &[Role::Admin], &BranchScope::All).await;
    let mut browser = company.browser();
    let response = browser.get("/").await;
    assert_eq!((response.status().as_u16(), location(&response)), (303, "/accounts/login/"));
    let response = browser.sign_in("MIA", PASSWORD).await;
    assert_eq!((response.status().as_u16(), location(&response)), (303, "/"));
    let page = browser.get("/").await.text().await.unwrap();
    assert!(page.contains("mia") && page.contains("Sign out"), "{page}");
}

#[tokio::test]
async fn a_wrong_password_an_unknown_name_and_an_inactive_user_are_told_alike() {
    let company = Company::start().await;
    company.user("mia", &[Role::Admin], &BranchScope::All).await;
    company.user("max", &[Role::Admin], &BranchScope::All).await;
    company.database.run("update portal_users set active = false where username = 'max'").await;
    let mut pages = Vec::new();
    for (username, password) in [
        ("mia", "wrong password"),
        ("nobody", PASSWORD),
        ("max", PASSWORD),
        // No name at all, and nothing that PostgreSQL could be asked for.
        ("no\0body", PASSWORD),
    ] {
        let mut browser = company.browser();
        let response = browser.sign_in(username, password).await;
        assert_eq!(response.status(), 422);
        assert!(response.headers().get("set-cookie").is_none());
        pages.push(response.text().await.unwrap().replace(username, "NAME"));
    }
    assert!(pages[0].contains("do not match"));
    assert!(pages.iter().all(|page| *page == pages[0]));
}

#[tokio::test]
async fn what_a_person_typed_cannot_become_part_of_the_page() {
    let company = Company::start().await;
    let mut browser = company.browser();
    let page = browser.sign_in("\"><script>alert(1)</script>", "x").await.text().await.unwrap();
    assert!(!page.contains("<script>alert"), "{page}");
}

#[tokio::test]
async fn sign_in_leads_to_pages_of_this_portal_alone() {
    let company = Company::start().await;
    company.user("mia", &[Role::Admin], &BranchScope::All).await;
    for (next, leads_to) in [("/x", "/x"), ("https://evil.example/", "/"), ("//evil.example", "/")] {
        let mut browser = company.browser();
        let form = [("username", "mia"), ("password", PASSWORD), ("next", next)];
        assert_eq!(location(&browser.post("/accounts/login/", &form).await), leads_to);
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server_too() {
    let company = Company::start().await;
    company.user("mia", &[Role::Admin], &BranchScope::All).await;
    let mut browser = company.signed_in("mia").await;
    let stolen = browser.cookie.clone();
    assert_eq!(browser.get("/").await.status(), 200);
    browser.post("/accounts/logout/", &[]).await;
    browser.cookie = stolen;
    assert_eq!(browser.get("/").await.status(), 303);
}

#[tokio::test]
async fn a_new_password_ends_every_session() {
    let company = Company::start().await;
    company.user("mia", &[Role::Admin], &BranchScope::All).await;
    let browser = company.signed_in("mia").await;
    users::set_password(
        &company.database.pool(portal::ROLES),
        &By::operator("test"),
        "mia",
        "another password",
    )
    .await
    .unwrap();
    assert_eq!(browser.get("/").await.status(), 303);
    assert_eq!(company.browser().sign_in("mia", "another password").await.status(), 303);
    assert_eq!(company.browser().sign_in("mia", PASSWORD).await.status(), 422);
}

#[tokio::test]
async fn sessions_end_when_they_are_idle_or_old() {
    let company = Company::start().await;
    company.user("mia", &[Role::Admin], &BranchScope::All).await;
    for change in ["seen_at = now() - interval '13 hours'", "created_at = now() - interval '8 days'"] {
        let browser = company.signed_in("mia").await;
        assert_eq!(browser.get("/").await.status(), 200);
        company.database.run(&format!("update portal_sessions set {change}")).await;
        assert_eq!(browser.get("/").await.status(), 303);
        let pool = company.database.pool(portal::ROLES);
        assert_eq!(portal::accounts::sessions::purge(&pool).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn the_session_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let company = Company::start().await;
    company.user("mia", &[Role::Admin], &BranchScope::All).await;
    let response = company.browser().sign_in("mia", PASSWORD).await;
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let id = cookie.split(';').next().unwrap().split_once('=').unwrap().1;
    let kept: i64 = company
        .database
        .value(&format!("select count(*) from portal_sessions where id_hash = sha256('{id}'::bytea)"))
        .await;
    assert_eq!(kept, 1, "the table holds a digest of the cookie's value and not the value");
}

#[tokio::test]
async fn a_form_sent_from_another_site_is_refused() {
    let company = Company::start().await;
    company.user("mia", &[Role::Admin], &BranchScope::All).await;
    let browser = company.signed_in("mia").await;
    let request = browser
        .http
        .post(format!("{}/accounts/logout/", company.portal))
        .header("cookie", browser.cookie.clone().unwrap())
        .header("origin", "https://evil.example")
        .header("sec-fetch-site", "cross-site");
    assert_eq!(request.send().await.unwrap().status(), 403);
    assert_eq!(browser.get("/").await.status(), 200);
}

#[tokio::test]
async fn the_portals_token_opens_the_services_with_the_users_roles_and_branches() {
    let company = Company::start().await;
    company.user("mia", &[Role::Admin], &BranchScope::All).await;
    let admin = company.signed_in("mia").await.token().await;
    let http = Client::builder().no_proxy().build().unwrap();
    let call = |token: &str| http.get(format!("{}/v1/branches", company.services)).bearer_auth(token);
    for name in ["Own", "Other"] {
        let request = http.post(format!("{}/v1/branches", company.services)).bearer_auth(&admin);
        assert_eq!(request.json(&json!({ "name": name })).send().await.unwrap().status(), 201);
    }
    company.user("max", &[Role::Worker], &BranchScope::only([domain::BranchId(1)])).await;
    let worker = company.signed_in("max").await.token().await;
    let seen: Vec<Value> = call(&worker).send().await.unwrap().json().await.unwrap();
    assert_eq!(seen.len(), 1);
    let request = http.get(format!("{}/v1/audit", company.services)).bearer_auth(&worker);
    assert_eq!(request.send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn a_token_has_the_claims_of_the_contract_and_no_others() {
    let company = Company::start().await;
    company.user("mia", &[Role::Manager, Role::Auditor], &BranchScope::only([domain::BranchId(3)])).await;
    let browser = company.signed_in("mia").await;
    let answer: Value = browser.get("/accounts/api/token/").await.json().await.unwrap();
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("bearer"), &json!(900)));
    let parts: Vec<Value> = answer["access_token"]
        .as_str()
        .unwrap()
        .split('.')
        .take(2)
        .map(|part| {
            serde_json::from_slice(
                &base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, part).unwrap(),
            )
            .unwrap()
        })
        .collect();
    assert_eq!(parts[0]["alg"], "EdDSA");
    let jwks: Value = company.browser().get("/.well-known/jwks.json").await.json().await.unwrap();
    assert_eq!(jwks["keys"][0]["kid"], parts[0]["kid"]);
    assert!(jwks["keys"][0].get("d").is_none());
    let mut names: Vec<&String> = parts[1].as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["aud", "branches", "exp", "iat", "iss", "jti", "roles", "sub", "username"]);
    let claims = &parts[1];
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    assert_eq!((&claims["roles"], &claims["branches"]), (&json!(["Manager", "Auditor"]), &json!([3])));
    assert_eq!(company.browser().get("/accounts/api/token/").await.status(), 401);
}

#[tokio::test]
async fn portals_of_one_company_share_their_keys() {
    let company = Company::start().await;
    let pool = company.database.pool(portal::ROLES);
    let published = portal::Keys::load(&pool).await.unwrap().public().keys;
    let again = portal::Keys::load(&pool).await.unwrap().public().keys;
    assert_eq!(published.len(), 1);
    assert_eq!(published, again);
}

#[tokio::test]
async fn the_dashboard_shows_stock_and_orders_of_the_users_branches() {
    let company = Company::start().await;
    fill(&company).await;
    company.user("max", &[Role::Worker], &BranchScope::only([domain::BranchId(1)])).await;
    let page = company.signed_in("max").await.get("/").await.text().await.unwrap();
    for text in ["Rope 8 mm", "Harbour", "PO-1", "draft"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("Elsewhere"), "{page}");
}

#[tokio::test]
async fn when_the_services_are_down_the_dashboard_shows_what_it_last_knew_and_says_so() {
    let company = Company::start().await;
    fill(&company).await;
    let known = company.signed_in("mia").await;
    assert!(known.get("/").await.text().await.unwrap().contains("Rope 8 mm"));
    company.user("max", &[Role::Admin], &BranchScope::All).await;
    let unknown = company.signed_in("max").await;
    company.services_stop.cancel();
    let page = known.get("/").await;
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(
        page.contains("do not answer") && page.contains("Rope 8 mm") && page.contains("seconds old"),
        "{page}"
    );
    let page = unknown.get("/").await.text().await.unwrap();
    assert!(page.contains("do not answer") && !page.contains("Rope 8 mm"), "{page}");
    assert_eq!(known.get("/health/").await.status(), 200);
    assert_eq!(known.get("/ready").await.status(), 200);
}

/// A branch with a low item and a draft, another branch, and the user mia.
async fn fill(company: &Company) {
    company.user("mia", &[Role::Admin], &BranchScope::All).await;
    let token = company.signed_in("mia").await.token().await;
    let http = Client::builder().no_proxy().build().unwrap();
    for (method, path, body) in [
        ("POST", "/v1/branches", json!({ "name": "Harbour" })),
        ("POST", "/v1/branches", json!({ "name": "Elsewhere" })),
        ("POST", "/v1/items", json!({ "sku": "ROPE", "name": "Rope 8 mm", "min_stock_level": 5 })),
        ("PUT", "/v1/stock", json!({ "branch_id": 1, "item_id": 1, "quantity": 3 })),
        ("PUT", "/v1/stock", json!({ "branch_id": 2, "item_id": 1, "quantity": 3 })),
        (
            "POST",
            "/v1/orders",
            json!({ "branch_id": 1, "reference": "PO-1", "lines": [{ "item_id": 1, "requested_qty": 1 }] }),
        ),
    ] {
        let request = http.request(method.parse().unwrap(), format!("{}{path}", company.services));
        let answer = request.bearer_auth(&token).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
}

#[tokio::test]
async fn pages_forbid_everything_that_they_do_not_need() {
    let company = Company::start().await;
    let response = company.browser().get("/accounts/login/").await;
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    let page = response.text().await.unwrap();
    for asset in page.split('"').filter(|part| part.starts_with("/static/")) {
        assert_eq!(company.browser().get(asset).await.status(), 200, "{asset}");
    }
    assert!(!page.contains("https://"), "{page}");
}

#[tokio::test]
async fn user_names_and_passwords_that_cannot_be_used_are_refused() {
    let company = Company::start().await;
    company.user("mia", &[Role::Admin], &BranchScope::All).await;
    let pool = company.database.pool(portal::ROLES);
    for (username, password) in [("MIA", PASSWORD), ("", PASSWORD), ("a b", PASSWORD), ("new", "short")] {
        let new = NewUser { username, password, roles: &[Role::Worker], scope: &BranchScope::All };
        let error = users::add(&pool, &By::operator("test"), &new).await.unwrap_err();
        assert!(matches!(error, portal::Error::Invalid(_)), "{username:?}: {error}");
    }
    assert_eq!(users::list(&pool).await.unwrap().len(), 1);
}

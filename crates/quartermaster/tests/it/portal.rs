//! The portal for people: sign-in, tokens, dashboard, with the services behind it.

use identity::{BranchScope, Role};
use portal::By;
use portal::accounts::access;
use portal::accounts::sessions::Limits;
use portal::accounts::users::{self, NewUser, PasswordIs};
use reqwest::Client;
use serde_json::{Value, json};

use crate::support::portal::{Company, PASSWORD, field, location};

#[tokio::test]
async fn who_is_not_signed_in_is_sent_to_sign_in_and_comes_back() {
    let company = Company::start().await;
    company.user("mia", &[Role::Admin], &BranchScope::All).await;
    let browser = company.browser();
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
        let browser = company.browser();
        let response = browser.sign_in(username, password).await;
        assert_eq!(response.status(), 422);
        assert!(response.headers().get("set-cookie").is_none());
        // Each browser's form has a token of its own.
        let page = response.text().await.unwrap().replace(username, "NAME");
        pages.push(page.replace(&field(&page, "form_token"), "TOKEN"));
    }
    assert!(pages[0].contains("do not match"));
    assert!(pages.iter().all(|page| *page == pages[0]));
}

#[tokio::test]
async fn what_a_person_typed_cannot_become_part_of_the_page() {
    let company = Company::start().await;
    let browser = company.browser();
    let page = browser.sign_in("\"><script>alert(1)</script>", "x").await.text().await.unwrap();
    assert!(!page.contains("<script>alert"), "{page}");
}

#[tokio::test]
async fn sign_in_leads_to_pages_of_this_portal_alone() {
    let company = Company::start().await;
    company.user("mia", &[Role::Admin], &BranchScope::All).await;
    for (next, leads_to) in [("/x", "/x"), ("https://evil.example/", "/"), ("//evil.example", "/")] {
        let browser = company.browser();
        let form = [("username", "mia"), ("password", PASSWORD), ("next", next)];
        assert_eq!(location(&browser.post("/accounts/login/", &form).await), leads_to);
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server_too() {
    let company = Company::start().await;
    company.user("mia", &[Role::Admin], &BranchScope::All).await;
    let browser = company.signed_in("mia").await;
    let stolen = browser.clone();
    assert_eq!(browser.get("/").await.status(), 200);
    browser.post("/accounts/logout/", &[]).await;
    assert_eq!(stolen.get("/").await.status(), 303);
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
        ("another password", PasswordIs::Own),
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
        assert_eq!(portal::accounts::sessions::purge(&pool, Limits::default()).await.unwrap(), 1);
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
        .header("cookie", browser.cookies())
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
async fn the_pages_show_stock_and_orders_of_the_users_branches() {
    let company = Company::start().await;
    fill(&company).await;
    company.user("max", &[Role::Worker], &BranchScope::only([domain::BranchId(1)])).await;
    let browser = company.signed_in("max").await;
    for (path, texts) in [
        ("/", ["Harbour", "Drafts"]),
        ("/stock/", ["Harbour", "Rope 8 mm"]),
        ("/orders/", ["PO-1", "Draft"]),
        ("/branches/", ["Harbour", "UTC"]),
    ] {
        let page = browser.page(path).await;
        for text in texts {
            assert!(page.contains(text), "{path} {text}: {page}");
        }
        assert!(!page.contains("Elsewhere"), "{path}: {page}");
    }
}

#[tokio::test]
async fn when_the_services_are_down_a_page_shows_what_it_last_knew_and_says_so() {
    let company = Company::start().await;
    fill(&company).await;
    let known = company.signed_in("mia").await;
    assert!(known.page("/stock/").await.contains("Rope 8 mm"));
    company.user("max", &[Role::Admin], &BranchScope::All).await;
    let unknown = company.signed_in("max").await;
    company.services_stop.cancel();
    let page = known.get("/stock/").await;
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(
        page.contains("do not answer")
            && page.contains("Rope 8 mm")
            && page.contains("This is what was last known"),
        "{page}"
    );
    let page = unknown.page("/stock/").await;
    assert!(page.contains("do not answer") && !page.contains("Rope 8 mm"), "{page}");
    assert_eq!(known.get("/health/").await.status(), 200);
    assert_eq!(known.get("/ready").await.status(), 200);
}

#[tokio::test]
async fn what_was_last_known_is_shown_to_nobody_who_may_see_less_by_now() {
    let company = Company::start().await;
    fill(&company).await;
    company.user("aud", &[Role::Auditor], &BranchScope::All).await;
    let pages = ["/stock/?branch=2", "/audit/", "/"];
    let before = company.signed_in("aud").await;
    for path in pages {
        assert!(before.page(path).await.contains("Elsewhere"), "{path}");
    }
    let (pool, scope) = (company.database.pool(portal::ROLES), BranchScope::only([domain::BranchId(1)]));
    access::set_access(&pool, &By::operator("test"), "aud", &[Role::Worker], &scope).await.unwrap();
    let after = company.signed_in("aud").await;
    company.services_stop.cancel();
    for path in pages {
        let page = after.page(path).await;
        assert!(page.contains("do not answer") && !page.contains("Elsewhere"), "{path}: {page}");
    }
}

#[tokio::test]
async fn what_is_gone_is_no_longer_known() {
    let company = Company::start().await;
    fill(&company).await;
    let mia = company.signed_in("mia").await;
    assert!(mia.page("/orders/1/").await.contains("PO-1"));
    let http = Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/v1/orders/1", company.services);
    let deleted = http.delete(url).bearer_auth(mia.token().await).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    assert_eq!(mia.get("/orders/1/").await.status(), 404);
    company.services_stop.cancel();
    let page = mia.page("/orders/1/").await;
    assert!(page.contains("do not answer") && !page.contains("PO-1"), "{page}");
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
        let (roles, scope, password_is) = (&[Role::Worker], &BranchScope::All, PasswordIs::Own);
        let new = NewUser { username, password, roles, scope, password_is };
        let error = users::add(&pool, &By::operator("test"), &new).await.unwrap_err();
        assert!(
            matches!(error, portal::Error::Invalid(_) | portal::Error::Password(_)),
            "{username:?}: {error}"
        );
    }
    assert_eq!(users::list(&pool).await.unwrap().len(), 1);
}

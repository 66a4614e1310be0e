//! Every way in has a word in the audit of the portal, and the audit is a page and an API for who may see it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use identity::{BranchScope, Role};
use portal::By;
use portal::accounts::access;
use portal::clients::{self, NewClient, Secret};
use reqwest::{Client, Response};
use serde_json::Value;

use crate::support::portal::{Browser, Company, PASSWORD};
use crate::support::program::{program, run_ok};

/// The newest entry of that action, with its entity and who made it.
async fn newest(company: &Company, action: &str) -> Value {
    let sql = format!(
        "select details || jsonb_build_object('entity', entity_id, 'by', actor) from portal_audit_logs
         where action = '{action}' order by id desc limit 1"
    );
    company.database.value(&sql).await
}

async fn count(company: &Company, action: &str) -> i64 {
    company.database.value(&format!("select count(*) from portal_audit_logs where action = '{action}'")).await
}

async fn client(company: &Company) -> Secret {
    let new = NewClient {
        name: "till",
        roles: &[Role::Worker],
        scope: &BranchScope::All,
        expires_at: None,
        owner: None,
    };
    clients::add(&company.database.pool(portal::ROLES), &By::operator("test"), &new).await.unwrap()
}

async fn grant(company: &Company, id: &str, secret: &str) -> u16 {
    let http = Client::builder().no_proxy().build().unwrap();
    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    http.post(format!("{}/oauth/token", company.portal)).form(&form).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_token_that_the_operator_prints_is_audited_with_who_the_operating_system_says_they_are() {
    let company = Company::start().await;
    company.admin("mia").await;
    let mut command = program(&["token", "--user", "mia"]);
    command.env("QUARTERMASTER_DATABASE_URL", company.database.url()).env_remove("SUDO_USER");
    command.env("QUARTERMASTER_KEY_ENCRYPTION_KEY", BASE64_STANDARD.encode([7; 32]));
    let token = run_ok(&mut command);
    assert_eq!(token.trim().split('.').count(), 3);
    let entry = newest(&company, "user.token_printed").await;
    let me = String::from_utf8(std::process::Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    assert_eq!((&entry["by"], &entry["entity"]), (&"quartermaster token".into(), &"1".into()));
    assert_eq!((&entry["username"], &entry["os_user"]), (&"mia".into(), &me.trim().into()));
    // So are the operator's other acts.
    run_ok(program(&["user", "sign-out", "mia"]).env("QUARTERMASTER_DATABASE_URL", company.database.url()));
    assert!(newest(&company, "user.signed_out_everywhere").await["os_user"].is_string());
}

#[tokio::test]
async fn tokens_of_programs_are_audited_once_an_hour_and_counted_meanwhile() {
    let company = Company::start().await;
    let Secret { client_id, secret } = client(&company).await;
    for _ in 0..5 {
        assert_eq!(grant(&company, &client_id, &secret).await, 200);
    }
    assert_eq!(count(&company, "client.token_given").await, 1);
    assert_eq!(newest(&company, "client.token_given").await["by"], "till");
    company.database.run("update portal_client_uses set since = since - interval '61 minutes'").await;
    assert_eq!(grant(&company, &client_id, &secret).await, 200);
    assert_eq!(count(&company, "client.token_given").await, 2);
    let entry = newest(&company, "client.token_given").await;
    assert_eq!((&entry["more_in_the_hour_before"], &entry["entity"]), (&4.into(), &"client-1".into()));
}

#[tokio::test]
async fn wrong_secrets_of_known_programs_are_audited_once_an_hour_and_of_unknown_ones_never() {
    let company = Company::start().await;
    let Secret { client_id, secret } = client(&company).await;
    for _ in 0..5 {
        assert_eq!(grant(&company, &client_id, "qms_wrong").await, 401);
        assert_eq!(grant(&company, "client-99", &secret).await, 401);
    }
    assert_eq!(count(&company, "client.token_refused").await, 1);
    assert_eq!(newest(&company, "client.token_refused").await["wrong"], "secret");
    let pool = company.database.pool(portal::ROLES);
    clients::disable(&pool, &By::operator("test"), "till").await.unwrap();
    company.database.run("delete from portal_client_uses").await;
    assert_eq!(grant(&company, &client_id, &secret).await, 401);
    assert_eq!(newest(&company, "client.token_refused").await["wrong"], "disabled");
}

#[tokio::test]
async fn an_entry_under_a_request_id_of_the_callers_has_one_of_the_servers_too() {
    let company = Company::start().await;
    let Secret { client_id, secret } = client(&company).await;
    let http = Client::builder().no_proxy().build().unwrap();
    let form = [("grant_type", "client_credentials"), ("client_id", &client_id), ("client_secret", &secret)];
    let request = http.post(format!("{}/oauth/token", company.portal)).form(&form);
    request.header("x-request-id", "somebody-elses").send().await.unwrap();
    let own: bool = company
        .database
        .value(
            "select request_id = 'somebody-elses' and details ->> 'server_request_id' <> request_id
             from portal_audit_logs where action = 'client.token_given'",
        )
        .await;
    assert!(own);
}

#[tokio::test]
async fn entries_tell_enough_to_see_a_password_or_secret_that_was_put_there_by_other_hands() {
    let company = Company::start().await;
    company.admin("mia").await;
    client(&company).await;
    let same = async |action: &str, of: &str| -> bool {
        let sql = format!(
            "select (select details ->> '{of}' from portal_audit_logs where action = '{action}' order by id desc limit 1)
                  = (select encode(sha256(convert_to(password_hash, 'UTF8')), 'hex') from portal_users where id = 1)"
        );
        company.database.value(&sql).await
    };
    assert!(same("user.added", "password_fingerprint").await);
    let browser = company.signed_in("mia").await;
    let form = [("current", PASSWORD), ("new", "another password"), ("again", "another password")];
    assert_eq!(browser.post("/accounts/password/", &form).await.status(), 200);
    assert!(same("user.password_changed", "password_fingerprint").await);
    let secret: bool = company
        .database
        .value(
            "select (select details ->> 'secret_fingerprint' from portal_audit_logs where action = 'client.added')
                  = (select encode(sha256(secret_hash), 'hex') from portal_clients)",
        )
        .await;
    assert!(secret);
}

#[tokio::test]
async fn the_audit_of_the_portal_is_a_page_with_filters_for_who_may_see_it() {
    let company = Company::start().await;
    company.admin("mia").await;
    company.user("aud", &[Role::Auditor], &BranchScope::All).await;
    company.user("max", &[Role::Manager], &BranchScope::All).await;
    let (mia, aud, max) =
        (company.signed_in("mia").await, company.signed_in("aud").await, company.signed_in("max").await);
    for browser in [&mia, &aud] {
        let page = browser.page("/admin/audit/").await;
        assert!(page.contains("user.signed_in") && page.contains("user.added"), "{page}");
        let page = browser.page("/admin/audit/?action=user.signed_in&person=max").await;
        assert!(page.contains("user.signed_in") && !page.contains("user.added"), "{page}");
        let page = browser.page("/admin/audit/?entity_type=signing_key").await;
        assert!(page.contains("signing_key.added") && !page.contains("user.added"), "{page}");
        assert!(browser.page("/admin/audit/?person=nobody").await.contains("No entries were found."));
        assert!(browser.page("/admin/audit/1/seal/").await.contains("No seal covers it yet."));
        assert_eq!(browser.get("/admin/audit/999999/seal/").await.status(), 404);
        assert!(browser.page("/audit/").await.contains("href=\"/admin/audit/\""));
    }
    for path in ["/admin/audit/", "/admin/audit/csv", "/admin/audit/1/seal/"] {
        assert_eq!(max.get(path).await.status(), 403, "{path}");
    }
    let file = aud.get("/admin/audit/csv?action=user.added").await;
    assert_eq!(file.headers()["content-type"], "text/csv; charset=utf-8");
    let file = file.text().await.unwrap();
    let file = file.trim_start_matches('\u{feff}');
    assert!(
        file.starts_with("id,at,actor_user_id,actor,action,entity_type,entity_id,ip,request_id,details\n")
    );
    assert_eq!(file.lines().count(), 4, "{file}");
}

#[tokio::test]
async fn the_pages_of_the_audit_follow_each_other_without_a_gap() {
    let company = Company::start().await;
    company.admin("mia").await;
    company
        .database
        .run(
            "insert into portal_audit_logs (actor, action, entity_type, entity_id, details)
             select 'test', 'user.signed_in', 'user', n::text, '{}' from generate_series(1, 120) n",
        )
        .await;
    let mia = company.signed_in("mia").await;
    let (mut path, mut seen) = ("/admin/audit/?person=test".to_owned(), 0);
    loop {
        let page = mia.page(&path).await;
        seen += page.matches("user.signed_in</td>").count();
        let Some(next) = page.split("rel=\"next\" href=\"").nth(1) else { break };
        path = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    }
    assert_eq!(seen, 120);
}

async fn ask(company: &Company, token: Option<&str>, path: &str) -> Response {
    let request = Client::builder().no_proxy().build().unwrap().get(format!("{}{path}", company.portal));
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    request.send().await.unwrap()
}

/// The kind of problem that a refusal is.
async fn problem(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let body: Value = answer.json().await.unwrap();
    assert!(body["request_id"].is_string() && body["instance"].is_string(), "{body}");
    (status, body["type"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_audit_of_the_portal_is_listed_for_programs_as_that_of_the_services_is() {
    let company = Company::start().await;
    company.admin("mia").await;
    company.user("aud", &[Role::Auditor], &BranchScope::All).await;
    let token = company.signed_in("aud").await.token().await;
    let answer = ask(&company, Some(&token), "/admin/api/audit?limit=2").await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["cache-control"]),
        (200, &"no-store".parse().unwrap())
    );
    let link = answer.headers()["link"].to_str().unwrap().to_owned();
    let first: Vec<Value> = answer.json().await.unwrap();
    let mut fields: Vec<&String> = first[0].as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "action",
            "actor",
            "actor_user_id",
            "at",
            "branch_id",
            "details",
            "entity_id",
            "entity_type",
            "id",
            "ip",
            "request_id"
        ]
    );
    let next = link.strip_prefix('<').and_then(|link| link.split_once(">; rel=\"next\"")).unwrap().0;
    let second: Vec<Value> = ask(&company, Some(&token), next).await.json().await.unwrap();
    assert!(first[1]["id"].as_i64() > second[0]["id"].as_i64(), "{first:?} {second:?}");
    let filtered: Vec<Value> = ask(&company, Some(&token), "/admin/api/audit?action=user.added&actor=test")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(filtered.len(), 2);
    let id = first[0]["id"].as_i64().unwrap();
    let seal: Value =
        ask(&company, Some(&token), &format!("/admin/api/audit/{id}/seal")).await.json().await.unwrap();
    assert_eq!(seal["sealed"], false);
    for (path, status, kind) in [
        ("/admin/api/audit?limit=501", 422, "/problems/invalid"),
        ("/admin/api/audit?cursor=mine", 422, "/problems/invalid"),
        ("/admin/api/audit?colour=red", 422, "/problems/invalid"),
        ("/admin/api/audit/999999/seal", 404, "/problems/not-found"),
    ] {
        assert_eq!(
            problem(ask(&company, Some(&token), path).await).await,
            (status, kind.to_owned()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn programs_see_the_audit_of_the_portal_with_a_token_that_holds_and_the_right_role_alone() {
    let company = Company::start().await;
    company.admin("mia").await;
    company.user("max", &[Role::Manager, Role::Worker], &BranchScope::All).await;
    let (mia, max): (Browser, Browser) = (company.signed_in("mia").await, company.signed_in("max").await);
    let (good, weak) = (mia.token().await, max.token().await);
    for path in ["/admin/api/audit", "/admin/api/audit/1/seal"] {
        for token in [None, Some("nonsense"), Some(&*format!("{good}x"))] {
            let answer = ask(&company, token, path).await;
            assert!(answer.headers().contains_key("www-authenticate"));
            assert_eq!(problem(answer).await, (401, "/problems/unauthorized".to_owned()), "{path} {token:?}");
        }
        let refused = problem(ask(&company, Some(&weak), path).await).await;
        assert_eq!(refused, (403, "/problems/forbidden".to_owned()), "{path}");
        // A session alone is no token: a page of another site could send it.
        assert_eq!(mia.get(path).await.status(), 401);
    }
    assert_eq!(ask(&company, Some(&good), "/admin/api/audit").await.status(), 200);
    let pool = company.database.pool(portal::ROLES);
    access::sign_out(&pool, &By::operator("test"), "mia").await.unwrap();
    assert_eq!(ask(&company, Some(&good), "/admin/api/audit").await.status(), 401, "at once");
}

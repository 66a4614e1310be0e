//! API clients: tokens by OAuth 2.0 client credentials.

use std::time::Duration;

use identity::{BranchScope, Role};
use jiff::Timestamp;
use portal::By;
use portal::clients::{self, NewClient, Secret};
use reqwest::Response;
use serde_json::{Value, json};

use super::fleet::{Fleet, part};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

fn by() -> By {
    By::operator("test")
}

async fn add(fleet: &Fleet, name: &str, expires_at: Option<Timestamp>) -> Secret {
    let scope = BranchScope::only([domain::BranchId(3)]);
    let new = NewClient { name, roles: &[Role::Worker], scope: &scope, expires_at, owner: None };
    clients::add(&fleet.pool, &by(), &new).await.unwrap()
}

async fn ask(fleet: &Fleet, id: &str, secret: &str) -> Response {
    fleet.oauth(&[GRANT, ("client_id", id), ("client_secret", secret)]).send().await.unwrap()
}

async fn token(fleet: &Fleet, Secret { client_id, secret }: &Secret) -> String {
    let answer: Value = ask(fleet, client_id, secret).await.json().await.unwrap();
    answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// The error that an answer carries, which must be as RFC 6749 §5.2 has it.
async fn refusal(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.headers().contains_key("www-authenticate"), status == 401);
    let body: Value = answer.json().await.unwrap();
    assert!(body["error_description"].is_string(), "{body}");
    (status, body["error"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_client_gets_a_token_by_header_or_form_that_opens_the_services() {
    let fleet = Fleet::start().await;
    let secret = add(&fleet, "till", None).await;
    let Secret { client_id, secret: word } = &secret;
    let by_header = fleet.oauth(&[GRANT]).basic_auth(client_id, Some(word)).send().await.unwrap();
    assert_eq!(by_header.status(), 200);
    assert_eq!(by_header.headers()["cache-control"], "no-store");
    let answer: Value = by_header.json().await.unwrap();
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("bearer"), &json!(900)));
    for token in [answer["access_token"].as_str().unwrap(), &token(&fleet, &secret).await] {
        fleet.assert_good(token).await;
        let claims = part(token, 1);
        assert_eq!((&claims["sub"], &claims["username"]), (&json!("client-1"), &json!("till")));
        assert_eq!((&claims["roles"], &claims["branches"]), (&json!(["Worker"]), &json!([3])));
        let names: std::collections::BTreeSet<&str> =
            claims.as_object().unwrap().keys().map(String::as_str).collect();
        let nine = ["aud", "branches", "exp", "iat", "iss", "jti", "roles", "sub", "username"];
        assert_eq!(names, nine.into());
    }
    let listed = &clients::list(&fleet.pool).await.unwrap()[0];
    assert!(listed.last_used_at.is_some() && listed.name == "till" && listed.client_id == *client_id);
}

#[tokio::test]
async fn what_a_client_changes_is_audited_under_its_own_id() {
    let fleet = Fleet::start().await;
    let new = NewClient {
        name: "erp",
        roles: &[Role::Admin],
        scope: &BranchScope::All,
        expires_at: None,
        owner: None,
    };
    let token = token(&fleet, &clients::add(&fleet.pool, &by(), &new).await.unwrap()).await;
    let request = fleet.http.post(format!("{}/v1/branches", fleet.services[0])).bearer_auth(&token);
    assert_eq!(request.json(&json!({ "name": "Harbour" })).send().await.unwrap().status(), 201);
    let sql = "select actor_user_id || ' ' || actor from services_audit_logs";
    assert_eq!(fleet.database.value::<String>(sql).await, "client-1 erp");
}

#[tokio::test]
async fn what_is_no_good_request_is_refused_as_the_rfc_says() {
    let fleet = Fleet::start().await;
    let Secret { client_id, secret } = add(&fleet, "till", None).await;
    let (id, word) = (("client_id", client_id.as_str()), ("client_secret", secret.as_str()));
    for (form, expected) in [
        (vec![id, word], (400, "invalid_request")),
        (vec![GRANT, GRANT, id, word], (400, "invalid_request")),
        (vec![("grant_type", "password"), id, word], (400, "unsupported_grant_type")),
        (vec![GRANT, id, word, ("scope", "everything")], (400, "invalid_scope")),
        (vec![GRANT, id], (401, "invalid_client")),
        (vec![GRANT, id, ("client_secret", "wrong")], (401, "invalid_client")),
        (vec![GRANT, ("client_id", "client-01"), word], (401, "invalid_client")),
        (vec![GRANT, ("client_id", "client-2"), word], (401, "invalid_client")),
        (vec![GRANT, ("client_id", "1"), word], (401, "invalid_client")),
        (vec![GRANT, ("client_id", "client-1\0"), word], (401, "invalid_client")),
    ] {
        let (status, word) = refusal(fleet.oauth(&form).send().await.unwrap()).await;
        assert_eq!((status, word.as_str()), expected, "{form:?}");
    }
    let url = format!("{}/oauth/token", fleet.portal);
    let json = fleet.http.post(&url).json(&json!({ "grant_type": "client_credentials" }));
    assert_eq!(refusal(json.send().await.unwrap()).await, (400, "invalid_request".to_owned()));
    let both = fleet.oauth(&[GRANT, id, word]).basic_auth(&client_id, Some(&secret));
    assert_eq!(refusal(both.send().await.unwrap()).await, (400, "invalid_request".to_owned()));
    let huge = fleet.oauth(&[GRANT, id, ("client_secret", &"x".repeat(20_000))]);
    assert_eq!(huge.send().await.unwrap().status(), 400);
    assert_eq!(fleet.http.get(&url).send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn a_rotated_secret_is_good_beside_the_one_before_for_a_while() {
    let fleet = Fleet::start().await;
    let first = add(&fleet, "till", None).await;
    let (second, _) = clients::rotate(&fleet.pool, &by(), "till", Duration::from_secs(60)).await.unwrap();
    assert_ne!(first.secret, second.secret);
    token(&fleet, &first).await;
    token(&fleet, &second).await;
    let (third, _) = clients::rotate(&fleet.pool, &by(), "TILL", Duration::ZERO).await.unwrap();
    token(&fleet, &third).await;
    for gone in [first, second] {
        assert_eq!(ask(&fleet, &gone.client_id, &gone.secret).await.status(), 401);
    }
}

#[tokio::test]
async fn disabling_a_client_ends_its_tokens_everywhere() {
    let fleet = Fleet::start().await;
    let (one, other) = (add(&fleet, "till", None).await, add(&fleet, "scale", None).await);
    let (lost, kept) = (token(&fleet, &one).await, token(&fleet, &other).await);
    fleet.assert_good(&lost).await;
    clients::disable(&fleet.pool, &by(), "till").await.unwrap();
    fleet.until_refused(&lost).await;
    fleet.assert_good(&kept).await;
    assert_eq!(refusal(ask(&fleet, &one.client_id, &one.secret).await).await.0, 401);
    assert_eq!(fleet.audited("client.disabled").await["entity"], "client-1");
    assert!(clients::disable(&fleet.pool, &by(), "till").await.is_err());
    assert!(clients::rotate(&fleet.pool, &by(), "till", Duration::ZERO).await.is_err());
}

#[tokio::test]
async fn a_client_and_its_tokens_end_when_it_expires() {
    let fleet = Fleet::start().await;
    let soon = Timestamp::now() + jiff::SignedDuration::from_secs(300);
    let secret = add(&fleet, "till", Some(soon)).await;
    let claims = part(&token(&fleet, &secret).await, 1);
    assert_eq!(claims["exp"], soon.as_second());
    fleet.database.run("update portal_clients set expires_at = now()").await;
    assert_eq!(ask(&fleet, &secret.client_id, &secret.secret).await.status(), 401);
    let new = NewClient {
        name: "late",
        roles: &[],
        scope: &BranchScope::All,
        expires_at: Some(Timestamp::UNIX_EPOCH),
        owner: None,
    };
    assert!(clients::add(&fleet.pool, &by(), &new).await.unwrap_err().to_string().contains("expired"));
}

#[tokio::test]
async fn a_secret_is_kept_nowhere() {
    let fleet = Fleet::start().await;
    let Secret { secret, .. } = add(&fleet, "till", None).await;
    assert!(secret.starts_with("qms_") && secret.len() == 47, "{}", secret.len());
    let kept: Vec<u8> = fleet.database.value("select secret_hash from portal_clients").await;
    assert_eq!(kept, <sha2::Sha256 as sha2::Digest>::digest(secret.as_bytes()).to_vec());
    for table in ["portal_clients", "portal_audit_logs"] {
        let sql = format!("select count(*) from {table} t where t::text like '%{secret}%'");
        assert_eq!(fleet.database.value::<i64>(&sql).await, 0, "{table}");
    }
    for name in ["till", "TILL", "", "a b"] {
        let new = NewClient {
            name,
            roles: &[Role::Worker],
            scope: &BranchScope::All,
            expires_at: None,
            owner: None,
        };
        assert!(clients::add(&fleet.pool, &by(), &new).await.is_err(), "{name:?}");
    }
}

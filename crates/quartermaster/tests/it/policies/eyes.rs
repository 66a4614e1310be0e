//! A user and the API clients that they answer for are one pair of eyes, from the portal's table to the services' policies.

use identity::{BranchScope, Role};
use portal::By;
use portal::accounts::{access, users};
use portal::clients::{self, NewClient, Secret};
use reqwest::Method;
use serde_json::{Value, json};

use super::example;
use crate::support::until;
use crate::tokens::fleet::Fleet;

fn by() -> By {
    By::operator("test")
}

async fn client(fleet: &Fleet, name: &str, owner: Option<i64>) -> Secret {
    let new = NewClient { name, roles: &[Role::Manager], scope: &BranchScope::All, expires_at: None, owner };
    clients::add(&fleet.pool, &by(), &new).await.unwrap()
}

async fn client_token(fleet: &Fleet, Secret { client_id, secret }: &Secret) -> Result<String, u16> {
    let form = [("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", secret)];
    let answer = fleet.oauth(&form).send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    body["access_token"].as_str().map(str::to_owned).ok_or(status)
}

async fn ask(fleet: &Fleet, token: &str, method: Method, path: &str, body: Value) -> (u16, Value) {
    let request = fleet.http.request(method, format!("{}{path}", fleet.services[0])).bearer_auth(token);
    let answer = request.json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// A branch with stock of an item.
async fn stocked(fleet: &Fleet, admin: &str) -> (Value, Value) {
    let (_, branch) = ask(fleet, admin, Method::POST, "/v1/branches", json!({ "name": "Own" })).await;
    let (_, item) = ask(fleet, admin, Method::POST, "/v1/items", json!({ "sku": "A", "name": "A" })).await;
    let body = json!({ "branch_id": branch["id"], "item_id": item["id"], "quantity": 100 });
    assert_eq!(ask(fleet, admin, Method::PUT, "/v1/stock", body).await.0, 200);
    (branch["id"].clone(), item["id"].clone())
}

/// An order that was drafted and submitted with this token.
async fn submitted(fleet: &Fleet, token: &str, (branch, item): &(Value, Value)) -> i64 {
    let lines = json!([{ "item_id": item, "requested_qty": 1 }]);
    let body = json!({ "branch_id": branch, "lines": lines });
    let (status, order) = ask(fleet, token, Method::POST, "/v1/orders", body).await;
    assert_eq!(status, 201, "{order}");
    let id = order["id"].as_i64().unwrap();
    let (status, told) = ask(fleet, token, Method::POST, &format!("/v1/orders/{id}/submit"), json!({})).await;
    assert_eq!(status, 200, "{told}");
    id
}

async fn fulfil(fleet: &Fleet, token: &str, order: i64) -> u16 {
    ask(fleet, token, Method::POST, &format!("/v1/orders/{order}/fulfill"), json!({})).await.0
}

#[tokio::test]
async fn a_user_does_not_fulfil_what_a_client_of_theirs_submitted_nor_has_a_client_fulfil_their_own() {
    let fleet = Fleet::with_policies(vec![example("four-eyes.cedar")]).await;
    fleet.admin("root").await;
    for name in ["mia", "ben"] {
        fleet.user(name, &[Role::Manager], &BranchScope::All).await;
    }
    let id = async |name| users::named(&fleet.pool, name).await.unwrap().id;
    let (root, mia, ben) = (fleet.token("root").await, fleet.token("mia").await, fleet.token("ben").await);
    let place = stocked(&fleet, &root).await;

    let owned = client(&fleet, "till", Some(id("mia").await)).await;
    let till = client_token(&fleet, &owned).await.unwrap();
    let by_mia = submitted(&fleet, &mia, &place).await;
    assert_eq!(fulfil(&fleet, &till, by_mia).await, 403);
    assert_eq!(fulfil(&fleet, &ben, by_mia).await, 200);
    let by_till = submitted(&fleet, &till, &place).await;
    assert_eq!(fulfil(&fleet, &mia, by_till).await, 403);
    until("ben to fulfil", async || fulfil(&fleet, &ben, by_till).await == 200).await;

    // Nobody answers for this one, so nobody can be told from whoever has its secret.
    let scale = client(&fleet, "scale", None).await;
    let by_scale = submitted(&fleet, &client_token(&fleet, &scale).await.unwrap(), &place).await;
    assert_eq!((fulfil(&fleet, &mia, by_scale).await, fulfil(&fleet, &ben, by_scale).await), (403, 403));
    clients::set_owner(&fleet.pool, &by(), "scale", Some(id("ben").await)).await.unwrap();
    until("mia to fulfil", async || fulfil(&fleet, &mia, by_scale).await == 200).await;
    let by_scale = submitted(&fleet, &client_token(&fleet, &scale).await.unwrap(), &place).await;
    assert_eq!(fulfil(&fleet, &ben, by_scale).await, 403);
    assert_eq!(fleet.audited("client.owner_set").await["entity"], "client-2");
}

#[tokio::test]
async fn strangers_read_numbers_of_owners_and_nothing_else() {
    let fleet = Fleet::start().await;
    fleet.user("mia", &[Role::Manager], &BranchScope::All).await;
    let id = users::named(&fleet.pool, "mia").await.unwrap().id;
    client(&fleet, "till", Some(id)).await;
    client(&fleet, "scale", None).await;
    let feed = async || -> Value {
        let url = format!("{}/.well-known/jwks.json?after=0", fleet.portal);
        fleet.http.get(url).send().await.unwrap().json().await.unwrap()
    };
    until("the owner to be published", async || !feed().await["owners"].as_object().unwrap().is_empty())
        .await;
    let feed = feed().await;
    assert_eq!(feed["owners"], json!({ "client-1": id.to_string() }));
    assert!(!feed.to_string().contains("mia") && !feed.to_string().contains("till"), "{feed}");
}

#[tokio::test]
async fn the_clients_of_a_disabled_user_stop_until_the_user_is_back_or_another_answers() {
    let fleet = Fleet::start().await;
    for name in ["mia", "ben"] {
        fleet.user(name, &[Role::Manager], &BranchScope::All).await;
    }
    let id = async |name| users::named(&fleet.pool, name).await.unwrap().id;
    let owned = client(&fleet, "till", Some(id("mia").await)).await;
    let other = client(&fleet, "scale", Some(id("ben").await)).await;
    let (lost, kept) =
        (client_token(&fleet, &owned).await.unwrap(), client_token(&fleet, &other).await.unwrap());
    fleet.assert_good(&lost).await;
    assert_eq!(access::disable(&fleet.pool, &by(), "mia").await.unwrap(), ["till"]);
    fleet.until_refused(&lost).await;
    fleet.assert_good(&kept).await;
    assert_eq!(client_token(&fleet, &owned).await, Err(401));
    assert_eq!(fleet.audited("user.disabled").await["clients_stopped"], json!(["till"]));
    access::enable(&fleet.pool, &by(), "mia").await.unwrap();
    fleet.assert_good(&client_token(&fleet, &owned).await.unwrap()).await;
    access::disable(&fleet.pool, &by(), "mia").await.unwrap();
    clients::set_owner(&fleet.pool, &by(), "till", Some(id("ben").await)).await.unwrap();
    fleet.assert_good(&client_token(&fleet, &owned).await.unwrap()).await;
}

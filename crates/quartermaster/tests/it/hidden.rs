//! What a caller does not see answers as what is not there, and what a caller may not do answers the same whatever it is.

mod asked;
mod everywhere;
mod locks;
mod names;
mod replays;
mod stock;

use serde_json::Value;

use crate::support::api::Answer;

/// Everything of an answer that tells one from another: not its request's id, nor the id that the request's path has.
fn told(answer: &Answer, id: i64) -> (u16, Vec<String>, String) {
    let of_the_request = ["x-request-id", "date", "content-length"];
    let headers = answer.headers.iter().filter(|(name, _)| !of_the_request.contains(&name.as_str()));
    let mut headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.sort();
    let body = match serde_json::from_slice::<Value>(&answer.body) {
        Ok(mut body) if body.is_object() => {
            if let Some(instance) = body["instance"].as_str() {
                body["instance"] = instance.replace(&format!("/{id}"), "/{id}").into();
            }
            if body["request_id"].is_string() {
                body["request_id"] = Value::Null;
            }
            body.to_string()
        }
        _ => answer.text(),
    };
    (answer.status, headers, body)
}

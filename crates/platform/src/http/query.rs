//! Query parameters, whose refusals name the parameter and the fix.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use contract::{FieldError, Problem};
use serde::de::DeserializeOwned;

use super::ProblemResponse;
use super::body::fault;

/// Query parameters. Unknown ones are refused where the type denies unknown fields; an empty one is refused unless it
/// is text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Query<T>, ProblemResponse> {
        let asked = read(parts.uri.query().unwrap_or_default());
        asked.map(Query).map_err(|error| Problem::invalid(vec![error]).into())
    }
}

/// Names and values, as they came.
type Pairs = Vec<(String, String)>;

fn read<T: DeserializeOwned>(query: &str) -> Result<T, FieldError> {
    // Any text is pairs of names and values, so this does not fail.
    let pairs: Pairs = serde_html_form::from_str(query).unwrap_or_default();
    // PostgreSQL's texts cannot hold a NUL, so nothing could ever match.
    if let Some((name, _)) = pairs.iter().find(|(_, value)| value.contains('\0')) {
        return Err(FieldError::new(format!("?{name}"), "must not contain a NUL character"));
    }
    let asked = deserialize(query, &pairs)?;
    if pairs.iter().any(|(_, value)| value.is_empty()) {
        refuse_empty::<T>(&pairs)?;
    }
    Ok(asked)
}

/// serde_html_form takes a number or a yes or no that is empty for one that is not given: `branch_id=`, from a variable
/// that was never set, would ask for all branches. What is read as text reads a NUL in its place as well; nothing else does.
fn refuse_empty<T: DeserializeOwned>(pairs: &Pairs) -> Result<(), FieldError> {
    let mut other = pairs.to_owned();
    other.iter_mut().filter(|(_, value)| value.is_empty()).for_each(|(_, value)| "\0".clone_into(value));
    let other = serde_html_form::to_string(&other).unwrap_or_default();
    deserialize::<T>(&other, pairs).map(drop)
}

/// Reads the query; a fault is told of the parameter as it is among `pairs`.
fn deserialize<T: DeserializeOwned>(query: &str, pairs: &Pairs) -> Result<T, FieldError> {
    let deserializer = serde_html_form::Deserializer::from_bytes(query.as_bytes());
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let FieldError { pointer, detail } = fault(error.path(), &error.inner().to_string());
        let name = pointer.trim_start_matches('/');
        let values = pairs.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
        let detail = match values.collect::<Vec<_>>().as_slice() {
            // Neither a value nor less of it would help.
            _ if detail.starts_with("unknown field") => detail,
            [""] => "must not be empty: give it a value, or leave it out".to_owned(),
            [] | [_] => plainly(detail),
            _ => "must be given once".to_owned(),
        };
        FieldError::new(format!("?{name}"), detail)
    })
}

/// What the parsers of numbers (std) and of times (jiff) say of a text that is none, in the words of who asks.
fn plainly(detail: String) -> String {
    const NO_TIME: &str = "must be a time, as in 2026-04-01T08:00:00Z";
    const SAYINGS: [(&str, &str); 7] = [
        ("invalid digit found", "must be a whole number, as in 7"),
        ("number too large", "is too large a number"),
        ("number too small", "is too small a number"),
        ("failed to ", NO_TIME),
        ("expected ", NO_TIME),
        ("parsed date ", NO_TIME),
        ("parsed value ", NO_TIME),
    ];
    let said = SAYINGS.into_iter().find(|(start, _)| detail.starts_with(start));
    said.map_or(detail, |(_, plain)| plain.to_owned())
}

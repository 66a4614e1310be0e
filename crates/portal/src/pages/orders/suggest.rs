//! Items for who types a line of an order: what they are called, and what the branch has of them.

use axum::response::Response;
use axum::response::{IntoResponse, Json};
use client::ClientError;
use serde::{Deserialize, Serialize};

use crate::http::on_behalf::{Asking, OnBehalf};
use crate::pages::Trouble;
use crate::pages::items::sought;
use crate::pages::query::{Asked, lenient, trimmed};

/// How many items are suggested.
const MOST: u16 = 10;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SuggestQuery {
    #[serde(deserialize_with = "trimmed")]
    q: Option<String>,
    #[serde(deserialize_with = "lenient")]
    branch: Option<i64>,
}

/// An item, and what is available of it at the branch, in words.
#[derive(Debug, Serialize)]
struct Suggestion {
    id: i64,
    sku: String,
    name: String,
    /// The typed text is the item's SKU or barcode.
    is_code: bool,
    available: String,
}

pub(crate) async fn get(visitor: OnBehalf, Asked(query): Asked<SuggestQuery>) -> Result<Response, Trouble> {
    let Some(text) = query.q else { return Ok(Json(Vec::<Suggestion>::new()).into_response()) };
    let found = find(&visitor, text, query.branch).await.map_err(|error| visitor.refused(error))?;
    Ok(Json(found).into_response())
}

async fn find(visitor: &OnBehalf, text: String, branch: Option<i64>) -> Result<Vec<Suggestion>, ClientError> {
    let asking = visitor.asking();
    let sought = sought(&asking, &text, Some(true), MOST).await?;
    let (is_code, mut found) = (sought.is_code, Vec::new());
    for item in sought.items {
        let available = match branch {
            Some(branch) => available(visitor, &asking, branch, item.id).await?,
            None => String::new(),
        };
        found.push(Suggestion { id: item.id, sku: item.sku, name: item.name, is_code, available });
    }
    Ok(found)
}

async fn available(
    visitor: &OnBehalf,
    asking: &Asking,
    branch: i64,
    item: i64,
) -> Result<String, ClientError> {
    let level = asking.level(branch, item).await?;
    let available = level.map_or(domain::Quantity::ZERO, |level| level.available);
    Ok(visitor.frame.about("line-available", "quantity", visitor.frame.quantity(&available)))
}

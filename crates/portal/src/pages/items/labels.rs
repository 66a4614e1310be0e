//! Labels to print: of one item, or of those that the list shows.

use axum::extract::Path;
use axum::response::Response;
use client::ClientError;
use contract::ItemOut;
use serde::Deserialize;

use super::list::{ItemsQuery, ask};
use crate::http::on_behalf::OnBehalf;
use crate::pages::Trouble;
use crate::pages::query::{Asked, lenient};
use crate::print;
use crate::print::labels::{MOST, labels};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LabelsQuery {
    #[serde(deserialize_with = "lenient")]
    copies: Option<usize>,
}

/// Labels of one item.
pub(crate) async fn of_item(
    visitor: OnBehalf,
    Path(id): Path<i64>,
    Asked(query): Asked<LabelsQuery>,
) -> Result<Response, Trouble> {
    let asking = visitor.asking();
    let read: Result<ItemOut, ClientError> =
        asking.services().get_item(asking.call(), id).await.map(|item| item.value);
    let item = read.map_err(|error| visitor.refused(error))?;
    let copies = query.copies.unwrap_or(1).clamp(1, MOST);
    print::answer(&format!("labels-{id}"), labels(&[item], copies))
}

/// One label of each item of a page of the list.
pub(crate) async fn of_list(visitor: OnBehalf, Asked(query): Asked<ItemsQuery>) -> Result<Response, Trouble> {
    let items = ask(visitor.asking(), &query).await.map_err(|error| visitor.refused(error))?;
    print::answer("labels", labels(&items.rows, 1))
}

//! `/v1/items`.

use axum::extract::State;
use axum::response::Response;
use contract::{Cursor, ItemBatchIn, ItemBatchOut, ItemIn, ItemOut};
use domain::ItemId;
use platform::http::{Id, Json, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Shared;
use super::batches::{BatchQuery, asked};
use super::head::Head;
use super::lists::page;
use super::respond::{failed, list, one, settle};
use crate::batches;
use crate::items;
use crate::store::items::ItemFilter;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// How many at most, 1 to 500; 50 when absent.
    limit: Option<u16>,
    /// Where the page before ended, from its Link header.
    cursor: Option<String>,
    /// Only these fields of each row, separated by commas, and its id where it has one.
    fields: Option<String>,
    /// Part of the name, the SKU or the barcode, whatever its case.
    q: Option<String>,
    /// The whole SKU, whatever its case.
    sku: Option<String>,
    /// The whole barcode; 8, 12, 13 and 14 digits of one article are the same.
    barcode: Option<String>,
    /// Only active or only inactive ones.
    active: Option<bool>,
    /// The whole SKU or barcode, as both are compared: what a scanner reads.
    code: Option<String>,
    /// Only the items of these ids; to be given once for each, at most 500 times.
    #[serde(default)]
    #[param(required = false)]
    id: Vec<i64>,
}

/// The items.
#[utoipa::path(get, path = "/v1/items", tag = "items", params(ListQuery),
    responses((status = 200, body = Vec<ItemOut>)))]
pub(super) async fn list_items(State(app): Shared, head: Head, Query(query): Query<ListQuery>) -> Response {
    let page = match page(query.limit, query.cursor.as_deref()) {
        Ok(page) => page,
        Err(error) => return failed(&head, &error),
    };
    let ListQuery { q, sku, barcode, active, code, id, .. } = query;
    let ids = (!id.is_empty()).then_some(id);
    let filter = ItemFilter { q, sku, barcode, active, code, ids };
    let rows = items::list(&app.services, &head.caller, &filter, page).await;
    list(&head, page, query.fields.as_deref(), rows, |item| Cursor::of(item.id))
}

/// One item.
#[utoipa::path(get, path = "/v1/items/{id}", tag = "items", params(("id" = i64, Path)),
    responses((status = 200, body = ItemOut), (status = 304, description = "The client has this version")))]
pub(super) async fn get_item(State(app): Shared, head: Head, Id(id): Id) -> Response {
    match items::get(&app.services, &head.caller, ItemId(id)).await {
        Ok(row) => one(&head, row.version, &row.item),
        Err(error) => failed(&head, &error),
    }
}

/// Create an item.
#[utoipa::path(post, path = "/v1/items", tag = "items", request_body = ItemIn,
    responses((status = 201, body = ItemOut)))]
pub(super) async fn create_item(State(app): Shared, head: Head, Json(input, body): Json<ItemIn>) -> Response {
    let context = head.context(&body);
    let result = items::create(&app.services, &head.caller, &context, &input).await;
    settle(&app, &context, result).await
}

/// Create and change many items by their SKUs; an answer for each entry, in order.
#[utoipa::path(post, path = "/v1/items/batch", tag = "items", params(BatchQuery), request_body = ItemBatchIn,
    responses((status = 200, body = ItemBatchOut)))]
pub(super) async fn put_item_batch(
    State(app): Shared,
    head: Head,
    Query(BatchQuery { atomic }): Query<BatchQuery>,
    Json(input, body): Json<ItemBatchIn>,
) -> Response {
    let context = head.context(&asked(&body, atomic));
    let result = batches::items::put(&app.services, &head.caller, &context, &input, atomic).await;
    settle(&app, &context, result).await
}

/// Change an item.
#[utoipa::path(put, path = "/v1/items/{id}", tag = "items", params(("id" = i64, Path)),
    request_body = ItemIn, responses((status = 200, body = ItemOut)))]
pub(super) async fn update_item(
    State(app): Shared,
    head: Head,
    Id(id): Id,
    Json(input, body): Json<ItemIn>,
) -> Response {
    let context = head.context(&body);
    let if_match = head.if_match.as_ref();
    let result = items::update(&app.services, &head.caller, &context, ItemId(id), if_match, &input).await;
    settle(&app, &context, result).await
}

/// Delete an item that nothing refers to.
#[utoipa::path(delete, path = "/v1/items/{id}", tag = "items", params(("id" = i64, Path)),
    responses((status = 204, description = "Deleted")))]
pub(super) async fn delete_item(State(app): Shared, head: Head, Id(id): Id) -> Response {
    let context = head.context(&[]);
    let if_match = head.if_match.as_ref();
    let result = items::delete(&app.services, &head.caller, &context, ItemId(id), if_match).await;
    settle(&app, &context, result).await
}

//! `/v1/stock`.

use axum::extract::State;
use axum::response::Response;
use contract::{
    Cursor, MovementOut, SetStockIn, StockAsOfOut, StockBatchIn, StockBatchOut, StockChangeOut, StockOut,
    StockSort, StockSummaryOut,
};
use domain::BranchId;
use jiff::Timestamp;
use platform::http::{Json, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Shared;
use super::batches::{BatchQuery, asked};
use super::head::Head;
use super::lists::{moment, page};
use super::respond::{failed, list, settle};
use crate::batches;
use crate::stock;
use crate::store::movements::MovementFilter;
use crate::store::stock::StockFilter;
use crate::store::summary::SummaryFilter;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct StockQuery {
    /// How many at most, 1 to 500; 50 when absent.
    limit: Option<u16>,
    /// Where the page before ended, from its Link header.
    cursor: Option<String>,
    /// Only these fields of each row, separated by commas, and its id where it has one.
    fields: Option<String>,
    /// Only of this branch.
    branch_id: Option<i64>,
    /// Only of this item.
    item_id: Option<i64>,
    /// Only those with less on hand than the item's minimum; with false, only the others.
    below_min: Option<bool>,
    /// Stock as it stood at this moment, from the ledger.
    as_of: Option<Timestamp>,
}

/// Stock levels, now or at a past moment.
#[utoipa::path(get, path = "/v1/stock", tag = "stock", params(StockQuery),
    responses((status = 200, body = Vec<StockOut>)))]
pub(super) async fn list_stock(State(app): Shared, head: Head, Query(query): Query<StockQuery>) -> Response {
    let page = match page(query.limit, query.cursor.as_deref()) {
        Ok(page) => page,
        Err(error) => return failed(&head, &error),
    };
    let StockQuery { branch_id, item_id, below_min, as_of, .. } = query;
    let filter = StockFilter { branch_id, item_id, below_min };
    match as_of.map(moment) {
        Some(at) => {
            let rows = stock::as_of(&app.services, &head.caller, &filter, at, page).await;
            list(&head, page, query.fields.as_deref(), rows, |row: &StockAsOfOut| {
                key(row.branch_id, row.item_id)
            })
        }
        None => {
            let rows = stock::list(&app.services, &head.caller, &filter, page).await;
            list(&head, page, query.fields.as_deref(), rows, |row: &StockOut| key(row.branch_id, row.item_id))
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SummaryQuery {
    /// How many at most, 1 to 500; 50 when absent.
    limit: Option<u16>,
    /// Where the page before ended, from its Link header.
    cursor: Option<String>,
    /// Only these fields of each row, separated by commas, and its id where it has one.
    fields: Option<String>,
    /// Only of this branch.
    branch_id: Option<i64>,
    /// Only of this item.
    item_id: Option<i64>,
    /// Part of the item's name, SKU or barcode, whatever its case.
    q: Option<String>,
    /// Only those with less on hand than the item's minimum; with false, only the others.
    below_min: Option<bool>,
    /// Only those with nothing on hand; with false, only the others.
    zero: Option<bool>,
    /// Only those with something promised to submitted orders; with false, only the others.
    reserved: Option<bool>,
    /// What the list is in the order of; by quantity only with `branch_id`.
    #[serde(default)]
    #[param(inline)]
    sort: StockSort,
}

/// Stock levels with the names of branch and item.
#[utoipa::path(get, path = "/v1/stock/summary", tag = "stock", params(SummaryQuery),
    responses((status = 200, body = Vec<StockSummaryOut>)))]
pub(super) async fn stock_summary(
    State(app): Shared,
    head: Head,
    Query(query): Query<SummaryQuery>,
) -> Response {
    let page = match page(query.limit, query.cursor.as_deref()) {
        Ok(page) => page,
        Err(error) => return failed(&head, &error),
    };
    let SummaryQuery { branch_id, item_id, q, below_min, zero, reserved, sort, .. } = query;
    let levels = StockFilter { branch_id, item_id, below_min };
    let filter = SummaryFilter { levels, q, zero, reserved, sort };
    let rows = stock::summary(&app.services, &head.caller, &filter, page).await;
    list(&head, page, query.fields.as_deref(), rows, |row| match sort {
        StockSort::Branch => key(row.branch_id, row.item_id),
        StockSort::Name => key(row.item_id, row.branch_id),
        StockSort::Quantity | StockSort::QuantityDesc => key(row.quantity.thousandths(), row.item_id),
    })
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ChangesQuery {
    /// How many at most, 1 to 500; 50 when absent.
    limit: Option<u16>,
    /// Where the page before ended, from its Link header.
    cursor: Option<String>,
    /// Only these fields of each row, separated by commas, and its id where it has one.
    fields: Option<String>,
    /// The branch.
    branch_id: i64,
    /// The first moment.
    from: Timestamp,
    /// The second, after the first.
    to: Timestamp,
}

/// The items of which a branch had another quantity at the second moment than at the first, from the ledger.
#[utoipa::path(get, path = "/v1/stock/changes", tag = "stock", params(ChangesQuery),
    responses((status = 200, body = Vec<StockChangeOut>)))]
pub(super) async fn stock_changes(
    State(app): Shared,
    head: Head,
    Query(query): Query<ChangesQuery>,
) -> Response {
    let page = match page(query.limit, query.cursor.as_deref()) {
        Ok(page) => page,
        Err(error) => return failed(&head, &error),
    };
    let ChangesQuery { branch_id, from, to, .. } = query;
    let rows =
        stock::changes(&app.services, &head.caller, BranchId(branch_id), (moment(from), moment(to)), page)
            .await;
    list(&head, page, query.fields.as_deref(), rows, |row| Cursor::of(row.item_id))
}

fn key(branch: i64, item: i64) -> Cursor {
    Cursor { first: branch, second: item }
}

/// Set what is on hand; the difference is a movement.
#[utoipa::path(put, path = "/v1/stock", tag = "stock", request_body = SetStockIn,
    responses((status = 200, body = StockOut)))]
pub(super) async fn set_stock(
    State(app): Shared,
    head: Head,
    Json(input, body): Json<SetStockIn>,
) -> Response {
    let context = head.context(&body);
    let result = stock::set(&app.services, &head.caller, context.clone(), &input).await;
    settle(&app, &context, result).await
}

/// Set what is on hand of many levels; an answer for each entry, in order.
#[utoipa::path(post, path = "/v1/stock/batch", tag = "stock", params(BatchQuery), request_body = StockBatchIn,
    responses((status = 200, body = StockBatchOut)))]
pub(super) async fn set_stock_batch(
    State(app): Shared,
    head: Head,
    Query(BatchQuery { atomic }): Query<BatchQuery>,
    Json(input, body): Json<StockBatchIn>,
) -> Response {
    let context = head.context(&asked(&body, atomic));
    let result = batches::stock::set(&app.services, &head.caller, &context, &input, atomic).await;
    settle(&app, &context, result).await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MovementsQuery {
    /// How many at most, 1 to 500; 50 when absent.
    limit: Option<u16>,
    /// Where the page before ended, from its Link header.
    cursor: Option<String>,
    /// Only these fields of each row, separated by commas, and its id where it has one.
    fields: Option<String>,
    /// Only of this branch.
    branch_id: Option<i64>,
    /// Only of this item.
    item_id: Option<i64>,
    /// Only of this kind: `fulfilment`, `adjustment`.
    kind: Option<String>,
    /// Only those caused by documents of this kind: `order`, `adjustment`.
    document_type: Option<String>,
    /// Only those caused by the document of this number.
    document_id: Option<i64>,
    /// Only those at this moment or later.
    from: Option<Timestamp>,
    /// Only those before this moment.
    to: Option<Timestamp>,
}

/// The stock ledger, newest first.
#[utoipa::path(get, path = "/v1/stock/movements", tag = "stock", params(MovementsQuery),
    responses((status = 200, body = Vec<MovementOut>)))]
pub(super) async fn list_movements(
    State(app): Shared,
    head: Head,
    Query(query): Query<MovementsQuery>,
) -> Response {
    let page = match page(query.limit, query.cursor.as_deref()) {
        Ok(page) => page,
        Err(error) => return failed(&head, &error),
    };
    let MovementsQuery { branch_id, item_id, kind, document_type, document_id, from, to, .. } = query;
    let (from, to) = (from.map(moment), to.map(moment));
    let filter = MovementFilter { branch_id, item_id, kind, document_type, document_id, from, to };
    let rows = stock::movements(&app.services, &head.caller, &filter, page).await;
    list(&head, page, query.fields.as_deref(), rows, |row| Cursor::at(row.at, row.id))
}

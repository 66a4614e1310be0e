//! `/v1/orders`.

use axum::extract::State;
use axum::response::Response;
use contract::{Cursor, ElsewhereOut, FulfillIn, OrderContentIn, OrderIn, OrderOut, OrderStatusWord};
use domain::order::OrderCommand;
use domain::{BranchId, OrderId};
use jiff::Timestamp;
use platform::http::{Id, IdAndText, Json, OptionalJson, Query};
use platform::text::composed;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::head::Head;
use super::lists::{moment, page};
use super::respond::{failed, list, one, one_expanded, settle};
use crate::orders;
use crate::store::order_lists::OrderFilter;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// How many at most, 1 to 500; 50 when absent (10 for the recent ones).
    limit: Option<u16>,
    /// Where the page before ended, from its Link header.
    cursor: Option<String>,
    /// Only these fields of each row, separated by commas, and its id where it has one.
    fields: Option<String>,
    /// Only of this branch.
    branch_id: Option<i64>,
    /// Only in this state.
    status: Option<OrderStatusWord>,
    /// Only with this reference.
    reference: Option<String>,
    /// Only those drafted at this moment or later.
    created_from: Option<Timestamp>,
    /// Only those drafted before this moment.
    created_to: Option<Timestamp>,
    /// Only submitted orders with an item of which more is promised than is on hand.
    #[serde(default)]
    short: bool,
    /// Only open orders (drafts and submitted ones) with a line of this item.
    asking_for: Option<i64>,
    /// Parts to show with each line: SKU, name and unit of its item.
    #[param(inline)]
    expand: Option<Expand>,
}

/// Parts to show with an order.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Expand {
    /// SKU, name and unit of the item of each line.
    Items,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OneQuery {
    /// Parts to show with each line: SKU, name and unit of its item.
    #[param(inline)]
    expand: Option<Expand>,
}

/// Orders, newest first.
#[utoipa::path(get, path = "/v1/orders", tag = "orders", params(ListQuery),
    responses((status = 200, body = Vec<OrderOut>)))]
pub(super) async fn list_orders(state: Shared, head: Head, Query(query): Query<ListQuery>) -> Response {
    newest(state, head, query).await
}

/// The newest orders, ten unless asked otherwise.
#[utoipa::path(get, path = "/v1/orders/recent", tag = "orders", params(ListQuery),
    responses((status = 200, body = Vec<OrderOut>)))]
pub(super) async fn recent_orders(state: Shared, head: Head, Query(query): Query<ListQuery>) -> Response {
    let limit = query.limit.or(Some(10));
    newest(state, head, ListQuery { limit, ..query }).await
}

async fn newest(State(app): Shared, head: Head, query: ListQuery) -> Response {
    let page = match page(query.limit, query.cursor.as_deref()) {
        Ok(page) => page,
        Err(error) => return failed(&head, &error),
    };
    let ListQuery {
        branch_id,
        status,
        reference,
        created_from,
        created_to,
        short,
        asking_for,
        expand,
        fields,
        ..
    } = query;
    let status = status.map(Into::into);
    let (created_from, created_to) = (created_from.map(moment), created_to.map(moment));
    let reference = reference.map(|reference| composed(&reference).into_owned());
    let filter = OrderFilter { branch_id, status, reference, created_from, created_to, short, asking_for };
    let mut rows = orders::list(&app.services, &head.caller, &filter, page).await;
    if let (Some(Expand::Items), Ok(found)) = (expand, &mut rows)
        && let Err(error) = orders::expand_items(&app.services, &head.caller, found).await
    {
        rows = Err(error);
    }
    list(&head, page, fields.as_deref(), rows, |order| Cursor::at(order.created_at, order.id))
}

/// One order with its lines.
#[utoipa::path(get, path = "/v1/orders/{id}", tag = "orders", params(("id" = i64, Path), OneQuery),
    responses((status = 200, body = OrderOut), (status = 304, description = "The client has this version")))]
pub(super) async fn get_order(
    State(app): Shared,
    head: Head,
    Id(id): Id,
    Query(OneQuery { expand }): Query<OneQuery>,
) -> Response {
    let (row, lines) = match orders::get(&app.services, &head.caller, OrderId(id)).await {
        Ok(found) => found,
        Err(error) => return failed(&head, &error),
    };
    let Some(Expand::Items) = expand else { return one(&head, row.version, &row.out(&lines)) };
    let mut order = [row.out(&lines)];
    match orders::expand_items(&app.services, &head.caller, &mut order).await {
        Ok(()) => one_expanded(row.version, &order[0]),
        Err(error) => failed(&head, &error),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ElsewhereQuery {
    /// How many at most, 1 to 500; 50 when absent.
    limit: Option<u16>,
    /// Where the page before ended, from its Link header.
    cursor: Option<String>,
    /// Only these fields of each row, separated by commas, and its id where it has one.
    fields: Option<String>,
}

/// Where else there is some of what an open order is short of: each short line with each other branch that has some
/// available, of those the caller sees.
#[utoipa::path(get, path = "/v1/orders/{id}/elsewhere", tag = "orders",
    params(("id" = i64, Path), ElsewhereQuery), responses((status = 200, body = Vec<ElsewhereOut>)))]
pub(super) async fn order_elsewhere(
    State(app): Shared,
    head: Head,
    Id(id): Id,
    Query(query): Query<ElsewhereQuery>,
) -> Response {
    let page = match page(query.limit, query.cursor.as_deref()) {
        Ok(page) => page,
        Err(error) => return failed(&head, &error),
    };
    let rows = orders::elsewhere(&app.services, &head.caller, OrderId(id), page).await;
    list(&head, page, query.fields.as_deref(), rows, |row| Cursor {
        first: row.item_id,
        second: row.branch_id,
    })
}

/// Draft an order.
#[utoipa::path(post, path = "/v1/orders", tag = "orders", request_body = OrderIn,
    responses((status = 201, body = OrderOut)))]
pub(super) async fn create_order(
    State(app): Shared,
    head: Head,
    Json(input, body): Json<OrderIn>,
) -> Response {
    let context = head.context(&body);
    let result = orders::create(&app.services, &head.caller, context.clone(), &input).await;
    settle(&app, &context, result).await
}

/// Replace what a draft says.
#[utoipa::path(put, path = "/v1/orders/{id}", tag = "orders", params(("id" = i64, Path)),
    request_body = OrderIn, responses((status = 200, body = OrderOut)))]
pub(super) async fn update_order(
    State(app): Shared,
    head: Head,
    Id(id): Id,
    Json(input, body): Json<OrderIn>,
) -> Response {
    let context = head.context(&body);
    let if_match = head.if_match.as_ref();
    let result = orders::update(&app.services, &head.caller, &context, OrderId(id), if_match, &input).await;
    settle(&app, &context, result).await
}

/// Draft an order with this reference, or replace what the draft of the branch that has it says. 409 where an order with it is
/// no draft any more; cancelled orders do not count.
#[utoipa::path(put, path = "/v1/orders/by-reference/{branch_id}/{reference}", tag = "orders",
    params(("branch_id" = i64, Path), ("reference" = String, Path, max_length = 100)),
    request_body = OrderContentIn,
    responses((status = 200, body = OrderOut), (status = 201, body = OrderOut, description = "Drafted")))]
pub(super) async fn put_order_by_reference(
    State(app): Shared,
    head: Head,
    IdAndText(branch, reference): IdAndText,
    Json(content, body): Json<OrderContentIn>,
) -> Response {
    let context = head.context(&body);
    let (at, if_match) = ((BranchId(branch), reference), head.if_match.as_ref());
    let result =
        orders::by_reference::put(&app.services, &head.caller, &context, at, if_match, content).await;
    settle(&app, &context, result).await
}

/// Delete a draft.
#[utoipa::path(delete, path = "/v1/orders/{id}", tag = "orders", params(("id" = i64, Path)),
    responses((status = 204, description = "Deleted")))]
pub(super) async fn delete_order(State(app): Shared, head: Head, Id(id): Id) -> Response {
    let context = head.context(&[]);
    let if_match = head.if_match.as_ref();
    let result = orders::delete(&app.services, &head.caller, &context, OrderId(id), if_match).await;
    settle(&app, &context, result).await
}

/// A body without content, as some clients send one: `{}`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoContent {}

/// Reserve every line; 409 names each short line.
#[utoipa::path(post, path = "/v1/orders/{id}/submit", tag = "orders", params(("id" = i64, Path)),
    responses((status = 200, body = OrderOut)))]
pub(super) async fn submit_order(
    State(app): Shared,
    head: Head,
    Id(id): Id,
    body: OptionalJson<NoContent>,
) -> Response {
    let context = head.context(&body.1);
    let result =
        orders::post(&app.services, &head.caller, context.clone(), OrderId(id), OrderCommand::Submit).await;
    settle(&app, &context, result).await
}

/// Let every line leave the branch, or none.
#[utoipa::path(post, path = "/v1/orders/{id}/fulfill", tag = "orders", params(("id" = i64, Path)),
    request_body = Option<FulfillIn>, responses((status = 200, body = OrderOut)))]
pub(super) async fn fulfill_order(
    State(app): Shared,
    head: Head,
    Id(id): Id,
    OptionalJson(input, body): OptionalJson<FulfillIn>,
) -> Response {
    let context = head.context(&body);
    let command = OrderCommand::Fulfil { override_negative: input.override_negative };
    let result = orders::post(&app.services, &head.caller, context.clone(), OrderId(id), command).await;
    settle(&app, &context, result).await
}

/// End an order and release what it reserved.
#[utoipa::path(post, path = "/v1/orders/{id}/cancel", tag = "orders", params(("id" = i64, Path)),
    responses((status = 200, body = OrderOut)))]
pub(super) async fn cancel_order(
    State(app): Shared,
    head: Head,
    Id(id): Id,
    body: OptionalJson<NoContent>,
) -> Response {
    let context = head.context(&body.1);
    let result =
        orders::post(&app.services, &head.caller, context.clone(), OrderId(id), OrderCommand::Cancel).await;
    settle(&app, &context, result).await
}

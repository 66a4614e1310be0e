//! `/v1/branches`.

use axum::extract::State;
use axum::response::Response;
use contract::{BranchIn, BranchOut, Cursor};
use domain::BranchId;
use platform::http::{Id, Json, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Shared;
use super::head::Head;
use super::lists::page;
use super::respond::{failed, list, one, settle};
use crate::branches;

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
}

/// The branches that the caller sees.
#[utoipa::path(get, path = "/v1/branches", tag = "branches", params(ListQuery),
    responses((status = 200, body = Vec<BranchOut>)))]
pub(super) async fn list_branches(
    State(app): Shared,
    head: Head,
    Query(query): Query<ListQuery>,
) -> Response {
    let page = match page(query.limit, query.cursor.as_deref()) {
        Ok(page) => page,
        Err(error) => return failed(&head, &error),
    };
    let rows = branches::list(&app.services, &head.caller, page).await;
    list(&head, page, query.fields.as_deref(), rows, |branch| Cursor::of(branch.id))
}

/// One branch.
#[utoipa::path(get, path = "/v1/branches/{id}", tag = "branches", params(("id" = i64, Path)),
    responses((status = 200, body = BranchOut), (status = 304, description = "The client has this version")))]
pub(super) async fn get_branch(State(app): Shared, head: Head, Id(id): Id) -> Response {
    match branches::get(&app.services, &head.caller, BranchId(id)).await {
        Ok(row) => one(&head, row.version, &row.branch),
        Err(error) => failed(&head, &error),
    }
}

/// Create a branch.
#[utoipa::path(post, path = "/v1/branches", tag = "branches", request_body = BranchIn,
    responses((status = 201, body = BranchOut)))]
pub(super) async fn create_branch(
    State(app): Shared,
    head: Head,
    Json(input, body): Json<BranchIn>,
) -> Response {
    let context = head.context(&body);
    let result = branches::create(&app.services, &head.caller, &context, &input).await;
    settle(&app, &context, result).await
}

/// Change a branch.
#[utoipa::path(put, path = "/v1/branches/{id}", tag = "branches", params(("id" = i64, Path)),
    request_body = BranchIn, responses((status = 200, body = BranchOut)))]
pub(super) async fn update_branch(
    State(app): Shared,
    head: Head,
    Id(id): Id,
    Json(input, body): Json<BranchIn>,
) -> Response {
    let context = head.context(&body);
    let if_match = head.if_match.as_ref();
    let result =
        branches::update(&app.services, &head.caller, &context, BranchId(id), if_match, &input).await;
    settle(&app, &context, result).await
}

/// Delete a branch that nothing refers to.
#[utoipa::path(delete, path = "/v1/branches/{id}", tag = "branches", params(("id" = i64, Path)),
    responses((status = 204, description = "Deleted")))]
pub(super) async fn delete_branch(State(app): Shared, head: Head, Id(id): Id) -> Response {
    let context = head.context(&[]);
    let if_match = head.if_match.as_ref();
    let result = branches::delete(&app.services, &head.caller, &context, BranchId(id), if_match).await;
    settle(&app, &context, result).await
}

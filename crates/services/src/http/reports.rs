//! `/v1/reports`.

use axum::extract::State;
use axum::response::Response;
use contract::{DailyOut, HeatBy, HeatMapOut, HistoryOut, MoversOut, OverviewOut};
use domain::{BranchId, ItemId};
use platform::http::Query;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Shared;
use super::head::Head;
use super::respond::report;
use crate::reports;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OverviewQuery {
    /// Only of this branch.
    branch_id: Option<i64>,
}

/// How things stand: stock, orders by state, and what moved today. Stock is as counted last.
#[utoipa::path(get, path = "/v1/reports/overview", tag = "reports", params(OverviewQuery),
    responses((status = 200, body = OverviewOut)))]
pub(super) async fn report_overview(
    State(app): Shared,
    head: Head,
    Query(query): Query<OverviewQuery>,
) -> Response {
    let branch = query.branch_id.map(BranchId);
    report(&head, reports::overview(&app.services, &head.caller, branch).await)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DailyQuery {
    /// Only of this branch.
    branch_id: Option<i64>,
    /// How many days, today the last; 1 to 90, 90 when absent.
    #[param(minimum = 1, maximum = 90)]
    days: Option<u16>,
}

/// What moved on each of the last days, and how many orders were fulfilled.
#[utoipa::path(get, path = "/v1/reports/daily", tag = "reports", params(DailyQuery),
    responses((status = 200, body = DailyOut)))]
pub(super) async fn report_daily(
    State(app): Shared,
    head: Head,
    Query(query): Query<DailyQuery>,
) -> Response {
    let (branch, days) = (query.branch_id.map(BranchId), query.days.unwrap_or(reports::MOST_DAYS));
    report(&head, reports::daily(&app.services, &head.caller, branch, days).await)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MoversQuery {
    /// Only of this branch.
    branch_id: Option<i64>,
    /// In how many days, today the last: 1, 7, 30 or 90; 30 when absent.
    days: Option<u16>,
    /// How many items at most, 1 to 100; 10 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
}

/// The items of which most left with orders.
#[utoipa::path(get, path = "/v1/reports/movers", tag = "reports", params(MoversQuery),
    responses((status = 200, body = MoversOut)))]
pub(super) async fn report_movers(
    State(app): Shared,
    head: Head,
    Query(query): Query<MoversQuery>,
) -> Response {
    let MoversQuery { branch_id, days, limit } = query;
    let (branch, days, limit) = (branch_id.map(BranchId), days.unwrap_or(30), limit.unwrap_or(10));
    report(&head, reports::movers(&app.services, &head.caller, branch, days, limit).await)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HeatMapQuery {
    /// Only of this branch.
    branch_id: Option<i64>,
    /// By what the branches and items are chosen; by what moved when absent.
    #[serde(default)]
    #[param(inline, required = false)]
    by: HeatBy,
    /// In how many days, today the last: 1, 7, 30 or 90; 30 when absent.
    days: Option<u16>,
}

/// Branches by items, at most 20 by 30: where most left, or where least is on hand of the minimum.
#[utoipa::path(get, path = "/v1/reports/heat-map", tag = "reports", params(HeatMapQuery),
    responses((status = 200, body = HeatMapOut)))]
pub(super) async fn report_heat_map(
    State(app): Shared,
    head: Head,
    Query(query): Query<HeatMapQuery>,
) -> Response {
    let HeatMapQuery { branch_id, by, days } = query;
    let (branch, days) = (branch_id.map(BranchId), days.unwrap_or(30));
    report(&head, reports::heat_map(&app.services, &head.caller, branch, by, days).await)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryQuery {
    /// The item.
    item_id: i64,
    /// Only at this branch; at all together when absent.
    branch_id: Option<i64>,
    /// How many days, today the last; 1 to 90, 90 when absent.
    days: Option<u16>,
}

/// What was on hand of an item at the end of each of the last days.
#[utoipa::path(get, path = "/v1/reports/history", tag = "reports", params(HistoryQuery),
    responses((status = 200, body = HistoryOut)))]
pub(super) async fn report_history(
    State(app): Shared,
    head: Head,
    Query(query): Query<HistoryQuery>,
) -> Response {
    let HistoryQuery { item_id, branch_id, days } = query;
    let (branch, days) = (branch_id.map(BranchId), days.unwrap_or(reports::MOST_DAYS));
    report(&head, reports::history(&app.services, &head.caller, branch, ItemId(item_id), days).await)
}

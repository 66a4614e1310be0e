//! `/v1/audit`.

use axum::extract::State;
use axum::response::Response;
use contract::{AuditFilter, AuditOut, AuditSealOut, Cursor};
use jiff::Timestamp;
use platform::http::{Id, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Shared;
use super::head::Head;
use super::lists::page;
use super::respond::{failed, list, report};
use crate::audit;

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
    /// Only by the user or program of this id.
    actor_user_id: Option<String>,
    /// Only by the user or program of this name.
    actor: Option<String>,
    /// Only this action, such as `order.fulfilled`.
    action: Option<String>,
    /// Only on entities of this kind.
    entity_type: Option<String>,
    /// Only on the entity of this id.
    entity_id: Option<String>,
    /// Only at this branch.
    branch_id: Option<i64>,
    /// Only from this address.
    ip: Option<String>,
    /// Only in this request.
    request_id: Option<String>,
    /// Only at this moment or later.
    from: Option<Timestamp>,
    /// Only before this moment.
    to: Option<Timestamp>,
}

/// Audit entries, newest first.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", params(ListQuery),
    responses((status = 200, body = Vec<AuditOut>)))]
pub(super) async fn list_audit(State(app): Shared, head: Head, Query(query): Query<ListQuery>) -> Response {
    let page = match page(query.limit, query.cursor.as_deref()) {
        Ok(page) => page,
        Err(error) => return failed(&head, &error),
    };
    let filter = AuditFilter {
        actor_user_id: query.actor_user_id,
        actor: query.actor,
        action: query.action,
        entity_type: query.entity_type,
        entity_id: query.entity_id,
        branch_id: query.branch_id,
        ip: query.ip,
        request_id: query.request_id,
        from: query.from,
        to: query.to,
    };
    let rows = audit::list(&app.services, &head.caller, &filter, page).await;
    list(&head, page, query.fields.as_deref(), rows, |entry| Cursor::at(entry.at, entry.id))
}

/// Whether an audit entry is sealed, and as it was sealed.
#[utoipa::path(get, path = "/v1/audit/{id}/seal", tag = "audit", params(("id" = i64, Path)),
    responses((status = 200, body = AuditSealOut)))]
pub(super) async fn audit_seal(State(app): Shared, head: Head, Id(id): Id) -> Response {
    report(&head, audit::seal(&app.services, &head.caller, id).await)
}

//! The lists of the two audits, as files for a spreadsheet.

use axum::response::Response;
use contract::AuditOut;

use super::Trouble;
use super::audit::AuditQuery;
use super::query::Asked;
use crate::directory::Directory;
use crate::http::on_behalf::OnBehalf;
use crate::table::{Cell, Columns, Format, Table};

/// The audit of the services.
pub(crate) async fn get(
    visitor: OnBehalf,
    format: Format,
    Asked(query): Asked<AuditQuery>,
) -> Result<Response, Trouble> {
    let asking = visitor.asking();
    let directory = Directory::read(&asking).await.map_err(|error| visitor.refused(error))?;
    let (filter, zone) = (query.filter(&directory), directory.zone_of(&query.branch));
    let branch =
        |entry: &AuditOut| entry.branch_id.map_or(Cell::Empty, |branch| Cell::text(directory.name(&branch)));
    let columns = columns(zone).with("branch", "branch", branch);
    let table = Table { name: "audit", title: "audit-title", zone, columns };
    let read = |paging| asking.services().list_audit(asking.call(), &filter, paging);
    table.of_services(format, &visitor, read).await
}

/// The columns that both audits have. Times are told by one clock, the one that the list is filtered by.
pub(crate) fn columns(zone: &str) -> Columns<'_, AuditOut> {
    Columns::new()
        .with("id", "audit-number", |entry: &AuditOut| Cell::Number(entry.id))
        .with_time("at", "time", move |entry| Some((entry.at, zone.to_owned())))
        .with("actor_user_id", "audit-person-id", |entry| Cell::maybe(entry.actor_user_id.as_deref()))
        .with("actor", "person", |entry| Cell::text(&entry.actor))
        .with("action", "audit-action", |entry| Cell::text(&entry.action))
        .with("entity_type", "audit-entity", |entry| Cell::text(&entry.entity_type))
        .with("entity_id", "audit-entity-id", |entry| Cell::text(&entry.entity_id))
        .with("ip", "sessions-address", |entry| Cell::maybe(entry.ip.as_deref()))
        .with("request_id", "audit-request", |entry| Cell::maybe(entry.request_id.as_deref()))
        .with("details", "audit-details", |entry| Cell::text(entry.details.to_string()))
}

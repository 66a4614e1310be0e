//! Reading `portal_audit_logs`: a page of entries, and how one stands to the seals.

use auditlog::{AuditError, entry_columns, entry_filters, entry_visible, shown_columns, standing};
use contract::{AuditFilter, AuditOut, AuditSealOut};
use platform::http::keyset::Page;
use platform::pg::Database;
use platform::statement;

use crate::error::Error;
use crate::sealed::AUDIT;

statement! {
    /// A page of entries, newest first.
    LIST: "portal" = concat!("select ", shown_columns!(), "
        from portal_audit_logs e
        where ", entry_filters!(), " and ", entry_visible!(), "
        order by e.at desc, e.id desc
        limit $4");
    /// The same on one entity or of one request, which are few: found first and sorted then, whatever the planner takes
    /// their number for.
    LIST_OF_FEW: "portal" = concat!("select ", shown_columns!(), "
        from (
            select ", entry_columns!(), "
            from portal_audit_logs e
            where ", entry_filters!(), " and ", entry_visible!(), "
            offset 0) e
        order by e.at desc, e.id desc
        limit $4");
}

/// A page of entries, newest first: one more than the page shows where there are more.
pub(crate) async fn list(
    database: &Database,
    filter: &AuditFilter,
    page: Page,
) -> Result<Vec<AuditOut>, Error> {
    let few = filter.entity_id.is_some() || filter.request_id.is_some();
    let statement = if few { &LIST_OF_FEW } else { &LIST };
    Ok(auditlog::list(&*database.get().await?, statement, None, filter, page).await?)
}

/// How an entry stands to the seals; `None` where there is no such entry.
pub(crate) async fn seal(database: &Database, id: i64) -> Result<Option<AuditSealOut>, Error> {
    let connection = database.get().await?;
    let found = standing(&connection, &AUDIT, id).await.map_err(|error| match error {
        AuditError::Database(error) => Error::Database(error),
        other => Error::Audit(other),
    })?;
    Ok(found.map(|(_, standing)| standing.into()))
}

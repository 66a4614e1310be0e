//! The audit: the use case of reading it. Writing it is part of every change.

use contract::AuditOut;
use domain::BranchId;
use identity::{Action, Caller, authorize};

use crate::error::Error;
use crate::page::Page;
use crate::scope::visible_ids;
use crate::services::Services;
use crate::store::audit::{self as store, AuditFilter};

/// A page of audit entries, newest first.
pub(crate) async fn list(
    services: &Services,
    caller: &Caller,
    filter: &AuditFilter,
    page: Page,
) -> Result<Vec<AuditOut>, Error> {
    let permit = authorize(caller, Action::ViewAudit, filter.branch_id.map(BranchId))?;
    let ids = visible_ids(&permit);
    Ok(store::list(&*services.database.get().await?, ids.as_deref(), filter, page).await?)
}

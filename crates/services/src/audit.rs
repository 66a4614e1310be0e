//! The audit: the use case of reading it. Writing it is part of every change.

use contract::AuditOut;
use identity::Caller;
use policy::{Action, Resource};
use serde_json::Value;

use crate::error::Error;
use crate::page::Page;
use crate::scope::{listed, visible_ids};
use crate::services::Services;
use crate::store::audit::{self as store, AuditFilter};

/// A page of audit entries, newest first.
pub(crate) async fn list(
    services: &Services,
    caller: &Caller,
    filter: &AuditFilter,
    page: Page,
) -> Result<Vec<AuditOut>, Error> {
    let permit = services.authorize(caller, Action::ViewAudit, listed(filter.branch_id))?;
    let ids = visible_ids(&permit);
    let mut entries = store::list(&*services.database.get().await?, ids.as_deref(), filter, page).await?;
    if !services.authorizer.allows(caller, Action::ViewMovementReasons, Resource::Company) {
        let of_stock = entries.iter_mut().filter(|entry| entry.entity_type == "stock");
        of_stock.filter_map(|entry| entry.details.get_mut("reason")).for_each(|reason| *reason = Value::Null);
    }
    Ok(entries)
}

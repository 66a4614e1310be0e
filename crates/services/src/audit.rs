//! The audit: the use case of reading it. Writing it is part of every change.

use auditlog::{AuditError, standing};
use contract::{AuditFilter, AuditOut, AuditSealOut};
use domain::BranchId;
use identity::Caller;
use policy::{Action, Resource};
use serde_json::Value;

use crate::asker::Asker;
use crate::error::Error;
use crate::page::Page;
use crate::scope::{listed, visible_ids};
use crate::sealed::AUDIT;
use crate::services::Services;
use crate::store::audit as store;

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

/// How an entry stands to the seals.
pub(crate) async fn seal(services: &Services, caller: &Caller, id: i64) -> Result<AuditSealOut, Error> {
    let permit = services.authorize(caller, Action::ViewAudit, Resource::Company)?;
    let found =
        standing(&*services.database.get().await?, &AUDIT, id).await.map_err(|error| match error {
            AuditError::Database(error) => Error::from(error),
            other => Error::Internal(Box::new(other)),
        })?;
    let visible = found.filter(|(branch, _)| branch.is_none_or(|id| permit.visible().contains(BranchId(id))));
    let Some((_, standing)) = visible else {
        let asker = Asker::of(services, caller);
        return Err(asker.absent(Action::ViewAudit, || format!("audit:{id}")).into());
    };
    Ok(standing.into())
}

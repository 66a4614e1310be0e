//! `/v1/audit`.

use contract::{AuditOut, AuditSealOut};
use jiff::Timestamp;
use serde::Serialize;

use crate::call::{Call, Listing, Page, Paging};
use crate::error::ClientError;
use crate::services::Services;

/// Which audit entries.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AuditFilter {
    /// Only by the user or program of this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_user_id: Option<String>,
    /// Only by the user or program of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Only this action, such as `order.fulfilled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Only on entities of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_type: Option<String>,
    /// Only on the entity of this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_id: Option<String>,
    /// Only at this branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_id: Option<i64>,
    /// Only from this address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Only in this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Only at this moment or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Only before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
}

impl Services {
    /// Audit entries, newest first.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn list_audit(
        &self,
        call: Call<'_>,
        filter: &AuditFilter,
        paging: Paging,
    ) -> Result<Page<AuditOut>, ClientError> {
        self.transport.page(call, "/v1/audit", &Listing { filter, paging }).await
    }

    /// Whether an audit entry is sealed, and as it was sealed.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn audit_seal(&self, call: Call<'_>, id: i64) -> Result<AuditSealOut, ClientError> {
        self.transport.get(call, &format!("/v1/audit/{id}/seal"), &[(); 0]).await
    }
}

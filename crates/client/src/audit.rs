//! `/v1/audit`.

use contract::{AuditFilter, AuditOut, AuditSealOut};

use crate::call::{Call, Listing, Page, Paging};
use crate::error::ClientError;
use crate::services::Services;

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

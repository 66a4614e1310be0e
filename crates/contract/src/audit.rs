//! The audit on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One audit entry: who did what to which entity, when, from where, in which request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditOut {
    /// Its id.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// The id of the user or program that did it; null for the operator's command line.
    pub actor_user_id: Option<String>,
    /// Its name.
    pub actor: String,
    /// What was done.
    #[schema(example = "order.fulfilled")]
    pub action: String,
    /// To what kind of entity.
    #[schema(example = "order")]
    pub entity_type: String,
    /// To which entity.
    pub entity_id: String,
    /// The branch it belongs to, where it belongs to one.
    pub branch_id: Option<i64>,
    /// The address the request came from.
    pub ip: Option<String>,
    /// The request's id.
    pub request_id: Option<String>,
    /// What changed.
    pub details: serde_json::Value,
}

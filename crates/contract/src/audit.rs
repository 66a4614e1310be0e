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

/// How an audit entry stands to the seals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditSealOut {
    /// Whether a seal covers it; the newest entries wait some seconds for theirs.
    pub sealed: bool,
    /// The seal's number.
    pub seal_number: Option<i64>,
    /// When it was sealed.
    pub sealed_at: Option<Timestamp>,
    /// The id of the key that signs the seal.
    pub key_id: Option<String>,
    /// Whether the entry is as it was sealed; null while no seal covers it. Whether the seal itself is signed and in its
    /// chain, `quartermaster audit verify` tells.
    pub intact: Option<bool>,
}

/// The filters of a list of audit entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
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

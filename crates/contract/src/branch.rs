//! Branches on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::remaining::RemainingOut;

/// A branch to create, or what a branch is to become. What is left out of an update stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Harbour Shop", "location": "4 Quay Road", "timezone": "Europe/Berlin"}))]
pub struct BranchIn {
    /// What people call it; unique. At most 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// A short code, unique; made from the name when absent. Letters, digits and dashes, at most 32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 32, pattern = "^[A-Za-z0-9][A-Za-z0-9-]*$")]
    pub code: Option<String>,
    /// Where it is. At most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub location: Option<String>,
    /// Its IANA time zone; UTC when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Whether it takes part in business; true when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BranchOut {
    /// Its id.
    pub id: i64,
    /// Its short code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub location: String,
    /// Its IANA time zone.
    #[schema(example = "Europe/Berlin")]
    pub timezone: String,
    /// Whether it takes part in business.
    pub active: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// What there still is at it: in the answer to a change that leaves it inactive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<RemainingOut>,
}

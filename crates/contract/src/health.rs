//! Health and readiness on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The process lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthOut {
    /// Always `ok`.
    #[schema(example = "ok")]
    pub status: String,
}

/// The process can serve, every check named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReadyOut {
    /// Always `ready`; otherwise the answer is a problem that names the failed check.
    #[schema(example = "ready")]
    pub status: String,
    /// The checks that passed.
    pub checks: Vec<String>,
    /// What an operator should look at, though the process serves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

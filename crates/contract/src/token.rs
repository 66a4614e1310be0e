//! Tokens on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An access token, as OAuth 2.0 writes it (RFC 6749 §5.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenOut {
    /// The token, to be sent as `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `bearer`.
    pub token_type: String,
    /// How many seconds it is valid.
    pub expires_in: u64,
}

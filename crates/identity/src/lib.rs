//! Who calls, and what they may do: tokens, keys, roles, permits. Portal and services ask the same answers here.
//!
//! No SQL and no pages: what comes in is a token or the operator's own command line, what goes out is a [`Caller`]
//! and, for each thing it wants to do, a [`Permit`].

mod authorize;
mod caller;
mod claims;
mod feed;
mod jwk;
mod jwks;
mod keys;
mod role;
mod verifier;

pub use authorize::{Action, Denied, Permit, authorize};
pub use caller::{BranchScope, Caller};
pub use claims::{Branches, Claims, Star, TOKEN_LIFETIME};
pub use feed::{TOKEN_REACH, TokenFeed};
pub use jwk::{Jwk, JwkSet};
pub use jwks::KeySourceError;
pub use keys::{KeyError, SigningKey};
pub use role::{Role, Roles};
pub use verifier::{BadToken, TokenError, Verifier};

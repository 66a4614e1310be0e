//! Who calls: tokens, keys, roles. What a caller may do is for the crate `policy` to say.
//!
//! No SQL and no pages: what comes in is a token, what goes out is a [`Caller`].

mod caller;
mod claims;
mod feed;
mod jwk;
mod jwks;
mod keys;
mod owners;
mod role;
mod verifier;

pub use caller::{BranchScope, Caller};
pub use claims::{Branches, Claims, Star, TOKEN_LIFETIME};
pub use feed::{TOKEN_REACH, TokenFeed};
pub use jwk::{Jwk, JwkSet};
pub use jwks::KeySourceError;
pub use keys::{KeyError, SigningKey};
pub use owners::{CLIENT_PREFIX, Owners};
pub use role::{Role, Roles};
pub use verifier::{BadToken, TokenError, Verifier};

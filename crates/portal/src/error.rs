//! What can go wrong in the portal.

use platform::pg::PgError;
use thiserror::Error;

use crate::accounts::passwords::BadPassword;

/// Why the portal cannot do what was asked.
#[derive(Debug, Error)]
pub enum Error {
    /// A field of what was sent is not valid; the text names the fix.
    #[error("{0}")]
    Invalid(String),
    /// Who asked has not all that they would give, or less than the account that they would change.
    #[error(
        "nobody gives a role or a branch that they do not have, or changes an account that has more than theirs"
    )]
    NotTheirs,
    /// A password that may not be set.
    #[error("{0}")]
    Password(#[from] BadPassword),
    /// The database refused or is away.
    #[error("the portal's database refused")]
    Database(#[from] PgError),
    /// A key cannot be used.
    #[error("a signing key cannot be used")]
    Key(#[from] identity::KeyError),
    /// A signing key was sealed under another key than the one that is set.
    #[error(
        "signing key {kid} cannot be opened with the key of the setting key_encryption_key; \
         set the one that it was sealed under"
    )]
    SigningKey {
        /// Which signing key.
        kid: String,
        /// Why.
        #[source]
        source: Box<Error>,
    },
    /// The HTTP client for the services could not be made.
    #[error("no client for the services")]
    Client(#[from] client::ClientError),
    /// A secret could not be sealed or opened.
    #[error("a secret cannot be opened: it was sealed under another key_encryption_key, or changed")]
    Seal,
    /// Too many passwords wait to be hashed.
    #[error("too many passwords are being hashed; try again in a moment")]
    Busy,
    /// The client has left before the work was begun.
    #[error("the client has left")]
    Gone,
    /// The audit or its seals cannot be read.
    #[error("the audit cannot be read")]
    Audit(#[source] auditlog::AuditError),
    /// A password could not be hashed.
    #[error("the password could not be hashed")]
    Hash,
}

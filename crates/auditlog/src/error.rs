//! What keeps the audit from being sealed, read or moved.

use std::io;
use std::path::{Path, PathBuf};

use platform::pg::PgError;
use seal::KeyError;
use thiserror::Error;

/// Why something could not be done.
#[derive(Debug, Error)]
pub enum AuditError {
    /// The database refused or is away.
    #[error(transparent)]
    Database(#[from] PgError),
    /// A key or its file cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Ids are handed out in blocks, which the sealer's rule does not allow.
    #[error("the ids of {0}_audit_logs are cached: set the cache of its sequence to 1")]
    CachedIds(&'static str),
    /// A seal of the table cannot be read.
    #[error("seal {number} of the audit of {log} cannot be read: run quartermaster audit verify")]
    UnreadableSeal {
        /// Whose audit.
        log: &'static str,
        /// The seal's number.
        number: i64,
    },
    /// Heads outside the database and seals inside do not fit together.
    #[error("the audit of {log}: {what}; run quartermaster audit verify")]
    Heads {
        /// Whose audit.
        log: &'static str,
        /// What does not fit.
        what: String,
    },
    /// What was to be archived is not what was sealed.
    #[error("the audit of {log} is not archived: {what}; run quartermaster audit verify")]
    Unsound {
        /// Whose audit.
        log: &'static str,
        /// What is wrong.
        what: String,
    },
}

impl AuditError {
    /// An error of a file.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> AuditError + use<> {
        let path = path.to_owned();
        move |source| AuditError::File { path, source }
    }
}

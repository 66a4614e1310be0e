//! What can go wrong between the program and its database, sorted by what the caller can do about it.

use std::fmt;

use deadpool::managed::{PoolError, TimeoutType};
use tokio_postgres::error::{DbError, Severity, SqlState};

/// An error of the database, classified by its SQLSTATE.
///
/// `Display` says the kind only; what the driver says is the source, for the log.
#[derive(Debug, thiserror::Error)]
pub enum PgError {
    /// The server cannot be reached, is starting or stopping, or the connection was lost.
    /// Inside a transaction nothing was written. Trying again later may work.
    #[error("the database is unavailable")]
    Unavailable(#[source] Option<DriverError>),
    /// The server is out of a resource (SQLSTATE class 53): its disk, its memory, its connections. Nothing was written.
    #[error("the database refused: {what}")]
    Exhausted {
        /// What it is out of, in words for whoever asks.
        what: &'static str,
        /// The driver's error.
        #[source]
        source: DriverError,
    },
    /// No pooled connection became free in time, or the statement ran into its time limit.
    #[error("the database is too busy")]
    Busy(#[source] Option<DriverError>),
    /// COMMIT was sent but warned, or did not answer: the transaction may or may not have taken effect.
    #[error("the outcome of the commit is unknown")]
    UnknownOutcome,
    /// COMMIT was asked for although a statement of the transaction had failed, or was dropped before its answer
    /// came. The transaction was rolled back.
    #[error("the transaction had already failed and was rolled back")]
    Aborted,
    /// A constraint refused the write (SQLSTATE class 23).
    #[error("constraint {name} refused the write")]
    Constraint {
        /// The constraint's name; for a `not null` violation, the column's name.
        name: String,
        /// The five-character SQLSTATE, such as `23505` for a unique violation.
        sqlstate: String,
        /// The driver's error.
        #[source]
        source: DriverError,
    },
    /// A deadlock, a serialization failure or a lock that was not available: the same transaction may succeed when
    /// it is run again.
    #[error("the transaction collided with another one")]
    Retryable(#[source] DriverError),
    /// Anything else: a mistake in the program or in the database's set-up.
    #[error("the database refused the request")]
    Other(#[source] DriverError),
}

/// What the driver says, without the values in it: PostgreSQL names those of the row that it refuses, which may be
/// anybody's words or a password's hash, and an error goes to the log.
pub struct DriverError(tokio_postgres::Error);

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(answer) = self.0.as_db_error() else { return fmt::Display::fmt(&self.0, f) };
        let code = answer.code().code();
        write!(f, "{} {code}", answer.severity())?;
        // Of data that does not fit, and of constraints, the messages have values in them.
        if !["22", "23"].iter().any(|class| code.starts_with(class)) {
            write!(f, ": {}", answer.message())?;
        }
        for (what, name) in
            [("constraint", answer.constraint()), ("table", answer.table()), ("column", answer.column())]
        {
            if let Some(name) = name {
                write!(f, ", {what} {name}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.as_db_error().is_some() { write!(f, "({self})") } else { fmt::Debug::fmt(&self.0, f) }
    }
}

impl std::error::Error for DriverError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if self.0.as_db_error().is_some() { None } else { self.0.source() }
    }
}

impl PgError {
    /// The name of the violated constraint, if that is what happened.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            PgError::Constraint { name, .. } => Some(name),
            _ => None,
        }
    }

    /// The SQLSTATE that the server answered with, if it answered.
    pub fn sqlstate(&self) -> Option<&str> {
        self.driver_error().and_then(|error| error.code()).map(SqlState::code)
    }

    /// Whether running the same transaction again at once may succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(self, PgError::Retryable(_))
    }

    fn driver_error(&self) -> Option<&tokio_postgres::Error> {
        let driver = match self {
            PgError::Unavailable(error) | PgError::Busy(error) => error.as_ref(),
            PgError::Exhausted { source, .. }
            | PgError::Constraint { source, .. }
            | PgError::Retryable(source)
            | PgError::Other(source) => Some(source),
            PgError::UnknownOutcome | PgError::Aborted => None,
        };
        driver.map(|driver| &driver.0)
    }

    /// An error met while connecting: whatever the server's reason, it is not there for us.
    pub(super) fn connecting(error: tokio_postgres::Error) -> Self {
        match error.code().and_then(lacking) {
            Some(what) => PgError::Exhausted { what, source: DriverError(error) },
            None => PgError::Unavailable(Some(DriverError(error))),
        }
    }

    /// The error of a COMMIT. Only an ERROR from a server that goes on living proves that nothing was committed.
    pub(super) fn committing(error: tokio_postgres::Error) -> Self {
        match error.as_db_error().and_then(DbError::parsed_severity) {
            Some(Severity::Error) => error.into(),
            _ => PgError::UnknownOutcome,
        }
    }
}

impl From<tokio_postgres::Error> for PgError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(answer) = error.as_db_error() else {
            let lost = error.is_closed()
                || std::error::Error::source(&error).is_some_and(|s| s.is::<std::io::Error>());
            return if lost {
                PgError::Unavailable(Some(DriverError(error)))
            } else {
                PgError::Other(DriverError(error))
            };
        };
        match answer.code().code() {
            // The last one ended a session that stood still within its transaction: nothing was committed.
            "40001" | "40P01" | "55P03" | "25P03" => PgError::Retryable(DriverError(error)),
            "57014" => PgError::Busy(Some(DriverError(error))),
            "57P01" | "57P02" | "57P03" | "57P05" => PgError::Unavailable(Some(DriverError(error))),
            code if code.starts_with("08") => PgError::Unavailable(Some(DriverError(error))),
            // One that ends the session leaves open what became of a COMMIT behind it.
            code if code.starts_with("53") => match (lacking(answer.code()), answer.parsed_severity()) {
                (Some(what), Some(Severity::Error)) => {
                    PgError::Exhausted { what, source: DriverError(error) }
                }
                _ => PgError::Unavailable(Some(DriverError(error))),
            },
            code if code.starts_with("23") => {
                let name = answer.constraint().or(answer.column()).unwrap_or_default().to_owned();
                PgError::Constraint { name, sqlstate: code.to_owned(), source: DriverError(error) }
            }
            _ => PgError::Other(DriverError(error)),
        }
    }
}

/// What the server is out of, where that is what a SQLSTATE says.
fn lacking(code: &SqlState) -> Option<&'static str> {
    match code.code() {
        "53100" => Some("its disk is full"),
        "53200" => Some("it is out of memory"),
        "53300" => Some("it has no connection left"),
        code if code.starts_with("53") => Some("it is at a limit of its configuration"),
        _ => None,
    }
}

impl From<PoolError<PgError>> for PgError {
    fn from(error: PoolError<PgError>) -> Self {
        match error {
            PoolError::Timeout(TimeoutType::Wait) => PgError::Busy(None),
            PoolError::Backend(error) => error,
            PoolError::Timeout(_)
            | PoolError::Closed
            | PoolError::NoRuntimeSpecified
            | PoolError::PostCreateHook(_) => PgError::Unavailable(None),
        }
    }
}

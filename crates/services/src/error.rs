//! What can go wrong in a use case.

use contract::FieldError;
use domain::{BranchId, Refusal};
use platform::pg::PgError;
use policy::Denied;
use thiserror::Error;

use crate::documents::Declined;

/// Why a use case gives no answer of its own. `problem.rs` says what each means to a client.
#[derive(Debug, Error)]
pub enum Error {
    /// The caller may not do it, or may not see it.
    #[error("the caller is not allowed to do this")]
    Denied(Denied),
    /// There is no such thing, or the caller does not see it.
    #[error("there is no such thing")]
    NotFound,
    /// Fields are not valid.
    #[error("{} fields are not valid", .0.len())]
    Invalid(Vec<FieldError>),
    /// The rules refuse it.
    #[error("the rules refuse it")]
    Refused(#[source] Refusal),
    /// It went wrong with something at that branch.
    #[error("{1}")]
    At(BranchId, #[source] Box<Error>),
    /// Something that the caller does not see has a value that must be unique.
    #[error("a thing that the caller does not see has this value")]
    HiddenDuplicate(Denied),
    /// Something else has this value of a field that must be unique.
    #[error("another {entity} has this {field}")]
    Duplicate {
        /// What has it.
        entity: &'static str,
        /// Which field.
        field: &'static str,
    },
    /// Entries of a batch that is carried out whole or not at all are refused.
    #[error("{} faults of entries keep a batch from being carried out", .errors.len())]
    NotApplied {
        /// The faults of each entry.
        errors: Vec<FieldError>,
        /// Whether each of them would be refused again.
        is_final: bool,
    },
    /// Other rows refer to it.
    #[error("other rows still refer to the {0}")]
    StillReferenced(&'static str),
    /// It changed since the client read it.
    #[error("it changed since it was read")]
    Stale,
    /// The Idempotency-Key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused(
        /// Where that is which the other request made.
        Option<String>,
    ),
    /// The Idempotency-Key's first request still runs.
    #[error("the first request with this idempotency key still runs")]
    KeyInFlight,
    /// The queue or the pool is full.
    #[error("too much is waiting already")]
    Busy,
    /// The database is away; nothing changed.
    #[error("the database is away")]
    Unavailable,
    /// The database is out of a resource; nothing changed.
    #[error("the database refused: {0}")]
    Exhausted(&'static str),
    /// A commit was asked for and its answer is not known.
    #[error("the outcome is unknown")]
    OutcomeUnknown,
    /// A defect.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// The same error, with the branch of what it is about.
    pub(crate) fn at(self, branch: BranchId) -> Error {
        Error::At(branch, Box::new(self))
    }

    /// What went wrong, and at which branch where that is known.
    pub(crate) fn parts(&self) -> (Option<BranchId>, &Error) {
        match self {
            Error::At(branch, error) => (Some(*branch), error.parts().1),
            error => (None, error),
        }
    }

    /// The refusal of authorization that the audit is to know of, where the error is one.
    pub(crate) fn denied(&self) -> Option<&Denied> {
        match self.parts().1 {
            Error::Denied(denied) | Error::HiddenDuplicate(denied) => Some(denied),
            _ => None,
        }
    }

    /// Whether the same request would be refused again, so that the answer is kept under its Idempotency-Key. What is
    /// absent may be hidden, which is asked anew each time: were one kept and the other not, a repetition would tell.
    pub(crate) fn is_final(&self) -> bool {
        match self.parts().1 {
            Error::Refused(refusal) => *refusal != Refusal::NotFound,
            Error::NotApplied { is_final, .. } => *is_final,
            Error::Invalid(_) | Error::Duplicate { .. } | Error::StillReferenced(_) | Error::Stale => true,
            _ => false,
        }
    }

    /// What an error of the database means that is no defect: the same to everybody who waited for what failed.
    pub(crate) fn of_trouble(error: &PgError) -> Option<Error> {
        match error {
            PgError::Unavailable(_) => Some(Error::Unavailable),
            PgError::Exhausted { what, .. } => Some(Error::Exhausted(what)),
            PgError::Busy(_) | PgError::Retryable(_) => Some(Error::Busy),
            PgError::UnknownOutcome => Some(Error::OutcomeUnknown),
            PgError::Aborted | PgError::Constraint { .. } | PgError::Other(_) => None,
        }
    }
}

impl From<PgError> for Error {
    fn from(error: PgError) -> Error {
        Error::of_trouble(&error).unwrap_or_else(|| Error::Internal(Box::new(error)))
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Error {
        Error::Denied(denied)
    }
}

impl From<Declined> for Error {
    fn from(declined: Declined) -> Error {
        match declined {
            Declined::Denied(denied) => denied.into(),
            Declined::Refused(refusal) => refusal.into(),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::Refused(refusal)
    }
}

/// Turns the violation of a named constraint into what it means to the client.
pub(crate) fn on_constraint(
    error: PgError,
    meanings: impl IntoIterator<Item = (&'static str, Error)>,
) -> Error {
    let meaning =
        error.constraint().and_then(|name| meanings.into_iter().find(|(constraint, _)| *constraint == name));
    meaning.map_or_else(|| error.into(), |(_, meaning)| meaning)
}

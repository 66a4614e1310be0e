//! What a call can come back with instead of an answer.

use contract::{FieldError, Problem, ProblemKind};
use thiserror::Error;

/// Why a call gave no answer of its kind.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The services could not be reached, or did not answer a read in time. Nothing was changed.
    #[error("the services do not answer")]
    NoAnswer(#[source] Option<reqwest::Error>),
    /// They answered that they cannot serve now (5xx). Nothing was changed.
    #[error("the services answered with status {status}")]
    Unwell {
        /// The HTTP status, 500 to 599.
        status: u16,
        /// What they said of it, when they said it as the contract has it.
        problem: Option<Box<Problem>>,
    },
    /// They did not answer the last few calls, so this one was not sent.
    #[error("the services did not answer of late, so they were not asked")]
    Resting,
    /// Whether a change was made is not known: it was sent, and its answer did not come. The same call with the same
    /// key finds out, and makes the change at most once.
    #[error("it is not known whether the change was made")]
    OutcomeUnknown,
    /// They refused the call (4xx).
    #[error("the services refused with status {status}")]
    Refused {
        /// The HTTP status, 400 to 499.
        status: u16,
        /// What they said of it, when they said it as the contract has it.
        problem: Option<Box<Problem>>,
    },
    /// The answer is not what the contract says.
    #[error("the answer of the services could not be understood")]
    NotUnderstood(#[source] Option<serde_json::Error>),
    /// The client itself could not be made.
    #[error("no HTTP client for the services")]
    NoClient(#[source] reqwest::Error),
}

impl ClientError {
    /// Whether the services are away, or too unwell to answer: asking later may help, asking differently will not.
    pub fn is_away(&self) -> bool {
        use ClientError::{NoAnswer, OutcomeUnknown, Resting, Unwell};
        matches!(self, NoAnswer(_) | Unwell { .. } | Resting | OutcomeUnknown)
    }

    /// Whether they did not accept the token.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, ClientError::Refused { status: 401, .. })
    }

    /// What the services said of it: title, detail, the fields that are wrong, the lines that are short.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            ClientError::Refused { problem, .. } | ClientError::Unwell { problem, .. } => problem.as_deref(),
            _ => None,
        }
    }

    /// Whether the services refused for this reason.
    pub fn is(&self, kind: ProblemKind) -> bool {
        self.problem().is_some_and(|problem| problem.type_uri == kind.type_uri())
    }

    /// What is wrong with each field, by JSON pointer or `?parameter`; none where it is not about fields.
    pub fn fields(&self) -> &[FieldError] {
        self.problem().map_or(&[], |problem| &problem.errors)
    }
}

//! What a call can come back with instead of an answer.

use contract::Problem;
use thiserror::Error;

/// Why a call gave no answer of its kind.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The services could not be reached, or did not answer in time.
    #[error("the services do not answer")]
    NoAnswer(#[source] Option<reqwest::Error>),
    /// They answered that they cannot serve now (5xx).
    #[error("the services answered with status {status}")]
    Unwell {
        /// The HTTP status, 500 to 599.
        status: u16,
    },
    /// They did not answer the last few calls, so this one was not sent.
    #[error("the services did not answer of late, so they were not asked")]
    Resting,
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
        matches!(self, ClientError::NoAnswer(_) | ClientError::Unwell { .. } | ClientError::Resting)
    }

    /// Whether they did not accept the token.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, ClientError::Refused { status: 401, .. })
    }
}

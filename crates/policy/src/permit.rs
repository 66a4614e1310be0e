//! Answers: a permit, or why there is none.

use std::sync::Arc;

use domain::BranchId;
use identity::{BranchScope, Caller};
use thiserror::Error;

use crate::action::Action;

/// Leave to do one thing. Only [`Authorizer::authorize`](crate::Authorizer::authorize) gives it, so holding one proves
/// that the question was asked.
#[derive(Debug, Clone)]
pub struct Permit {
    pub(crate) caller: Caller,
    pub(crate) action: Action,
}

impl Permit {
    /// Who may do it.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// What may be done.
    pub fn action(&self) -> Action {
        self.action
    }

    /// The branches whose rows the caller may see: what every list is filtered by.
    pub fn visible(&self) -> &BranchScope {
        self.caller.scope()
    }
}

/// Why a caller may not, with the question that was asked.
#[derive(Debug, Clone, Error)]
pub enum Denied {
    /// Policies forbid it, or none permits it.
    #[error("{} is not allowed", .0.action)]
    Forbidden(Box<Refused>),
    /// The branch is outside what the caller sees: to the caller it does not exist.
    #[error("the branch is not visible to the caller")]
    Hidden(Box<Refused>),
}

impl Denied {
    /// The refusal of a thing that is not there, or is at a branch outside what the caller sees. The refusal does not tell
    /// which, so that nothing made of it can: not the answer, not its audit entry, not the time that either takes.
    pub fn absent(caller: &Caller, action: Action, resource: String) -> Denied {
        Denied::Hidden(Box::new(Refused {
            caller: caller.clone(),
            action,
            resource,
            branch: None,
            policies: Vec::new(),
        }))
    }

    /// What was asked, and what decided.
    pub fn refused(&self) -> &Refused {
        match self {
            Denied::Forbidden(refused) | Denied::Hidden(refused) => refused,
        }
    }
}

/// A question that was answered with no.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Who asked.
    pub caller: Caller,
    /// What it wanted to do.
    pub action: Action,
    /// With what, as in `order:7`.
    pub resource: String,
    /// At which branch.
    pub branch: Option<BranchId>,
    /// The names of the policies that decided. None where no policy permits it, or the branch is not the caller's.
    pub policies: Vec<Arc<str>>,
}

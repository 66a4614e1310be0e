//! Who wants something done. Whether they may is asked when the document is locked: only then is all of it known.

use std::sync::Arc;

use domain::{BranchId, Refusal};
use identity::{BranchScope, Caller};
use policy::{Action, Authorizer, Denied, Resource};

use crate::documents::Declined;
use crate::services::Services;

/// Who wants it, and where it is asked whether they may.
#[derive(Debug, Clone)]
pub enum Asker {
    /// The operator at the command line, who has the database in hand anyway: nobody is asked.
    Operator,
    /// A caller.
    Caller(Caller, Arc<Authorizer>),
}

impl Asker {
    /// A caller of the services.
    pub(crate) fn of(services: &Services, caller: &Caller) -> Asker {
        Asker::Caller(caller.clone(), Arc::clone(&services.authorizer))
    }

    /// May they?
    pub(crate) fn authorize(&self, action: Action, resource: Resource<'_>) -> Result<(), Denied> {
        match self {
            Asker::Operator => Ok(()),
            Asker::Caller(caller, authorizer) => authorizer.authorize(caller, action, resource).map(|_| ()),
        }
    }

    /// The branches whose things exist for them.
    pub(crate) fn scope(&self) -> &BranchScope {
        match self {
            Asker::Operator => &BranchScope::All,
            Asker::Caller(caller, _) => caller.scope(),
        }
    }

    /// Whether things at the branch exist for them.
    pub(crate) fn sees(&self, branch: BranchId) -> bool {
        self.scope().contains(branch)
    }

    /// What they are told of a thing that is not there, or that they do not see: the same of both. From callers who see
    /// every branch nothing is hidden, so that asking for what is not there is no attempt to see it.
    pub(crate) fn absent(&self, action: Action, resource: impl FnOnce() -> String) -> Declined {
        match self {
            Asker::Caller(caller, _) if *caller.scope() != BranchScope::All => {
                Denied::absent(caller, action, resource()).into()
            }
            _ => Refusal::NotFound.into(),
        }
    }
}

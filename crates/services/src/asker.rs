//! Who wants something posted. Whether they may is asked when the document is locked: only then is all of it known.

use std::sync::Arc;

use identity::Caller;
use policy::{Action, Authorizer, Denied, Resource};

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
}

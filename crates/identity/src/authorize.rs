//! One question, one place: may this caller do this at this branch?

use domain::BranchId;
use thiserror::Error;

use crate::caller::{BranchScope, Caller};
use crate::role::Role;

macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $action:ident: $($role:ident)|+;)+) => {
        /// What a caller may want to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $($(#[doc = $doc])+ $action,)+
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Action] = &[$(Action::$action,)+];

            /// The roles that may do it.
            pub const fn roles(self) -> &'static [Role] {
                match self { $(Action::$action => &[$(Role::$role,)+],)+ }
            }
        }
    };
}

actions! {
    /// See branches.
    ViewBranches: Admin | Manager | Worker | Auditor;
    /// Create and delete branches.
    ManageBranches: Admin;
    /// Change a branch.
    EditBranch: Admin | Manager;
    /// See items.
    ViewItems: Admin | Manager | Worker | Auditor;
    /// Create, change and delete items.
    ManageItems: Admin | Manager;
    /// See stock levels.
    ViewStock: Admin | Manager | Worker | Auditor;
    /// Set what is on hand.
    AdjustStock: Admin | Manager;
    /// Let what is on hand fall below zero.
    OverrideNegative: Admin;
    /// See the ledger.
    ViewMovements: Admin | Manager | Worker | Auditor;
    /// See orders.
    ViewOrders: Admin | Manager | Worker | Auditor;
    /// Create, change and delete drafts.
    DraftOrders: Admin | Manager | Worker;
    /// Submit orders.
    SubmitOrders: Admin | Manager;
    /// Fulfil orders.
    FulfillOrders: Admin | Manager;
    /// Cancel any order.
    CancelOrders: Admin | Manager;
    /// Cancel a draft that the caller made.
    CancelOwnDrafts: Admin | Manager | Worker;
    /// See the audit.
    ViewAudit: Admin | Auditor;
}

/// Leave to do one thing. Only [`authorize`] gives it, so holding one proves that the question was asked.
#[derive(Debug, Clone)]
pub struct Permit {
    caller: Caller,
    action: Action,
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

/// Why a caller may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Denied {
    /// No role of the caller allows it.
    #[error("no role of the caller allows it")]
    Forbidden,
    /// The branch is outside what the caller sees: to the caller it does not exist.
    #[error("the branch is not visible to the caller")]
    Hidden,
}

/// May `caller` do `action`, at `branch` where it concerns one?
///
/// # Errors
/// [`Denied`].
pub fn authorize(caller: &Caller, action: Action, branch: Option<BranchId>) -> Result<Permit, Denied> {
    if branch.is_some_and(|branch| !caller.scope().contains(branch)) {
        return Err(Denied::Hidden);
    }
    if !action.roles().iter().any(|role| caller.has(*role)) {
        return Err(Denied::Forbidden);
    }
    Ok(Permit { caller: caller.clone(), action })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::Roles;

    const OWN: BranchId = BranchId(1);
    const OTHER: BranchId = BranchId(2);

    fn caller(role: Role) -> Caller {
        Caller::new("7", "someone", [role].into_iter().collect(), BranchScope::only([OWN]), i64::MAX)
    }

    #[test]
    fn a_branch_outside_the_scope_is_hidden_whatever_the_role_and_action() {
        for role in Role::ALL {
            for action in Action::ALL {
                let denied = authorize(&caller(role), *action, Some(OTHER)).map(|_| ());
                assert_eq!(denied, Err(Denied::Hidden), "{role:?} {action:?}");
            }
        }
    }

    #[test]
    fn each_role_may_do_what_the_contract_says_at_its_own_branch() {
        use Action as A;
        let reads = [A::ViewBranches, A::ViewItems, A::ViewStock, A::ViewMovements, A::ViewOrders];
        let drafts = [A::DraftOrders, A::CancelOwnDrafts];
        let manages = [
            A::EditBranch,
            A::ManageItems,
            A::AdjustStock,
            A::SubmitOrders,
            A::FulfillOrders,
            A::CancelOrders,
        ];
        let allowed = |role: Role, action: &Action| match role {
            Role::Admin => true,
            Role::Manager => reads.contains(action) || drafts.contains(action) || manages.contains(action),
            Role::Worker => reads.contains(action) || drafts.contains(action),
            Role::Auditor => reads.contains(action) || *action == A::ViewAudit,
        };
        for role in Role::ALL {
            for action in Action::ALL {
                let answer = authorize(&caller(role), *action, Some(OWN)).is_ok();
                assert_eq!(answer, allowed(role, action), "{role:?} {action:?}");
            }
        }
    }

    #[test]
    fn a_caller_without_a_role_may_do_nothing() {
        let nobody = Caller::new("7", "nobody", Roles::default(), BranchScope::All, i64::MAX);
        for action in Action::ALL {
            assert_eq!(authorize(&nobody, *action, None).map(|_| ()), Err(Denied::Forbidden), "{action:?}");
        }
    }
}

//! What somebody has, and what they may give of it.

use identity::{BranchScope, Role};

use super::users::User;

/// Roles, and the branches where they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What may be done.
    pub roles: Vec<Role>,
    /// Where.
    pub scope: BranchScope,
}

impl Grant {
    /// These roles at these branches.
    pub fn new(roles: &[Role], scope: &BranchScope) -> Grant {
        Grant { roles: roles.to_vec(), scope: scope.clone() }
    }

    /// What a user has.
    pub(crate) fn of(user: &User) -> Grant {
        Grant::new(&user.roles, &user.scope)
    }

    /// Nothing at all.
    pub(crate) fn nothing() -> Grant {
        Grant { roles: Vec::new(), scope: BranchScope::only([]) }
    }

    /// Whether `giver` has all of it: the one rule by which people give roles and branches, and touch the accounts of
    /// others.
    pub(crate) fn within(&self, giver: &Grant) -> bool {
        self.roles.iter().all(|role| giver.has_role(role)) && giver.has_branches(&self.scope)
    }

    /// Whether this has what the role may do: an Admin has every role, and a Manager does all that a Worker does.
    pub(crate) fn has_role(&self, role: &Role) -> bool {
        let has = |held: &Role| match held {
            Role::Admin => true,
            Role::Manager => matches!(role, Role::Manager | Role::Worker),
            Role::Worker | Role::Auditor => held == role,
        };
        self.roles.iter().any(has)
    }

    /// Whether this acts at every branch, also at those to come.
    pub(crate) fn has_all_branches(&self) -> bool {
        self.scope == BranchScope::All
    }

    fn has_branches(&self, scope: &BranchScope) -> bool {
        match scope {
            BranchScope::All => self.has_all_branches(),
            BranchScope::Only(branches) => branches.iter().all(|branch| self.scope.contains(*branch)),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::BranchId;

    use super::*;

    fn at(branches: &[i64], roles: &[Role]) -> Grant {
        Grant::new(roles, &BranchScope::only(branches.iter().map(|id| BranchId(*id))))
    }

    fn everywhere(roles: &[Role]) -> Grant {
        Grant::new(roles, &BranchScope::All)
    }

    #[test]
    fn nobody_has_a_role_or_a_branch_more_than_they_were_given() {
        use Role::{Admin, Auditor, Manager, Worker};
        let (company, branch) = (everywhere(&[Admin]), at(&[7], &[Admin]));
        for (grant, giver, within) in [
            (everywhere(&Role::ALL), &company, true),
            (at(&[1, 2], &[Auditor]), &company, true),
            (at(&[7], &Role::ALL), &branch, true),
            (at(&[], &[]), &branch, true),
            (at(&[7, 8], &[Worker]), &branch, false),
            (everywhere(&[Worker]), &branch, false),
            (at(&[7], &[Worker]), &at(&[7], &[Manager]), true),
            (at(&[7], &[Auditor]), &at(&[7], &[Manager]), false),
            (at(&[7], &[Admin]), &at(&[7], &[Manager, Auditor]), false),
            (at(&[7], &[Manager]), &at(&[7], &[Worker]), false),
            (at(&[7], &[Worker]), &at(&[7], &[Auditor]), false),
            (at(&[], &[Worker]), &Grant::nothing(), false),
        ] {
            assert_eq!(grant.within(giver), within, "{grant:?} within {giver:?}");
        }
    }
}

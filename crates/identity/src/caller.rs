//! Callers: users and programs, as their tokens describe them.

use std::sync::Arc;

use domain::BranchId;

use crate::role::{Role, Roles};

/// The branches that a caller sees and acts at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BranchScope {
    /// All of them, also those to come.
    All,
    /// These, in rising order and each once.
    Only(Arc<[BranchId]>),
}

impl BranchScope {
    /// These branches, in any order.
    pub fn only(branches: impl IntoIterator<Item = BranchId>) -> BranchScope {
        let mut branches: Vec<BranchId> = branches.into_iter().collect();
        branches.sort_unstable();
        branches.dedup();
        BranchScope::Only(branches.into())
    }

    /// Whether the branch is among them.
    pub fn contains(&self, branch: BranchId) -> bool {
        match self {
            BranchScope::All => true,
            BranchScope::Only(branches) => branches.binary_search(&branch).is_ok(),
        }
    }
}

/// Who calls. A verified token makes one; so does the portal of whoever is signed in. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    user_id: Arc<str>,
    username: Arc<str>,
    roles: Roles,
    scope: BranchScope,
    expires_at: i64,
}

impl Caller {
    /// The user or client of that id (a token's subject) and name, as the portal has it.
    pub fn known(user_id: &str, username: &str, roles: Roles, scope: BranchScope) -> Caller {
        Caller::new(user_id, username, roles, scope, i64::MAX)
    }

    pub(crate) fn new(
        user_id: &str,
        username: &str,
        roles: Roles,
        scope: BranchScope,
        expires_at: i64,
    ) -> Caller {
        Caller { user_id: Arc::from(user_id), username: Arc::from(username), roles, scope, expires_at }
    }

    /// The token's subject: the user's or client's id.
    pub fn user_id(&self) -> &Arc<str> {
        &self.user_id
    }

    /// The name shown to people.
    pub fn username(&self) -> &Arc<str> {
        &self.username
    }

    /// The branches it sees and acts at.
    pub fn scope(&self) -> &BranchScope {
        &self.scope
    }

    /// What it may do.
    pub fn roles(&self) -> Roles {
        self.roles
    }

    /// Whether it has the role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.has(role)
    }

    /// When its token ends, in seconds since 1970.
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_has_its_branches_in_whatever_order_they_came() {
        let scope = BranchScope::only([9, 2, 9, 5].map(BranchId));
        assert_eq!(scope, BranchScope::Only(Arc::from([2, 5, 9].map(BranchId))));
        assert!(scope.contains(BranchId(5)) && !scope.contains(BranchId(4)));
        assert!(BranchScope::All.contains(BranchId(4)) && !BranchScope::only([]).contains(BranchId(4)));
    }
}

//! Which branches a caller sees, as SQL takes it; and what a list is about.

use domain::BranchId;
use identity::BranchScope;
use policy::{Permit, Resource};

/// What a list is about: the branch that its filter names, or all that the caller sees.
pub(crate) fn listed(branch_id: Option<i64>) -> Resource<'static> {
    branch_id.map_or(Resource::Company, |id| Resource::Branch(BranchId(id)))
}

/// The ids of the branches that the permit's caller sees; `None` for all of them.
pub(crate) fn visible_ids(permit: &Permit) -> Option<Vec<i64>> {
    ids_of(permit.visible())
}

/// The ids of the branches of a scope; `None` for all of them.
pub(crate) fn ids_of(scope: &BranchScope) -> Option<Vec<i64>> {
    match scope {
        BranchScope::All => None,
        BranchScope::Only(branches) => Some(branches.iter().map(|branch| branch.0).collect()),
    }
}

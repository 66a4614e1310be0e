//! Which branches a caller sees, as SQL takes it.

use identity::{BranchScope, Permit};

/// The ids of the branches that the permit's caller sees; `None` for all of them.
pub(crate) fn visible_ids(permit: &Permit) -> Option<Vec<i64>> {
    match permit.visible() {
        BranchScope::All => None,
        BranchScope::Only(branches) => Some(branches.iter().map(|branch| branch.0).collect()),
    }
}

//! Which branches the names in a file mean.

use std::collections::HashMap;

use domain::BranchId;
use platform::pg::{PgError, Queries};

use crate::store::branches;

/// Every branch, by what files call it. Branches are few.
pub(super) struct Branches {
    by_name: HashMap<String, BranchId>,
    active: HashMap<BranchId, bool>,
}

impl Branches {
    pub(super) async fn load(conn: &Queries) -> Result<Branches, PgError> {
        let (mut by_name, mut active) = (HashMap::new(), HashMap::new());
        for branch in branches::names(conn).await? {
            // A name wins over another branch's code that reads the same.
            by_name.entry(branch.code.to_lowercase()).or_insert(branch.id);
            by_name.insert(branch.name.to_lowercase(), branch.id);
            active.insert(branch.id, branch.active);
        }
        Ok(Branches { by_name, active })
    }

    /// The branch of that name, whatever its case, or of that code.
    pub(super) fn find(&self, name: &str) -> Option<BranchId> {
        self.by_name.get(&name.to_lowercase()).copied()
    }

    /// Whether it is active; `None` when there is none.
    pub(super) fn is_active(&self, branch: BranchId) -> Option<bool> {
        self.active.get(&branch).copied()
    }
}

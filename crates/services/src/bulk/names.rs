//! Which branches the names in a file mean.

use std::collections::HashMap;

use domain::BranchId;
use jiff::tz::TimeZone;
use platform::pg::{PgError, Queries};
use platform::text::fold;

use crate::store::branches;

/// Every branch, by what files call it. Branches are few.
#[derive(Debug, Default)]
pub(super) struct Branches {
    by_name: HashMap<String, BranchId>,
    active: HashMap<BranchId, bool>,
    zones: HashMap<BranchId, TimeZone>,
}

impl Branches {
    pub(super) async fn load(conn: &Queries) -> Result<Branches, PgError> {
        let mut known = Branches::default();
        let Branches { by_name, active, zones } = &mut known;
        for branch in branches::names(conn).await? {
            // A name wins over another branch's code that reads the same.
            by_name.entry(fold(&branch.code)).or_insert(branch.id);
            by_name.insert(fold(&branch.name), branch.id);
            active.insert(branch.id, branch.active);
            zones.insert(branch.id, platform::zones::or_utc(&branch.timezone));
        }
        Ok(known)
    }

    /// The branch of that name, whatever its case, or of that code.
    pub(super) fn find(&self, name: &str) -> Option<BranchId> {
        self.by_name.get(&fold(name)).copied()
    }

    /// The time zone of the branch of that name; UTC where there is no such branch.
    pub(super) fn zone(&self, name: &str) -> TimeZone {
        self.find(name).and_then(|branch| self.zones.get(&branch)).cloned().unwrap_or(TimeZone::UTC)
    }

    /// Whether it is active; `None` when there is none.
    pub(super) fn is_active(&self, branch: BranchId) -> Option<bool> {
        self.active.get(&branch).copied()
    }
}

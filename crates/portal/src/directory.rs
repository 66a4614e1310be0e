//! The branches that somebody sees: their names and time zones, for every page that tells of one.

use client::ClientError;
use contract::BranchOut;
use platform::zones;

use crate::collation::sort_by_name;
use crate::http::on_behalf::{Asking, every_page};

/// How many pages of branches are read at most: 10,000 branches.
const MOST_PAGES: usize = 20;

const UTC: &str = "UTC";

/// The time zone by which a branch's days are counted.
fn counted(branch: &BranchOut) -> &str {
    if zones::named(&branch.timezone).is_some() { &branch.timezone } else { UTC }
}

/// The branches that one user sees, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directory {
    branches: Vec<BranchOut>,
}

impl Directory {
    /// Reads them from the services.
    pub(crate) async fn read(asking: &Asking) -> Result<Directory, ClientError> {
        let read = |paging| asking.services().list_branches(asking.call(), paging);
        let mut branches = every_page(MOST_PAGES, read).await?;
        sort_by_name(&mut branches, |branch| &branch.name);
        Ok(Directory { branches })
    }

    /// All of them, by name.
    pub(crate) fn all(&self) -> &[BranchOut] {
        &self.branches
    }

    /// Those where something new may be done, by name.
    pub(crate) fn active(&self) -> impl Iterator<Item = &BranchOut> {
        self.branches.iter().filter(|branch| branch.active)
    }

    /// All of them to choose from, by name: each with its number and whether it is the one that is `chosen`.
    pub(crate) fn choices(&self, chosen: &Option<i64>) -> Vec<(i64, &str, bool)> {
        let branches = self.branches.iter();
        branches.map(|branch| (branch.id, branch.name.as_str(), *chosen == Some(branch.id))).collect()
    }

    pub(crate) fn get(&self, id: i64) -> Option<&BranchOut> {
        self.branches.iter().find(|branch| branch.id == id)
    }

    /// A branch's name; its number where it is none of these.
    pub(crate) fn name(&self, id: &i64) -> String {
        self.get(*id).map_or_else(|| format!("#{id}"), |branch| branch.name.clone())
    }

    /// A branch's time zone; UTC where it is none of these, or its zone is not known.
    pub(crate) fn zone(&self, id: &i64) -> &str {
        self.get(*id).map_or(UTC, counted)
    }

    /// The time zone that days and times of a list are in: that of its branch, or of all branches the one that they share,
    /// else UTC.
    pub(crate) fn zone_of(&self, branch: &Option<i64>) -> &str {
        if let Some(branch) = branch {
            return self.zone(branch);
        }
        let mut zones = self.branches.iter().map(counted);
        let first = zones.next().unwrap_or(UTC);
        if zones.all(|zone| zone == first) { first } else { UTC }
    }
}

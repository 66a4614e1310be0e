//! The branches that somebody sees: their names and time zones, for every page that tells of one.

use client::{ClientError, Paging};
use contract::BranchOut;
use contract::page::MAX_LIMIT;

use crate::http::on_behalf::Asking;

/// How many pages of branches are read at most: 10,000 branches.
const MOST_PAGES: usize = 20;

/// The branches that one user sees, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directory {
    branches: Vec<BranchOut>,
}

impl Directory {
    /// Reads them from the services.
    pub(crate) async fn read(asking: &Asking) -> Result<Directory, ClientError> {
        let mut branches = Vec::new();
        let mut paging = Paging::first(MAX_LIMIT);
        for _ in 0..MOST_PAGES {
            let page = asking.services().list_branches(asking.call(), paging).await?;
            branches.extend(page.rows);
            let Some(next) = page.next else { break };
            paging = Paging::after(next, MAX_LIMIT);
        }
        branches.sort_by_cached_key(|branch| branch.name.to_lowercase());
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

    pub(crate) fn get(&self, id: i64) -> Option<&BranchOut> {
        self.branches.iter().find(|branch| branch.id == id)
    }

    /// A branch's name; its number where it is none of these.
    pub(crate) fn name(&self, id: &i64) -> String {
        self.get(*id).map_or_else(|| format!("#{id}"), |branch| branch.name.clone())
    }

    /// A branch's time zone; UTC where it is none of these.
    pub(crate) fn zone(&self, id: &i64) -> &str {
        self.get(*id).map_or("UTC", |branch| &branch.timezone)
    }
}

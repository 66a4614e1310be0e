//! What the rules need to know of branches and items, whatever the kind of document.

use std::collections::HashMap;

use domain::order::ItemFacts;
use domain::{BranchId, ItemId};
use platform::pg::{PgError, Queries};

use crate::store::{branches, items};

/// Those of the branches and items asked for that exist.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    branches: HashMap<BranchId, bool>,
    items: HashMap<ItemId, ItemFacts>,
}

impl Facts {
    /// Both in one round trip; each may be named more than once.
    pub(crate) async fn load(
        conn: &Queries,
        branches: impl Iterator<Item = BranchId>,
        items: impl Iterator<Item = ItemId>,
    ) -> Result<Facts, PgError> {
        let branches = once_each(branches.map(|branch| branch.0));
        let items = once_each(items.map(|item| item.0));
        let (branches, items) =
            futures_util::try_join!(branches::active(conn, &branches), items::facts(conn, &items))?;
        Ok(Facts::of(branches, items))
    }

    /// Which branches there are and whether each is active; what is known of which items.
    pub(crate) fn of(
        branches: impl IntoIterator<Item = (BranchId, bool)>,
        items: impl IntoIterator<Item = (ItemId, ItemFacts)>,
    ) -> Facts {
        Facts { branches: branches.into_iter().collect(), items: items.into_iter().collect() }
    }

    /// Whether the branch is active; `None` when there is none.
    pub(crate) fn branch_active(&self, branch: BranchId) -> Option<bool> {
        self.branches.get(&branch).copied()
    }

    /// What is known of the item; `None` when there is none.
    pub(crate) fn item(&self, item: ItemId) -> Option<ItemFacts> {
        self.items.get(&item).copied()
    }
}

fn once_each(ids: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut ids: Vec<i64> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

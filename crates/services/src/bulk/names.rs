//! Whom the names in a file mean: branches by name or code, items by SKU.

use std::collections::{BTreeSet, HashMap};

use domain::order::ItemFacts;
use domain::{BranchId, ItemId};

use super::BulkError;
use super::work::Work;
use crate::store::{branches, items};

/// The branches and items that a file names.
pub(super) struct Names {
    branches: HashMap<String, BranchId>,
    items: HashMap<String, ItemId>,
}

impl Names {
    /// Looks up the (branch, SKU) pairs of a file.
    pub(super) async fn load<'r>(
        work: &Work<'_>,
        pairs: impl Iterator<Item = (&'r str, &'r str)>,
    ) -> Result<Names, BulkError> {
        let (names, skus): (BTreeSet<&str>, BTreeSet<&str>) = pairs.unzip();
        let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        let codes: Vec<String> = names.iter().map(|name| name.to_ascii_uppercase()).collect();
        let mut branches = HashMap::new();
        for branch in branches::by_name_or_code(work.conn, &lower, &codes).await? {
            // A name wins over another branch's code that reads the same.
            branches.entry(branch.code.to_lowercase()).or_insert(branch.id);
            branches.insert(branch.name.to_lowercase(), branch.id);
        }
        let skus: Vec<&str> = skus.into_iter().collect();
        let items = items::by_sku(work.conn, &skus).await?;
        Ok(Names { branches, items: items.into_iter().map(|(id, sku)| (sku, id)).collect() })
    }

    /// The branch of that name, whatever its case, or of that code.
    pub(super) fn branch(&self, name: &str) -> Option<BranchId> {
        self.branches.get(&name.to_lowercase()).copied()
    }

    /// The item of that SKU.
    pub(super) fn item(&self, sku: &str) -> Option<ItemId> {
        self.items.get(sku).copied()
    }

    /// What the rules need to know of the items.
    pub(super) async fn facts(&self, work: &Work<'_>) -> Result<HashMap<ItemId, ItemFacts>, BulkError> {
        let ids: Vec<i64> = self.items.values().map(|item| item.0).collect();
        Ok(items::facts(work.conn, &ids).await?.into_iter().collect())
    }

    /// Whether each branch is active.
    pub(super) async fn active(&self, work: &Work<'_>) -> Result<HashMap<BranchId, bool>, BulkError> {
        let ids: Vec<i64> = self.branches.values().map(|branch| branch.0).collect();
        Ok(branches::active(work.conn, &ids).await?.into_iter().collect())
    }
}

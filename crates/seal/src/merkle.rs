//! Merkle trees as RFC 9162 (and RFC 6962 before it) has them: leaves and nodes hashed apart, paths of inclusion.

use crate::hash::Hash;

/// The hash of a leaf: SHA-256 of a zero byte and what the leaf holds.
pub fn leaf(bytes: &[u8]) -> Hash {
    Hash::of_all(&[&[0], bytes])
}

/// The hash of a node: SHA-256 of a one byte and the hashes below it.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    let (_, below) = bytes.split_at_mut(1);
    let (to_left, to_right) = below.split_at_mut(32);
    to_left.copy_from_slice(&left.0);
    to_right.copy_from_slice(&right.0);
    Hash::of(&bytes)
}

/// A tree over leaves, with every node of it.
#[derive(Debug, Clone)]
pub struct Tree {
    /// From the leaves up to the root. Each level has half as many as the one below; the last of an odd number goes up
    /// as it is, which makes the same tree as splitting at the largest power of two.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// The tree of these leaf hashes.
    pub fn new(leaves: Vec<Hash>) -> Tree {
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let above = below.chunks(2).map(|pair| match pair {
                [left, right] => node(left, right),
                alone => alone.first().copied().unwrap_or_default(),
            });
            let above = above.collect();
            levels.push(above);
        }
        Tree { levels }
    }

    /// The root; of no leaves, the hash of nothing.
    pub fn root(&self) -> Hash {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or_else(|| Hash::of(b""))
    }

    /// What leads from a leaf to the root: the hashes beside the way, the lowest first. Empty for a leaf that is not
    /// there.
    pub fn path(&self, index: usize) -> Vec<Hash> {
        let mut path = Vec::new();
        let mut at = index;
        for level in &self.levels {
            path.extend(level.get(at ^ 1).copied());
            at /= 2;
        }
        path
    }
}

/// The root of these leaf hashes.
pub fn root(leaves: Vec<Hash>) -> Hash {
    Tree::new(leaves).root()
}

/// The root that a path leads to from the leaf at `index` of so many leaves, or `None` when no path of that length
/// belongs there. RFC 9162, section 2.1.3.2.
pub fn root_by_path(leaf: Hash, index: u64, leaves: u64, path: &[Hash]) -> Option<Hash> {
    if index >= leaves {
        return None;
    }
    let (mut at, mut last) = (index, leaves - 1);
    let mut root = leaf;
    for beside in path {
        if last == 0 {
            return None;
        }
        if at % 2 == 1 || at == last {
            root = node(beside, &root);
            while at % 2 == 0 && at != 0 {
                at /= 2;
                last /= 2;
            }
        } else {
            root = node(&root, beside);
        }
        at /= 2;
        last /= 2;
    }
    (last == 0).then_some(root)
}

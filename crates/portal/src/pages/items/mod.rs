//! Items: the catalogue, and what there is to know of each.

pub(crate) mod edit;
pub(crate) mod import;
pub(crate) mod item;
pub(crate) mod labels;
pub(crate) mod list;

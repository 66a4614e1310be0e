//! Branches: the directory, and the form of one.

pub(crate) mod edit;
pub(crate) mod list;

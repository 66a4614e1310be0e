//! Stock: what there is, what there was, and setting it right.

pub(crate) mod adjust;
pub(crate) mod as_of;
pub(crate) mod file;
pub(crate) mod list;
pub(crate) mod views;

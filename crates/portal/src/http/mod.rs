//! The portal's HTTP surface.

pub(crate) mod cookie;
pub(crate) mod forms;
pub(crate) mod router;
pub(crate) mod session;
mod token;
pub(crate) mod visitor;

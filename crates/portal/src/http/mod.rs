//! The portal's HTTP surface.

pub(crate) mod audit_api;
pub(crate) mod confirmed;
pub(crate) mod cookie;
pub(crate) mod files;
pub(crate) mod forms;
pub(crate) mod kept_form;
pub(crate) mod local_path;
pub(crate) mod on_behalf;
pub(crate) mod router;
pub(crate) mod session;
pub(crate) mod streams;
pub(crate) mod token;
pub(crate) mod visitor;

//! What every test needs: a database of its own, the services on it, and users who call them.

pub mod api;
pub mod cluster;
pub mod portal;
pub mod program;
pub mod routes;

pub use api::App;
pub use cluster::TestDatabase;

use std::sync::Arc;

use ::policy::Authorizer;

/// The policies that ship, and no company's.
pub fn roles_alone() -> Arc<Authorizer> {
    Arc::new(Authorizer::open(None).unwrap())
}

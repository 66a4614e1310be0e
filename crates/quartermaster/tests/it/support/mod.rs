//! What every test needs: a database of its own, the services on it, and users who call them.

pub mod api;
pub mod cluster;
pub mod portal;
pub mod program;

pub use api::App;
pub use cluster::TestDatabase;

//! What every test needs: a database of its own, the services on it, and users who call them.

pub mod api;
pub mod cluster;
pub mod portal;
pub mod program;
pub mod routes;

pub use api::App;
pub use cluster::TestDatabase;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::policy::Authorizer;

/// The policies that ship, and no company's.
pub fn roles_alone() -> Arc<Authorizer> {
    Arc::new(Authorizer::open(None).unwrap())
}

/// How long anything is waited for that must come.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until it is so; fails when it never is.
pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    until_within(PATIENCE, what, is_so).await;
}

/// The same of what must come sooner.
pub async fn until_within(patience: Duration, what: &str, is_so: impl AsyncFn() -> bool) {
    let end = Instant::now() + patience;
    while !is_so().await {
        assert!(Instant::now() < end, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

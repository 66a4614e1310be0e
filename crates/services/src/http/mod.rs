//! The services' HTTP surface. The router is on one page in [`router`]; handlers are thin: read the request, call the
//! use case, give its answer.

mod audit;
mod batches;
mod branches;
mod docs;
mod fields;
#[cfg(test)]
mod fuzz;
mod head;
mod health;
mod items;
mod lists;
mod openapi;
mod orders;
mod reports;
mod respond;
mod router;
mod stock;

use std::sync::Arc;
use std::time::Duration;

use identity::Verifier;

use crate::rate_limit::RateLimits;
use crate::services::Services;

pub use openapi::openapi;
pub use router::{cors, router};

/// What the handlers work with.
#[derive(Debug)]
pub struct App {
    /// The use cases.
    pub services: Services,
    /// Who verifies tokens.
    pub verifier: Verifier,
}

/// The same for all requests.
pub(crate) type Shared = axum::extract::State<Arc<App>>;

/// How the surface behaves.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The largest body taken, in bytes.
    pub body_limit: usize,
    /// How long a request may take before the client is told to come back.
    pub request_timeout: Duration,
    /// Origins of other sites whose pages may call the API from a browser; `*` for any.
    pub cors_origins: Vec<String>,
    /// Whether answers are compressed for clients that ask for it.
    pub compression: bool,
    /// How many requests a caller may send.
    pub rate_limits: RateLimits,
}

impl Default for HttpSettings {
    fn default() -> HttpSettings {
        HttpSettings {
            body_limit: 1024 * 1024,
            request_timeout: Duration::from_secs(30),
            cors_origins: Vec::new(),
            compression: true,
            rate_limits: RateLimits::default(),
        }
    }
}

//! The services, as their clients see them.

use contract::health::{HealthOut, ReadyOut};

use crate::call::Call;
use crate::error::ClientError;
use crate::transport::{Patience, Transport};

/// The services at one address. Cheap to share: it keeps its connections. Its methods have the names of the operations
/// in the OpenAPI document, and are in a file a resource.
#[derive(Debug)]
pub struct Services {
    pub(crate) transport: Transport,
}

impl Services {
    /// The services at `base_url`, such as `http://127.0.0.1:8001`. With `ca`, the PEM text of the certificates of an
    /// authority, that one alone is believed; otherwise those that the system knows.
    ///
    /// # Errors
    /// [`ClientError::NoClient`] when the system gives no TLS, or `ca` has no certificate.
    pub fn at(base_url: &str, patience: Patience, ca: Option<&[u8]>) -> Result<Services, ClientError> {
        Ok(Services { transport: Transport::new(base_url, patience, ca)? })
    }

    /// Whether the process lives.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn health(&self, call: Call<'_>) -> Result<HealthOut, ClientError> {
        self.transport.get(call, "/health", &[(); 0]).await
    }

    /// Whether it can serve.
    ///
    /// # Errors
    /// [`ClientError::Unwell`] with the check that failed.
    pub async fn ready(&self, call: Call<'_>) -> Result<ReadyOut, ClientError> {
        self.transport.get(call, "/ready", &[(); 0]).await
    }
}

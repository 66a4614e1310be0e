//! The operations.

use contract::{BranchOut, OrderOut, StockSummaryOut};
use serde::Serialize;

use crate::error::ClientError;
use crate::transport::{Call, Patience, Transport};

/// The services, as their clients see them. Cheap to share: it keeps its connections.
#[derive(Debug)]
pub struct Services {
    transport: Transport,
}

/// Which stock levels.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct StockFilter {
    /// Only those with less on hand than the item's minimum; with false, only the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below_min: Option<bool>,
}

#[derive(Serialize)]
struct SummaryQuery {
    #[serde(flatten)]
    filter: StockFilter,
    limit: u16,
}

#[derive(Serialize)]
struct Limit {
    limit: u16,
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

    /// Stock levels with names, by branch and item, `limit` (1 to 500) at most.
    ///
    /// # Errors
    /// [`ClientError`], also for the operations below.
    pub async fn stock_summary(
        &self,
        call: Call<'_>,
        filter: StockFilter,
        limit: u16,
    ) -> Result<Vec<StockSummaryOut>, ClientError> {
        self.transport.get(call, "/v1/stock/summary", &SummaryQuery { filter, limit }).await
    }

    /// The newest orders, `limit` (1 to 500) at most.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn recent_orders(&self, call: Call<'_>, limit: u16) -> Result<Vec<OrderOut>, ClientError> {
        self.transport.get(call, "/v1/orders/recent", &Limit { limit }).await
    }

    /// The branches that the caller sees, `limit` (1 to 500) at most.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn branches(&self, call: Call<'_>, limit: u16) -> Result<Vec<BranchOut>, ClientError> {
        self.transport.get(call, "/v1/branches", &Limit { limit }).await
    }
}

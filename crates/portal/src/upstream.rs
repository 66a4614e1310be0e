//! The services as the portal sees them, and what it last heard from them.

use std::sync::Arc;

use client::{Call, ClientError, Services, StockFilter};
use contract::{OrderOut, StockSummaryOut};
use jiff::Timestamp;
use quick_cache::sync::Cache;

use crate::Config;

/// How many users' last answers are kept.
const REMEMBERED: usize = 1_000;
/// How many rows the dashboard shows of each.
const ROWS: u16 = 12;

/// The services, with each user's last answers.
pub(crate) struct Upstream {
    services: Services,
    last: Cache<i64, Arc<Overview>>,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream").field("services", &self.services).finish_non_exhaustive()
    }
}

/// What the dashboard shows, and as of when.
#[derive(Debug)]
pub(crate) struct Overview {
    pub low: Vec<StockSummaryOut>,
    pub stock: Vec<StockSummaryOut>,
    pub orders: Vec<OrderOut>,
    pub at: Timestamp,
}

/// What is known of the services now.
#[derive(Debug)]
pub(crate) enum Known {
    /// Heard just now.
    Now(Arc<Overview>),
    /// They do not answer; this is what they last said.
    Before(Arc<Overview>),
    /// They do not answer, and this user has never heard from them.
    Nothing,
}

impl Upstream {
    pub(crate) fn new(config: &Config) -> Result<Upstream, ClientError> {
        let services = Services::at(&config.services_url, config.patience, config.services_ca.as_deref())?;
        Ok(Upstream { services, last: Cache::new(REMEMBERED) })
    }

    /// The overview for a user, or what was last known.
    pub(crate) async fn overview(&self, user_id: i64, call: Call<'_>) -> Known {
        match self.ask(call).await {
            Ok(overview) => {
                let overview = Arc::new(overview);
                self.last.insert(user_id, Arc::clone(&overview));
                Known::Now(overview)
            }
            Err(error) => {
                tracing::warn!(%error, "the dashboard shows what was last known");
                self.last.get(&user_id).map_or(Known::Nothing, Known::Before)
            }
        }
    }

    async fn ask(&self, call: Call<'_>) -> Result<Overview, ClientError> {
        let low = StockFilter { below_min: Some(true) };
        let (low, stock, orders) = tokio::try_join!(
            self.services.stock_summary(call, low, ROWS),
            self.services.stock_summary(call, StockFilter::default(), ROWS),
            self.services.recent_orders(call, ROWS),
        )?;
        Ok(Overview { low, stock, orders, at: Timestamp::now() })
    }
}

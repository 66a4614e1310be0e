//! `/v1/reports`.

use contract::{DailyOut, HeatBy, HeatMapOut, HistoryOut, MoversOut, OverviewOut};
use serde::Serialize;

use crate::call::Call;
use crate::error::ClientError;
use crate::services::Services;

/// What a report is about.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct ReportFilter {
    /// Only this branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_id: Option<i64>,
    /// How many days, today the last; what the services take when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u16>,
}

#[derive(Serialize)]
struct Overview {
    #[serde(skip_serializing_if = "Option::is_none")]
    branch_id: Option<i64>,
}

#[derive(Serialize)]
struct Movers {
    #[serde(flatten)]
    filter: ReportFilter,
    limit: u16,
}

#[derive(Serialize)]
struct HeatMap {
    #[serde(flatten)]
    filter: ReportFilter,
    by: HeatBy,
}

#[derive(Serialize)]
struct History {
    #[serde(flatten)]
    filter: ReportFilter,
    item_id: i64,
}

impl Services {
    /// How things stand: stock, orders by state, and what moved today.
    ///
    /// # Errors
    /// [`ClientError`], also for the operations below.
    pub async fn report_overview(
        &self,
        call: Call<'_>,
        branch_id: Option<i64>,
    ) -> Result<OverviewOut, ClientError> {
        self.transport.get(call, "/v1/reports/overview", &Overview { branch_id }).await
    }

    /// What moved on each of the last days, and how many orders were fulfilled.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn report_daily(&self, call: Call<'_>, filter: ReportFilter) -> Result<DailyOut, ClientError> {
        self.transport.get(call, "/v1/reports/daily", &filter).await
    }

    /// The items of which most left with orders, `limit` (1 to 100) at most.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn report_movers(
        &self,
        call: Call<'_>,
        filter: ReportFilter,
        limit: u16,
    ) -> Result<MoversOut, ClientError> {
        self.transport.get(call, "/v1/reports/movers", &Movers { filter, limit }).await
    }

    /// Branches by items, at most 20 by 30.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn report_heat_map(
        &self,
        call: Call<'_>,
        filter: ReportFilter,
        by: HeatBy,
    ) -> Result<HeatMapOut, ClientError> {
        self.transport.get(call, "/v1/reports/heat-map", &HeatMap { filter, by }).await
    }

    /// What was on hand of an item at the end of each of the last days.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn report_history(
        &self,
        call: Call<'_>,
        filter: ReportFilter,
        item_id: i64,
    ) -> Result<HistoryOut, ClientError> {
        self.transport.get(call, "/v1/reports/history", &History { filter, item_id }).await
    }
}

//! `/v1/stock`.

use contract::{
    MovementOut, SetStockIn, StockAsOfOut, StockBatchIn, StockBatchOut, StockChangeOut, StockOut, StockSort,
    StockSummaryOut,
};
use jiff::Timestamp;
use reqwest::Method;
use serde::Serialize;

use crate::call::{Call, Key, Listing, Page, Paging};
use crate::error::ClientError;
use crate::services::Services;
use crate::transport::Change;

/// Which stock levels.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct StockFilter {
    /// Only of this branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_id: Option<i64>,
    /// Only of this item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_id: Option<i64>,
    /// Only those with less on hand than the item's minimum; with false, only the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below_min: Option<bool>,
}

/// Which stock levels with names, and in which order.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SummaryFilter {
    /// Only of this branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_id: Option<i64>,
    /// Only of this item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_id: Option<i64>,
    /// Part of the item's name, SKU or barcode, whatever its case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Only those with less on hand than the item's minimum; with false, only the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below_min: Option<bool>,
    /// Only those with nothing on hand; with false, only the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zero: Option<bool>,
    /// Only those with something promised; with false, only the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved: Option<bool>,
    /// By quantity only with `branch_id`.
    pub sort: StockSort,
}

/// Which movements.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MovementFilter {
    /// Only at this branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_id: Option<i64>,
    /// Only of this item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_id: Option<i64>,
    /// Only of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only caused by documents of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_type: Option<String>,
    /// Only caused by the document of this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_id: Option<i64>,
    /// Only those at this moment or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Only those before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
}

#[derive(Serialize)]
struct AsOf<'a> {
    #[serde(flatten)]
    filter: &'a StockFilter,
    as_of: Timestamp,
}

#[derive(Serialize)]
struct Between {
    branch_id: i64,
    from: Timestamp,
    to: Timestamp,
}

impl Services {
    /// Stock levels, by branch and item.
    ///
    /// # Errors
    /// [`ClientError`], also for the operations below.
    pub async fn list_stock(
        &self,
        call: Call<'_>,
        filter: &StockFilter,
        paging: Paging,
    ) -> Result<Page<StockOut>, ClientError> {
        self.transport.page(call, "/v1/stock", &Listing { filter, paging }).await
    }

    /// Stock levels as they stood at a past moment. The filter by minimum does not go with it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn list_stock_as_of(
        &self,
        call: Call<'_>,
        filter: &StockFilter,
        as_of: Timestamp,
        paging: Paging,
    ) -> Result<Page<StockAsOfOut>, ClientError> {
        let filter = &AsOf { filter, as_of };
        self.transport.page(call, "/v1/stock", &Listing { filter, paging }).await
    }

    /// Stock levels with the names of branch and item.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn stock_summary(
        &self,
        call: Call<'_>,
        filter: &SummaryFilter,
        paging: Paging,
    ) -> Result<Page<StockSummaryOut>, ClientError> {
        self.transport.page(call, "/v1/stock/summary", &Listing { filter, paging }).await
    }

    /// The items of which a branch had another quantity at the second moment than at the first, by item.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn stock_changes(
        &self,
        call: Call<'_>,
        branch_id: i64,
        (from, to): (Timestamp, Timestamp),
        paging: Paging,
    ) -> Result<Page<StockChangeOut>, ClientError> {
        let filter = &Between { branch_id, from, to };
        self.transport.page(call, "/v1/stock/changes", &Listing { filter, paging }).await
    }

    /// The ledger, newest first.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn list_movements(
        &self,
        call: Call<'_>,
        filter: &MovementFilter,
        paging: Paging,
    ) -> Result<Page<MovementOut>, ClientError> {
        self.transport.page(call, "/v1/stock/movements", &Listing { filter, paging }).await
    }

    /// Sets what is on hand.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn set_stock(
        &self,
        call: Call<'_>,
        key: &Key,
        count: &SetStockIn,
    ) -> Result<StockOut, ClientError> {
        let change = Change::new(Method::PUT, "/v1/stock", key).body(count)?;
        self.transport.change(call, change).await?.value()
    }

    /// Sets what is on hand of many levels; each entry has its own result.
    ///
    /// # Errors
    /// [`ClientError`]; of an entry that is refused, its result tells.
    pub async fn set_stock_batch(
        &self,
        call: Call<'_>,
        key: &Key,
        counts: &StockBatchIn,
    ) -> Result<StockBatchOut, ClientError> {
        let change = Change::new(Method::POST, "/v1/stock/batch", key).body(counts)?;
        self.transport.change(call, change).await?.value()
    }
}

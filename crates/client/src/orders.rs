//! `/v1/orders`.

use contract::{ElsewhereOut, FulfillIn, OrderContentIn, OrderIn, OrderOut, OrderStatusWord};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde::Serialize;

use crate::call::{Call, Key, Listing, Page, Paging, Versioned};
use crate::error::ClientError;
use crate::services::Services;
use crate::transport::Change;

/// Which orders.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OrderFilter {
    /// Only of this branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_id: Option<i64>,
    /// Only in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<OrderStatusWord>,
    /// Only with this reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Only those drafted at this moment or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_from: Option<Timestamp>,
    /// Only those drafted before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_to: Option<Timestamp>,
    /// Only open orders with a line of this item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asking_for: Option<i64>,
    /// Only submitted orders with an item of which more is promised than is on hand.
    pub short: bool,
}

impl Services {
    /// Orders, newest first.
    ///
    /// # Errors
    /// [`ClientError`], also for the operations below.
    pub async fn list_orders(
        &self,
        call: Call<'_>,
        filter: &OrderFilter,
        paging: Paging,
    ) -> Result<Page<OrderOut>, ClientError> {
        self.transport.page(call, "/v1/orders", &Listing { filter, paging }).await
    }

    /// The newest orders, ten unless asked otherwise.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn recent_orders(
        &self,
        call: Call<'_>,
        filter: &OrderFilter,
        paging: Paging,
    ) -> Result<Page<OrderOut>, ClientError> {
        self.transport.page(call, "/v1/orders/recent", &Listing { filter, paging }).await
    }

    /// One order.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get_order(&self, call: Call<'_>, id: i64) -> Result<Versioned<OrderOut>, ClientError> {
        self.transport.one(call, &format!("/v1/orders/{id}")).await
    }

    /// Where else there is some of what an order is short of, by item and branch.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn order_elsewhere(
        &self,
        call: Call<'_>,
        id: i64,
        paging: Paging,
    ) -> Result<Page<ElsewhereOut>, ClientError> {
        self.transport.page(call, &format!("/v1/orders/{id}/elsewhere"), &paging).await
    }

    /// Drafts an order.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn create_order(
        &self,
        call: Call<'_>,
        key: &Key,
        order: &OrderIn,
    ) -> Result<Versioned<OrderOut>, ClientError> {
        let change = Change::new(Method::POST, "/v1/orders", key).body(order)?;
        self.transport.change(call, change).await?.versioned()
    }

    /// Replaces what a draft says, if it is still at the version of `etag`, where one is given.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn update_order(
        &self,
        call: Call<'_>,
        key: &Key,
        (id, etag): (i64, Option<&str>),
        order: &OrderIn,
    ) -> Result<Versioned<OrderOut>, ClientError> {
        let change = Change::new(Method::PUT, format!("/v1/orders/{id}"), key).if_match(etag);
        self.transport.change(call, change.body(order)?).await?.versioned()
    }

    /// Drafts an order with that reference at that branch, or replaces what the draft that has it says, if it is still at the
    /// version of `etag`, where one is given.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn put_order_by_reference(
        &self,
        call: Call<'_>,
        key: &Key,
        (branch_id, reference, etag): (i64, &str, Option<&str>),
        content: &OrderContentIn,
    ) -> Result<Versioned<OrderOut>, ClientError> {
        let reference = utf8_percent_encode(reference, NON_ALPHANUMERIC);
        let path = format!("/v1/orders/by-reference/{branch_id}/{reference}");
        let change = Change::new(Method::PUT, path, key).if_match(etag);
        self.transport.change(call, change.body(content)?).await?.versioned()
    }

    /// Deletes a draft, if it is still at the version of `etag`, where one is given.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn delete_order(
        &self,
        call: Call<'_>,
        key: &Key,
        (id, etag): (i64, Option<&str>),
    ) -> Result<(), ClientError> {
        let change = Change::new(Method::DELETE, format!("/v1/orders/{id}"), key).if_match(etag);
        self.transport.change(call, change).await.map(drop)
    }

    /// Reserves every line.
    ///
    /// # Errors
    /// [`ClientError`]; the problem of an order that is short names each short line.
    pub async fn submit_order(
        &self,
        call: Call<'_>,
        key: &Key,
        id: i64,
    ) -> Result<Versioned<OrderOut>, ClientError> {
        let change = Change::new(Method::POST, format!("/v1/orders/{id}/submit"), key);
        self.transport.change(call, change).await?.versioned()
    }

    /// Lets every line leave the branch, or none.
    ///
    /// # Errors
    /// [`ClientError`]; the problem of an order that is short names each short line.
    pub async fn fulfill_order(
        &self,
        call: Call<'_>,
        key: &Key,
        id: i64,
        how: FulfillIn,
    ) -> Result<Versioned<OrderOut>, ClientError> {
        let change = Change::new(Method::POST, format!("/v1/orders/{id}/fulfill"), key).body(&how)?;
        self.transport.change(call, change).await?.versioned()
    }

    /// Ends an order and releases what it reserved.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn cancel_order(
        &self,
        call: Call<'_>,
        key: &Key,
        id: i64,
    ) -> Result<Versioned<OrderOut>, ClientError> {
        let change = Change::new(Method::POST, format!("/v1/orders/{id}/cancel"), key);
        self.transport.change(call, change).await?.versioned()
    }
}

//! `/v1/items`.

use contract::{ItemBatchIn, ItemBatchOut, ItemIn, ItemOut};
use reqwest::Method;

use crate::call::{Call, Key, Page, Paging, Versioned};
use crate::error::ClientError;
use crate::services::Services;
use crate::transport::Change;

/// Which items.
#[derive(Debug, Clone, Default)]
pub struct ItemFilter {
    /// Part of the name, the SKU or the barcode, whatever its case.
    pub q: Option<String>,
    /// The exact SKU.
    pub sku: Option<String>,
    /// The exact barcode.
    pub barcode: Option<String>,
    /// The exact SKU or barcode: what a scanner reads.
    pub code: Option<String>,
    /// Only active or only inactive ones.
    pub active: Option<bool>,
    /// Only these, 500 at most; all when empty.
    pub ids: Vec<i64>,
}

impl ItemFilter {
    /// As the query's pairs: an id is given as often as there are ids.
    fn pairs(&self, paging: Paging) -> Vec<(&'static str, String)> {
        let Paging { limit, cursor } = paging;
        let text = |text: &Option<String>| text.clone();
        let pairs = [
            ("q", text(&self.q)),
            ("sku", text(&self.sku)),
            ("barcode", text(&self.barcode)),
            ("code", text(&self.code)),
            ("active", self.active.map(|active| active.to_string())),
            ("limit", limit.map(|limit| limit.to_string())),
            ("cursor", cursor.map(|cursor| cursor.to_string())),
        ];
        let given = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
        given.chain(self.ids.iter().map(|id| ("id", id.to_string()))).collect()
    }
}

impl Services {
    /// Items, by id.
    ///
    /// # Errors
    /// [`ClientError`], also for the operations below.
    pub async fn list_items(
        &self,
        call: Call<'_>,
        filter: &ItemFilter,
        paging: Paging,
    ) -> Result<Page<ItemOut>, ClientError> {
        self.transport.page(call, "/v1/items", &filter.pairs(paging)).await
    }

    /// One item.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get_item(&self, call: Call<'_>, id: i64) -> Result<Versioned<ItemOut>, ClientError> {
        self.transport.one(call, &format!("/v1/items/{id}")).await
    }

    /// Creates an item.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn create_item(
        &self,
        call: Call<'_>,
        key: &Key,
        item: &ItemIn,
    ) -> Result<Versioned<ItemOut>, ClientError> {
        let change = Change::new(Method::POST, "/v1/items", key).body(item)?;
        self.transport.change(call, change).await?.versioned()
    }

    /// Creates and changes many items by their SKUs; each entry has its own result.
    ///
    /// # Errors
    /// [`ClientError`]; of an entry that is refused, its result tells.
    pub async fn put_item_batch(
        &self,
        call: Call<'_>,
        key: &Key,
        items: &ItemBatchIn,
    ) -> Result<ItemBatchOut, ClientError> {
        let change = Change::new(Method::POST, "/v1/items/batch", key).body(items)?;
        self.transport.change(call, change).await?.value()
    }

    /// Changes an item, if it is still at the version of `etag`, where one is given.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn update_item(
        &self,
        call: Call<'_>,
        key: &Key,
        (id, etag): (i64, Option<&str>),
        item: &ItemIn,
    ) -> Result<Versioned<ItemOut>, ClientError> {
        let change = Change::new(Method::PUT, format!("/v1/items/{id}"), key).if_match(etag);
        self.transport.change(call, change.body(item)?).await?.versioned()
    }

    /// Deletes an item that nothing refers to, if it is still at the version of `etag`, where one is given.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn delete_item(
        &self,
        call: Call<'_>,
        key: &Key,
        (id, etag): (i64, Option<&str>),
    ) -> Result<(), ClientError> {
        let change = Change::new(Method::DELETE, format!("/v1/items/{id}"), key).if_match(etag);
        self.transport.change(call, change).await.map(drop)
    }
}

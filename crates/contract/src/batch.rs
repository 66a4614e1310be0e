//! Many changes in one request on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::item::{ItemIn, ItemOut};
use crate::problem::Problem;
use crate::stock::{SetStockIn, StockOut};

/// The most entries of one batch.
pub const MAX_ENTRIES: usize = 1_000;

/// Many counts. Each is as the body of `PUT /v1/stock`, and they are carried out in their order.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"entries": [{"branch_id": 1, "item_id": 7, "quantity": 120}, {"branch_id": 1, "item_id": 8, "quantity": 2.5}]}))]
pub struct StockBatchIn {
    /// 1 to 1,000 counts.
    #[schema(min_items = 1, max_items = 1000)]
    pub entries: Vec<SetStockIn>,
}

/// The result of each count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockBatchOut {
    /// One result for each entry, in the order of the entries.
    pub results: Vec<StockResultOut>,
}

/// The result of one count: the answer that `PUT /v1/stock` would have given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockResultOut {
    /// The status that the entry alone would have been answered with.
    pub status: u16,
    /// The level as the entry left it, where it was carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<StockOut>,
    /// Why it was not carried out, where it was not. Pointers in it begin at the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// Many items. An entry whose SKU an item has already changes that item, as `PUT /v1/items/{id}` does: what is left out
/// stays as it is. Any other creates an item, as `POST /v1/items` does.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"entries": [{"sku": "NAIL-50", "name": "Nails 50 mm", "unit": "kg", "decimal_places": 3}, {"sku": "ROPE-8", "name": "Rope 8 mm"}]}))]
pub struct ItemBatchIn {
    /// 1 to 1,000 items.
    #[schema(min_items = 1, max_items = 1000)]
    pub entries: Vec<ItemIn>,
}

/// The result of each item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemBatchOut {
    /// One result for each entry, in the order of the entries.
    pub results: Vec<ItemResultOut>,
}

/// The result of one item: the answer that a request for the item alone would have got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemResultOut {
    /// The status that the entry alone would have been answered with: 201 for a new item, 200 for a changed one.
    pub status: u16,
    /// The item as the entry left it, where it was carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<ItemOut>,
    /// Why it was not carried out, where it was not. Pointers in it begin at the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

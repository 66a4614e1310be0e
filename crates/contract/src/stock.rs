//! Stock levels and the ledger on the wire.

use domain::Quantity;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Sets what is on hand of one item at one branch; the difference becomes a movement.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"branch_id": 1, "item_id": 7, "quantity": 120, "reason": "count"}))]
pub struct SetStockIn {
    /// The branch.
    pub branch_id: i64,
    /// The item.
    pub item_id: i64,
    /// What is on hand from now on. Required unless `undoes` is given; with `undoes`, what it must leave on hand.
    #[serde(default, with = "crate::quantity::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub quantity: Option<Quantity>,
    /// The movement that this takes back: an adjustment of this branch and item, which is not undone yet (409
    /// `undone-before`). The services find what it leaves on hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<i64>,
    /// What is on hand as the caller knows it: where it is another by then, nothing is changed (412). For who adds to it
    /// or takes from it, rather than counts it.
    #[serde(default, with = "crate::quantity::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub expected_quantity: Option<Quantity>,
    /// Why. At most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub reason: Option<String>,
    /// Allows a quantity below zero; for Admins.
    #[serde(default)]
    pub override_negative: bool,
}

/// A stock level: one item at one branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockOut {
    /// The branch.
    pub branch_id: i64,
    /// The item.
    pub item_id: i64,
    /// What is on hand.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub quantity: Quantity,
    /// What of it is promised to submitted orders.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub reserved: Quantity,
    /// `quantity − reserved`; below zero when more is promised than is there.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub available: Quantity,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A stock level as it stood at a past moment, from the ledger. Promises are not part of the ledger, so `reserved`
/// and `available` are null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockAsOfOut {
    /// The branch.
    pub branch_id: i64,
    /// The item.
    pub item_id: i64,
    /// What was on hand.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub quantity: Quantity,
    /// Always null.
    #[serde(with = "crate::quantity::option")]
    #[schema(value_type = Option<f64>)]
    pub reserved: Option<Quantity>,
    /// Always null.
    #[serde(with = "crate::quantity::option")]
    #[schema(value_type = Option<f64>)]
    pub available: Option<Quantity>,
    /// When it had last changed by then.
    pub updated_at: Timestamp,
}

/// A stock level with the names a person wants to see beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockSummaryOut {
    /// The branch.
    pub branch_id: i64,
    /// Its name.
    pub branch_name: String,
    /// The item.
    pub item_id: i64,
    /// Its name.
    pub item_name: String,
    /// Its SKU.
    pub sku: String,
    /// What is on hand.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub quantity: Quantity,
    /// What of it is promised to submitted orders.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub reserved: Quantity,
    /// `quantity − reserved`.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub available: Quantity,
    /// Below this the branch should reorder.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub min_stock_level: Quantity,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What lists of stock levels with names are in the order of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StockSort {
    /// Branch, then item, by their ids.
    #[default]
    Branch,
    /// The item's name, whatever its case.
    Name,
    /// What is on hand, the least first; of one branch.
    Quantity,
    /// What is on hand, the most first; of one branch.
    QuantityDesc,
}

/// What became of one item at a branch between two moments, from the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockChangeOut {
    /// The item.
    pub item_id: i64,
    /// Its name.
    pub item_name: String,
    /// Its SKU.
    pub sku: String,
    /// What was on hand at the first moment.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub before: Quantity,
    /// What was on hand at the second.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub after: Quantity,
    /// `after − before`.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub difference: Quantity,
}

/// One line of the stock ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MovementOut {
    /// Its id.
    pub id: i64,
    /// When it took effect.
    pub at: Timestamp,
    /// The branch.
    pub branch_id: i64,
    /// The item.
    pub item_id: i64,
    /// `fulfilment` or `adjustment`; more kinds will come.
    #[schema(example = "fulfilment")]
    pub kind: String,
    /// Signed change of what is on hand.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub quantity: Quantity,
    /// What was on hand after it.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub balance: Quantity,
    /// What kind of document caused it.
    #[schema(example = "order")]
    pub document_type: String,
    /// Which document.
    pub document_id: i64,
    /// Who caused it.
    pub actor: String,
    /// Why, where someone said so.
    pub reason: Option<String>,
    /// The movement that it takes back.
    #[serde(default)]
    pub reverses: Option<i64>,
    /// The movement that took it back.
    #[serde(default)]
    pub reversed_by: Option<i64>,
}

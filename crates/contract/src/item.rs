//! Items on the wire.

use domain::Quantity;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::remaining::RemainingOut;

/// An item to create, or what an item is to become. What is left out of an update stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "NAIL-50", "name": "Nails 50 mm", "unit": "kg", "decimal_places": 3, "min_stock_level": 2.5}))]
pub struct ItemIn {
    /// Stock keeping unit; unique whatever its case. At most 64 characters.
    #[schema(min_length = 1, max_length = 64)]
    pub sku: String,
    /// What people call it. At most 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// More about it. At most 2000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub description: Option<String>,
    /// What its quantity is counted in; `pcs` when absent. At most 16 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 16)]
    pub unit: Option<String>,
    /// How many decimal places its quantities may have, 0 to 3; 0 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 3)]
    pub decimal_places: Option<u8>,
    /// Its barcode, no other item's barcode or SKU; null for none. At most 64 characters.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub barcode: Option<Option<String>>,
    /// Below this a branch should reorder; 0 when absent.
    #[serde(default, with = "crate::quantity::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub min_stock_level: Option<Quantity>,
    /// Whether it takes part in business; true when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
}

/// Tells null (`Some(None)`: clear it) from absent (`None`: leave it).
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemOut {
    /// Its id.
    pub id: i64,
    /// Stock keeping unit.
    pub sku: String,
    /// What people call it.
    pub name: String,
    /// More about it.
    pub description: String,
    /// What its quantity is counted in.
    pub unit: String,
    /// How many decimal places its quantities may have.
    pub decimal_places: u8,
    /// Its barcode.
    pub barcode: Option<String>,
    /// Below this a branch should reorder.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub min_stock_level: Quantity,
    /// Whether it takes part in business.
    pub active: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// What there still is of it: in the answer to a change that leaves it inactive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<RemainingOut>,
    /// Doubts about an item that was taken all the same: in the answer to a change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub warnings: Vec<String>,
}

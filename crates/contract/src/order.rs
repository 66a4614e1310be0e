//! Orders on the wire.

use domain::Quantity;
use domain::order::OrderStatus;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An order to draft, or what a draft is to become. An update replaces the lines, the reference and the note; the
/// branch of an order does not change.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"branch_id": 1, "reference": "PO-1009", "lines": [{"item_id": 7, "requested_qty": 12}]}))]
pub struct OrderIn {
    /// The branch whose stock it takes.
    pub branch_id: i64,
    /// The customer's or the branch's own word for it. At most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub reference: Option<String>,
    /// Anything people should know. At most 2000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub note: Option<String>,
    /// 1 to 500 lines, each of another item.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<LineIn>,
}

/// What an order is to say that is known by its branch and reference.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"item_id": 7, "requested_qty": 12}]}))]
pub struct OrderContentIn {
    /// Anything people should know. At most 2000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub note: Option<String>,
    /// 1 to 500 lines, each of another item.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<LineIn>,
}

/// One line of an order to draft.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineIn {
    /// The item.
    pub item_id: i64,
    /// How much of it; more than zero.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub requested_qty: Quantity,
}

/// How an order is to be fulfilled. The body may be left out.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FulfillIn {
    /// Allows what is on hand to fall below zero; for Admins.
    #[serde(default)]
    pub override_negative: bool,
}

/// Where an order stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OrderStatusWord {
    /// May still be edited; promises nothing.
    Draft,
    /// Its lines are reserved.
    Submitted,
    /// Its lines have left the branch.
    Fulfilled,
    /// Ended without leaving.
    Cancelled,
}

impl From<OrderStatus> for OrderStatusWord {
    fn from(status: OrderStatus) -> OrderStatusWord {
        match status {
            OrderStatus::Draft => OrderStatusWord::Draft,
            OrderStatus::Submitted => OrderStatusWord::Submitted,
            OrderStatus::Fulfilled => OrderStatusWord::Fulfilled,
            OrderStatus::Cancelled => OrderStatusWord::Cancelled,
        }
    }
}

impl From<OrderStatusWord> for OrderStatus {
    fn from(word: OrderStatusWord) -> OrderStatus {
        match word {
            OrderStatusWord::Draft => OrderStatus::Draft,
            OrderStatusWord::Submitted => OrderStatus::Submitted,
            OrderStatusWord::Fulfilled => OrderStatus::Fulfilled,
            OrderStatusWord::Cancelled => OrderStatus::Cancelled,
        }
    }
}

/// An order with its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderOut {
    /// Its id.
    pub id: i64,
    /// The branch whose stock it takes.
    pub branch_id: i64,
    /// Where it stands.
    pub status: OrderStatusWord,
    /// The customer's or the branch's own word for it.
    pub reference: Option<String>,
    /// Anything people should know.
    pub note: Option<String>,
    /// Who drafted it.
    pub created_by: String,
    /// When it was drafted.
    pub created_at: Timestamp,
    /// When its lines were reserved.
    pub submitted_at: Option<Timestamp>,
    /// When its lines left the branch.
    pub fulfilled_at: Option<Timestamp>,
    /// When it was cancelled.
    pub cancelled_at: Option<Timestamp>,
    /// Its lines.
    pub lines: Vec<LineOut>,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineOut {
    /// Its id.
    pub id: i64,
    /// The item.
    pub item_id: i64,
    /// How much was asked for.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub requested_qty: Quantity,
    /// How much left the branch: nothing, or all that was asked for.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub fulfilled_qty: Quantity,
    /// SKU, name and unit of the item, where `expand=items` asks for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LineItemOut>)]
    pub item: Option<Box<LineItemOut>>,
}

/// SKU, name and unit of the item of a line, by which people know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineItemOut {
    /// Stock keeping unit.
    pub sku: String,
    /// The item's name.
    pub name: String,
    /// The unit that the item is counted in.
    pub unit: String,
}

/// Where else there is some of what an order is short of: one of its short lines, and one other branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ElsewhereOut {
    /// The line's item.
    pub item_id: i64,
    /// Its name.
    pub item_name: String,
    /// Its SKU.
    pub sku: String,
    /// How much the line asks for.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub requested: Quantity,
    /// What the order's own branch could give for it; below zero when more is promised than is there.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub available: Quantity,
    /// The other branch.
    pub branch_id: i64,
    /// Its name.
    pub branch_name: String,
    /// What is available there.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub available_there: Quantity,
}

//! What there still is where something is closed.

use domain::Quantity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What there still is at a branch, or of an item, that was made inactive. It can be counted down, and submitted orders
/// can be fulfilled or cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemainingOut {
    /// How many stock levels have something on hand: items of the branch, or branches that have the item.
    pub levels: i64,
    /// What is on hand in them together.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub quantity: Quantity,
    /// What of it is promised to submitted orders.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub reserved: Quantity,
    /// How many submitted orders ask for it.
    pub submitted: i64,
    /// How many drafts do.
    pub drafts: i64,
}

impl RemainingOut {
    /// Whether there is nothing any more.
    pub fn is_nothing(&self) -> bool {
        let RemainingOut { levels, quantity, reserved, submitted, drafts } = self;
        *levels == 0 && quantity.is_zero() && reserved.is_zero() && *submitted == 0 && *drafts == 0
    }
}

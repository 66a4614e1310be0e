//! Reports on the wire.

use domain::Quantity;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How things stand at the branches asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OverviewOut {
    /// What moved and what was fulfilled is told as of this moment; null where nothing was ever totalled.
    pub as_of: Option<Timestamp>,
    /// Stock, and the cancelled orders, were last counted at this moment; null where they never were.
    pub counted_at: Option<Timestamp>,
    /// How many stock levels there are.
    pub levels: i64,
    /// Units on hand, of whatever unit.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub quantity: Quantity,
    /// Units promised to submitted orders.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub reserved: Quantity,
    /// How many levels are below their item's minimum.
    pub below_min: i64,
    /// How many orders are in each state.
    pub orders: OrderCounts,
    /// What moved today, by each branch's own day.
    pub today: DayCounts,
}

/// How many orders are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderCounts {
    /// Now.
    pub draft: i64,
    /// Now.
    pub submitted: i64,
    /// As of `as_of`.
    pub fulfilled: i64,
    /// As of `counted_at`.
    pub cancelled: i64,
}

/// What moved in a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayCounts {
    /// Orders that were fulfilled.
    pub orders: i64,
    /// Units that came, of whatever unit.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub units_in: Quantity,
    /// Units that left.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub units_out: Quantity,
    /// Movements.
    pub movements: i64,
}

/// What moved day by day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DailyOut {
    /// As of when; null where nothing was ever totalled.
    pub as_of: Option<Timestamp>,
    /// Every day asked for, the oldest first; a day is each branch's own.
    pub days: Vec<DayOut>,
}

/// What moved on one day: its counts are its own fields, since serde does not read exact numbers of flattened ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayOut {
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// Orders that were fulfilled.
    pub orders: i64,
    /// Units that came, of whatever unit.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub units_in: Quantity,
    /// Units that left.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub units_out: Quantity,
    /// Movements.
    pub movements: i64,
}

/// The items that left most with orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoversOut {
    /// As of when; null where nothing was ever totalled.
    pub as_of: Option<Timestamp>,
    /// Those that left most first.
    pub items: Vec<MoverOut>,
}

/// How much of an item left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoverOut {
    /// The item.
    pub item_id: i64,
    /// Its SKU.
    pub sku: String,
    /// Its name.
    pub item_name: String,
    /// Units that left with orders in the days asked for.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub units_out: Quantity,
}

/// By what the branches and items of a heat map are chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeatBy {
    /// What left most.
    #[default]
    Moved,
    /// What is furthest below its minimum.
    Lowest,
}

/// Branches by items, at most 20 by 30.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeatMapOut {
    /// What moved is told as of this moment, what is lowest as of the last count; null where there was none. What is on
    /// hand is told as it is now.
    pub as_of: Option<Timestamp>,
    /// The branches, those that count most first.
    pub branches: Vec<HeatBranchOut>,
    /// The items, those that count most first.
    pub items: Vec<HeatItemOut>,
    /// A cell for each of these items that each of these branches has a stock level of.
    pub cells: Vec<HeatCellOut>,
}

/// A branch of a heat map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeatBranchOut {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// An item of a heat map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeatItemOut {
    /// Its id.
    pub id: i64,
    /// Its SKU.
    pub sku: String,
    /// Its name.
    pub name: String,
    /// Below this a branch should reorder.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub min_stock_level: Quantity,
}

/// One item at one branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeatCellOut {
    /// The branch.
    pub branch_id: i64,
    /// The item.
    pub item_id: i64,
    /// What is on hand.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub quantity: Quantity,
    /// Units that left with orders in the days asked for.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub units_out: Quantity,
}

/// The stock of one item, day by day, from the ledger as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryOut {
    /// As of when: now.
    pub as_of: Timestamp,
    /// Every day asked for, the oldest first; a day is each branch's own.
    pub days: Vec<HistoryDayOut>,
}

/// What was on hand at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryDayOut {
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// What was on hand when it ended; for today, what is on hand now.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub quantity: Quantity,
}

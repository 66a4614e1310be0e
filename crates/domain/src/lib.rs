//! The rules of stock and orders: pure functions over plain values.
//!
//! Nothing here reads a clock, a database or a network, so that property tests and simulators can drive the rules
//! as fast as the processor allows. The posting engine loads what a [`Command`](order::OrderCommand) needs, asks
//! [`order::decide`] or [`adjustment::decide`], lets [`Levels::post`] apply the answer, and writes the result.

pub mod adjustment;
pub mod gtin;
pub mod ids;
pub mod movement;
pub mod order;
pub mod posting;
pub mod quantity;
pub mod refusal;
pub mod stock;

pub use ids::{BranchId, ItemId, LineId, MovementId, OrderId};
pub use movement::{Movement, MovementKind};
pub use posting::{Change, Posting};
pub use quantity::{Quantity, QuantityError};
pub use refusal::{Refusal, Short};
pub use stock::{Levels, StockKey, StockLevel};

//! The services: branches, items, stock, orders and audit for programs, over HTTP.
//!
//! A request's way: `http/<resource>.rs` → `<resource>.rs` (the use case) → the posting [`engine`] or `work` →
//! the rules in `domain` → `store/<resource>.rs` (all SQL). Owner of the `services_*` tables.

mod answer;
mod asker;
mod audit;
mod batches;
mod branches;
pub mod bulk;
mod codes;
mod documents;
pub mod engine;
mod error;
pub mod http;
mod items;
mod migrations;
pub mod minimums;
mod order_reader;
mod orders;
mod page;
mod policies;
mod problem;
pub mod rate_limit;
mod refusals;
pub mod repair;
mod replay;
mod reports;
mod request;
pub mod retention;
mod scope;
mod sealed;
mod services;
mod stock;
mod store;
mod thread;
mod told;
pub mod totals;
mod valid;
pub mod verify;
mod work;

pub use branches::find_branch;
pub use documents::Command;
pub use error::Error;
pub use migrations::{ROLES, SCHEMA, migrations};
pub use orders::{FoundOrder, find_order};
pub use request::{Actor, IdempotencyKey, IfMatch, RequestContext};
pub use sealed::AUDIT;
pub use services::Services;

//! Typed HTTP client of the services: a method an operation, a file a resource. Every call has a deadline and is tried
//! twice, a little apart; a change goes under an Idempotency-Key, so that it happens once however often it is sent.
//! Services that did not answer of late are left to rest.

mod audit;
mod branches;
mod breaker;
mod call;
mod error;
mod items;
mod orders;
mod reports;
mod services;
mod stock;
mod transport;

pub use call::{Call, Key, Page, Paging, Versioned};
pub use error::ClientError;
pub use items::ItemFilter;
pub use orders::OrderFilter;
pub use reports::ReportFilter;
pub use services::Services;
pub use stock::{MovementFilter, StockFilter, SummaryFilter};
pub use transport::Patience;

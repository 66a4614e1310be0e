//! Typed HTTP client of the services. Every call has a deadline; reads are tried twice, a little apart; services
//! that did not answer of late are left to rest.

mod breaker;
mod error;
mod services;
mod transport;

pub use error::ClientError;
pub use services::{Services, StockFilter};
pub use transport::{Call, Patience};

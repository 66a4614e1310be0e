//! Plumbing without one word of the business: PostgreSQL, HTTP, telemetry, shutdown.

pub mod http;
pub mod pg;
pub mod serve;
pub mod telemetry;

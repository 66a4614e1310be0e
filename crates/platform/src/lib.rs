//! Plumbing without one word of the business: PostgreSQL, HTTP, files for spreadsheets, telemetry, shutdown.

pub mod cells;
pub mod http;
pub mod pg;
pub mod serve;
pub mod telemetry;
pub mod text;

//! Plumbing without one word of the business: PostgreSQL, HTTP, files for spreadsheets, time zones, telemetry, shutdown.

pub mod cells;
pub mod http;
pub mod pg;
pub mod serve;
pub mod telemetry;
pub mod text;
pub mod zones;

//! The program as its users meet it, on a real PostgreSQL.
//!
//! One cluster serves the whole run; every test has a database of its own, made from a migrated template.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

mod architecture;
mod at_scale;
mod audit;
mod batches;
mod binary;
mod branches;
mod client;
mod closing;
mod codes;
mod conventions;
mod database;
mod database_tls;
mod days;
mod documents;
mod entering;
mod faults;
mod files;
mod hidden;
mod idempotency;
mod items;
mod lookups;
mod matrix;
mod migrations;
mod minimums;
mod orders;
mod others;
mod paper;
mod policies;
mod portal;
mod posting;
mod references;
mod reports;
mod roles;

mod schema;
mod seals;
mod security;
mod shown;
mod signin;
mod stock;
mod supply;
mod support;
mod tokens;
mod undo;

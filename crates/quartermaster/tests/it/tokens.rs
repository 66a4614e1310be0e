//! Tokens and keys: a portal, two services processes that follow it, and those who call them.

mod bad;
mod clients;
pub mod fleet;
mod keys;
mod revocations;

//! All SQL of the services: one file a table. Nothing here decides; nothing here knows HTTP.

pub(crate) mod audit;
pub(crate) mod branches;
pub(crate) mod changes;
pub(crate) mod elsewhere;
pub(crate) mod idempotency;
pub(crate) mod items;
mod json;
pub(crate) mod minimums;
pub(crate) mod movements;
mod num;
pub(crate) mod order_lists;
pub(crate) mod orders;
pub(crate) mod policy_sets;
pub(crate) mod rate_leases;
pub(crate) mod references;
pub(crate) mod remaining;
pub(crate) mod reports;
pub(crate) mod sought;
pub(crate) mod staging;
pub(crate) mod stock;
pub(crate) mod summary;
pub(crate) mod totals;

pub(crate) use json::JsonText;
pub(crate) use num::Num;

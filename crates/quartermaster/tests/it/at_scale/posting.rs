//! The statements of postings, changes and reads by id, as connections have them that plan once and keep the plan.
//! The values of the parameters play no part in such a plan.

use super::{Area, Case, case};

/// Cases by area; an area is a snapshot.
pub const AREAS: &[Area] =
    &[("posting", POSTING), ("change", CHANGE), ("read", READ), ("minimums", MINIMUMS)];

/// What a batch of the engine loads, locks and writes.
const POSTING: &[Case] = &[
    case("answers given already", ("FIND", "services_idempotency_keys"), "null, null"),
    case("orders", ("LOCK", "services_orders o"), "null, null, null, null"),
    case("their lines", ("LINES_WITH_ITEMS", "services_order_lines"), "null, null, null, null"),
    case("levels", ("LOCK", "services_stock s"), "null, null, null, null, null, null"),
    case("how far they were adjusted", ("ADJUSTED", "services_stock_movements m"), "null, null"),
    case("new figures", ("UPDATE", "services_stock s"), "null, null, null, null, null, null"),
    case("new levels", ("INSERT", "into services_stock "), "null, null, null, null, null, null"),
    case(
        "movements",
        ("INSERT", "into services_stock_movements"),
        "null, null, null, null, null, null, null, null, null, null, null, null, null",
    ),
    case("movements to undo", ("UNDONE", "services_stock_movements m"), "'{20}', '{7}', '{1000}'"),
    case("what there still is at a branch", ("OF_BRANCH", "services_stock"), "20"),
    case("what there still is of an item", ("OF_ITEM", "services_stock"), "7, null"),
    case(
        "where orders stand",
        ("UPDATE_STATUS", "services_orders o"),
        "null, null, null, null, null, null, null, null",
    ),
    case(
        "audit entries and events",
        ("INSERT", "into services_audit_logs"),
        "null, null, null, null, null, null, null, null, null, null",
    ),
    case("drafts", ("INSERT_ORDERS", "into services_orders"), "null, null, null, null, null, null, null"),
    case("orders that have references", ("HOLDERS", "services_orders o"), "null, null"),
    case(
        "lines of drafts",
        ("INSERT_ORDERS_LINES", "into services_order_lines"),
        "null, null, null, null, null",
    ),
    case("answers", ("INSERT", "into services_idempotency_keys"), "null, null, null, null, null, null, null"),
];

/// What a change of a draft writes, and what a deletion asks.
const CHANGE: &[Case] = &[
    case("a draft's words", ("UPDATE_DRAFT", "services_orders"), "null, null, null, null"),
    case("a draft's lines away", ("DELETE_LINES", "services_order_lines"), "null, null"),
    case("a draft's new lines", ("INSERT_LINES", "services_order_lines"), "null, null, null, null"),
    case("a draft away", ("DELETE", "services_orders"), "null, null"),
    case("an item in use", ("IS_USED", "services_stock"), "null"),
];

/// What the worker does to bring the items' minimums to their levels.
const MINIMUMS: &[Case] = &[
    case("items to bring", ("LOCK_ITEMS", "services_stock s"), "null"),
    case("levels brought to", ("BRING", "services_stock s"), "null"),
];

/// What is read by plans that are kept.
const READ: &[Case] = &[
    case("an order with its lines", ("GET", "services_orders"), "null, null"),
    case("orders with their lines", ("GET_MANY", "services_orders"), "null, null"),
    case("a page of the levels of a branch", ("LIST_OF_BRANCH", "services_stock s"), "20, 0, 51"),
    case("the same with names", ("SUMMARY_OF_BRANCH", "services_stock s"), "20, 0, 51"),
    case("lines of a page of orders", ("LINES", "any($1)"), "null"),
    case(
        "how much moved in an hour",
        ("MOVED", "services_stock_movements m"),
        "'2026-02-01', '2026-02-01 01:00'",
    ),
];

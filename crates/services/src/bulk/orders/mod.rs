//! Orders in files: one order line a line, orders known by branch and reference, or by number and time.

mod opening;
mod post;
pub(super) mod read;

use super::table::Column;

pub(super) use post::write;
pub(super) use read::stage;

pub(super) const COLUMNS: &[Column] = &[
    Column { name: "number", required: false },
    Column { name: "reference", required: false },
    Column { name: "branch", required: true },
    Column { name: "sku", required: true },
    Column { name: "requested_qty", required: true },
    Column { name: "status", required: true },
    Column { name: "note", required: false },
    Column { name: "created_at", required: false },
    Column { name: "submitted_at", required: false },
    Column { name: "fulfilled_at", required: false },
    Column { name: "cancelled_at", required: false },
    Column { name: "as_is", required: false },
];

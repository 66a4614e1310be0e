//! The wire contract, v1: what requests and answers look like, for the services, their clients and their documents.
//!
//! `XIn` is what a client sends, `XOut` what it gets. Unknown fields in a request are refused.

pub mod audit;
pub mod batch;
pub mod branch;
pub mod health;
pub mod item;
pub mod order;
pub mod page;
pub mod problem;
pub mod quantity;
pub mod remaining;
pub mod report;
pub mod stock;
pub mod token;

pub use audit::{AuditFilter, AuditOut, AuditSealOut};
pub use batch::{ItemBatchIn, ItemBatchOut, ItemResultOut, StockBatchIn, StockBatchOut, StockResultOut};
pub use branch::{BranchIn, BranchOut};
pub use item::{ItemIn, ItemOut};
pub use order::{
    ElsewhereOut, FulfillIn, LineIn, LineItemOut, LineOut, OrderContentIn, OrderIn, OrderOut, OrderStatusWord,
};
pub use page::Cursor;
pub use problem::{FieldError, Problem, ProblemKind, ShortLine};
pub use remaining::RemainingOut;
pub use report::{
    DailyOut, DayCounts, DayOut, HeatBranchOut, HeatBy, HeatCellOut, HeatItemOut, HeatMapOut, HistoryDayOut,
    HistoryOut, MoverOut, MoversOut, OrderCounts, OverviewOut,
};
pub use stock::{
    MovementOut, SetStockIn, StockAsOfOut, StockChangeOut, StockOut, StockSort, StockSummaryOut,
};

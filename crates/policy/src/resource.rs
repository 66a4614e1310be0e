//! What a question is about.

use std::fmt;

use domain::order::OrderStatus;
use domain::{BranchId, OrderId, Quantity, StockKey};

/// What a caller wants to do something with, and what policies may want to know of it.
#[derive(Debug, Clone, Copy)]
pub enum Resource<'a> {
    /// What belongs to no one branch.
    Company,
    /// A branch, or what is to be at it.
    Branch(BranchId),
    /// One item's stock at one branch.
    Stock {
        /// Whose stock.
        key: StockKey,
        /// How far what is on hand would move; below zero for less.
        change: Quantity,
        /// How far adjustments of the last 24 hours moved it, ups and downs added, without this one.
        earlier: Quantity,
    },
    /// An order.
    Order(OrderFacts<'a>),
}

/// What policies may know of an order.
#[derive(Debug, Clone, Copy)]
pub struct OrderFacts<'a> {
    /// Its id; `None` for one that is only thought of.
    pub id: Option<OrderId>,
    /// Which branch it is for.
    pub branch: BranchId,
    /// Where it stands.
    pub status: OrderStatus,
    /// How many lines it has.
    pub lines: usize,
    /// The most that a line asks for.
    pub largest_line: Quantity,
    /// The id of the user or client that drafted it, where it was one.
    pub made_by: Option<&'a str>,
    /// The id of the user or client that submitted it, where it was one.
    pub submitted_by: Option<&'a str>,
}

impl Resource<'_> {
    /// The branch that it is at.
    pub fn branch(&self) -> Option<BranchId> {
        match self {
            Resource::Company => None,
            Resource::Branch(branch) => Some(*branch),
            Resource::Stock { key, .. } => Some(key.branch),
            Resource::Order(order) => Some(order.branch),
        }
    }
}

/// As the audit and the command line write it: `order:7`, `stock:3:12`, `branch:3`, `company`.
impl fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Resource::Company => f.write_str("company"),
            Resource::Branch(branch) => write!(f, "branch:{branch}"),
            Resource::Stock { key, .. } => write!(f, "stock:{}:{}", key.branch, key.item),
            Resource::Order(OrderFacts { id: Some(id), .. }) => write!(f, "order:{id}"),
            Resource::Order(_) => f.write_str("order"),
        }
    }
}

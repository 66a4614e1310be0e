//! Orders: the list, one order, drafting, and leading one through its life.

pub(crate) mod bulk;
pub(crate) mod draft;
pub(crate) mod list;
pub(crate) mod order;
pub(crate) mod paper;
pub(crate) mod suggest;
pub(crate) mod verb;

use std::collections::HashMap;

use client::{ClientError, ItemFilter, Paging};
use contract::page::MAX_LIMIT;
use contract::{ItemOut, OrderOut, OrderStatusWord};

use crate::http::on_behalf::Asking;

/// The colours of a state.
pub(crate) const fn badge(status: OrderStatusWord) -> &'static str {
    match status {
        OrderStatusWord::Draft => "bg-secondary-lt",
        OrderStatusWord::Submitted => "bg-blue-lt",
        OrderStatusWord::Fulfilled => "bg-green-lt",
        OrderStatusWord::Cancelled => "bg-orange-lt",
    }
}

/// The message that names a state.
pub(crate) const fn status_message(status: OrderStatusWord) -> &'static str {
    match status {
        OrderStatusWord::Draft => "state-draft",
        OrderStatusWord::Submitted => "state-submitted",
        OrderStatusWord::Fulfilled => "state-fulfilled",
        OrderStatusWord::Cancelled => "state-cancelled",
    }
}

/// The items of orders' lines, by id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Items(HashMap<i64, ItemOut>);

impl Items {
    /// Reads those of an order.
    pub(crate) async fn of(asking: &Asking, order: &OrderOut) -> Result<Items, ClientError> {
        let ids: Vec<i64> = order.lines.iter().map(|line| line.item_id).collect();
        Items::read(asking, ids).await
    }

    pub(crate) async fn read(asking: &Asking, mut ids: Vec<i64>) -> Result<Items, ClientError> {
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(usize::from(MAX_LIMIT));
        if ids.is_empty() {
            return Ok(Items::default());
        }
        let filter = ItemFilter { ids, ..ItemFilter::default() };
        let page = asking.services().list_items(asking.call(), &filter, Paging::first(MAX_LIMIT)).await?;
        Ok(Items(page.rows.into_iter().map(|item| (item.id, item)).collect()))
    }

    pub(crate) fn get(&self, id: &i64) -> Option<&ItemOut> {
        self.0.get(id)
    }

    /// An item's name; its number where it is not known.
    pub(crate) fn name(&self, id: &i64) -> String {
        self.get(id).map_or_else(|| format!("#{id}"), |item| item.name.clone())
    }

    pub(crate) fn sku(&self, id: &i64) -> &str {
        self.get(id).map_or("", |item| &item.sku)
    }

    pub(crate) fn unit(&self, id: &i64) -> &str {
        self.get(id).map_or("", |item| &item.unit)
    }
}

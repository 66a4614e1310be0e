//! Orders: the list, one order, drafting, and leading one through its life.

pub(crate) mod bulk;
pub(crate) mod draft;
pub(crate) mod file;
pub(crate) mod list;
pub(crate) mod order;
pub(crate) mod paper;
pub(crate) mod suggest;
pub(crate) mod verb;

use std::collections::HashMap;
use std::fmt;

use client::{ClientError, ItemFilter, Paging};
use contract::page::MAX_LIMIT;
use contract::{ItemOut, OrderOut, OrderStatusWord};

use crate::http::on_behalf::Asking;
use crate::pages::frame::Frame;

impl Frame {
    /// An order's state, as every page shows it.
    pub(crate) fn state(&self, status: &OrderStatusWord) -> State {
        let (colours, message) = match status {
            OrderStatusWord::Draft => ("bg-secondary-lt", "state-draft"),
            OrderStatusWord::Submitted => ("bg-blue-lt", "state-submitted"),
            OrderStatusWord::Fulfilled => ("bg-green-lt", "state-fulfilled"),
            OrderStatusWord::Cancelled => ("bg-orange-lt", "state-cancelled"),
        };
        State { colours, words: self.say(message) }
    }
}

/// A state in its colours.
#[derive(Debug)]
pub(crate) struct State {
    colours: &'static str,
    words: String,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"<span class="badge {}">{}</span>"#, self.colours, self.words)
    }
}

/// Its parts are words of our own.
impl askama::filters::HtmlSafe for State {}

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

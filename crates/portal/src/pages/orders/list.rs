//! The list of orders.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use client::{ClientError, OrderFilter, Page};
use contract::{OrderOut, OrderStatusWord};
use domain::BranchId;
use jiff::civil::Date;
use policy::{Action, Resource};
use serde::{Deserialize, Serialize};

use super::order::verbs;
use super::verb::Verb;
use crate::directory::Directory;
use crate::http::on_behalf::{Asking, OnBehalf};
use crate::pages::frame::{Frame, Section};
use crate::pages::query::{Asked, Listed, address, bounds, lenient, paging, trimmed};
use crate::pages::{Trouble, page};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct OrdersQuery {
    /// One of [`STATES`].
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub(super) branch: Option<i64>,
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// Drafted on this day or later, by the branch's calendar.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    from: Option<Date>,
    /// Drafted on this day or before.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    to: Option<Date>,
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// The tabs, by word and message.
const STATES: [(&str, &str); 6] = [
    ("", "orders-all"),
    ("draft", "state-draft"),
    ("submitted", "state-submitted"),
    ("short", "orders-short"),
    ("fulfilled", "state-fulfilled"),
    ("cancelled", "state-cancelled"),
];

impl OrdersQuery {
    pub(super) fn filter(&self, directory: &Directory) -> OrderFilter {
        let status = match self.state.as_deref() {
            Some("draft") => Some(OrderStatusWord::Draft),
            Some("submitted") => Some(OrderStatusWord::Submitted),
            Some("fulfilled") => Some(OrderStatusWord::Fulfilled),
            Some("cancelled") => Some(OrderStatusWord::Cancelled),
            _ => None,
        };
        let (created_from, created_to) = bounds(self.from, self.to, directory.zone_of(&self.branch));
        OrderFilter {
            branch_id: self.branch,
            status,
            reference: self.reference.clone(),
            created_from,
            created_to,
            asking_for: None,
            short: self.state.as_deref() == Some("short"),
        }
    }
}

/// What the services say.
struct Shown {
    directory: Directory,
    orders: Page<OrderOut>,
}

impl Listed for OrdersQuery {
    const PATH: &'static str = "/orders/";

    fn cursor(&mut self) -> &mut Option<String> {
        &mut self.cursor
    }
}

#[derive(Template)]
#[template(path = "orders/list.html")]
struct OrdersPage {
    frame: Frame,
    query: OrdersQuery,
    shown: Option<Arc<Shown>>,
    may_draft: bool,
    /// What may be done with each of the orders.
    verbs: HashMap<i64, Vec<Verb>>,
}

pub(crate) async fn get(visitor: OnBehalf, Asked(query): Asked<OrdersQuery>) -> Result<Response, Trouble> {
    let mut visitor = visitor.within(Section::Orders);
    let shown = visitor.known(ask(visitor.asking(), &query)).await?;
    let may_draft = shown.as_ref().is_some_and(|shown| {
        let may = |id| visitor.may(Action::DraftOrders, Resource::Branch(BranchId(id)));
        shown.directory.active().any(|branch| may(branch.id))
    });
    let orders = shown.iter().flat_map(|shown| &shown.orders.rows);
    let verbs = orders.map(|order| (order.id, verbs(&visitor, order))).collect();
    let frame = visitor.frame;
    Ok(page(StatusCode::OK, &OrdersPage { frame, query, shown, may_draft, verbs }))
}

async fn ask(asking: Asking, query: &OrdersQuery) -> Result<Shown, ClientError> {
    let directory = Directory::read(&asking).await?;
    let filter = query.filter(&directory);
    let paging = paging(query.cursor.as_deref());
    let orders = asking.services().list_orders(asking.call(), &filter, paging).await?;
    Ok(Shown { directory, orders })
}

impl OrdersPage {
    fn states(&self) -> [(&'static str, &'static str); 6] {
        STATES
    }

    fn is_state(&self, word: &str) -> bool {
        self.query.state.as_deref().unwrap_or_default() == word
    }

    /// The list of a state, with the other filters as they are.
    fn tab(&self, word: &str) -> String {
        let state = Some(word.to_owned()).filter(|word| !word.is_empty());
        address("/orders/", &OrdersQuery { state, cursor: None, ..self.query.clone() })
    }

    fn day(&self, day: &Option<Date>) -> String {
        day.map(|day| day.to_string()).unwrap_or_default()
    }

    /// The address of the whole list as a file.
    fn file(&self, ending: &str) -> String {
        address(&format!("/orders/{ending}"), &OrdersQuery { cursor: None, ..self.query.clone() })
    }

    /// What can be done with several orders at once, where it can be done with one of those shown.
    fn bulk(&self) -> Vec<Verb> {
        let offered = |verb: &Verb| self.verbs.values().any(|verbs| verbs.contains(verb));
        [Verb::Submit, Verb::Fulfill].into_iter().filter(offered).collect()
    }

    /// Whether the order can be among them.
    fn is_leadable(&self, order: &OrderOut) -> bool {
        let verbs = self.verbs.get(&order.id).into_iter().flatten();
        verbs.into_iter().any(|verb| *verb != Verb::Cancel)
    }
}

//! The list of orders.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use client::{ClientError, OrderFilter, Page};
use contract::{OrderOut, OrderStatusWord};
use domain::BranchId;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use policy::{Action, Resource};
use serde::{Deserialize, Serialize};

use super::{badge, status_message};
use crate::directory::Directory;
use crate::http::on_behalf::{Asking, OnBehalf};
use crate::pages::frame::{Frame, Section};
use crate::pages::query::{Asked, address, lenient, paging, trimmed};
use crate::pages::{Trouble, page};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct OrdersQuery {
    /// One of [`STATES`].
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    branch: Option<i64>,
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
    fn filter(&self, directory: &Directory) -> OrderFilter {
        let status = match self.state.as_deref() {
            Some("draft") => Some(OrderStatusWord::Draft),
            Some("submitted") => Some(OrderStatusWord::Submitted),
            Some("fulfilled") => Some(OrderStatusWord::Fulfilled),
            Some("cancelled") => Some(OrderStatusWord::Cancelled),
            _ => None,
        };
        // Of several branches the days are UTC's.
        let zone = self.branch.map_or("UTC", |branch| directory.zone(&branch));
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let start = |day: Date| Some(day.to_zoned(zone.clone()).ok()?.timestamp());
        OrderFilter {
            branch_id: self.branch,
            status,
            reference: self.reference.clone(),
            created_from: self.from.and_then(start),
            created_to: self.to.and_then(|day| day.tomorrow().ok()).and_then(start),
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

#[derive(Template)]
#[template(path = "orders/list.html")]
struct OrdersPage {
    frame: Frame,
    query: OrdersQuery,
    shown: Option<Arc<Shown>>,
    may_draft: bool,
    may_submit: bool,
    may_fulfill: bool,
}

pub(crate) async fn get(visitor: OnBehalf, Asked(query): Asked<OrdersQuery>) -> Result<Response, Trouble> {
    let mut visitor = visitor.within(Section::Orders);
    let shown = visitor.known(ask(visitor.asking(), &query)).await?;
    let branches = shown.iter().flat_map(|shown| shown.directory.active());
    let branches: Vec<BranchId> = branches.map(|branch| BranchId(branch.id)).collect();
    // Offered where it may be done somewhere; each order is decided by itself.
    let somewhere = |action| branches.iter().any(|branch| visitor.may(action, Resource::Branch(*branch)));
    let may_draft = somewhere(Action::DraftOrders);
    let roles = &visitor.user.roles;
    let leads = roles.iter().any(|role| matches!(role, identity::Role::Admin | identity::Role::Manager));
    let frame = visitor.frame;
    let answer = OrdersPage { frame, query, shown, may_draft, may_submit: leads, may_fulfill: leads };
    Ok(page(StatusCode::OK, &answer))
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

    fn is_at(&self, branch: &i64) -> bool {
        self.query.branch == Some(*branch)
    }

    fn day(&self, day: &Option<Date>) -> String {
        day.map(|day| day.to_string()).unwrap_or_default()
    }

    fn at(&self, cursor: Option<String>) -> String {
        address("/orders/", &OrdersQuery { cursor, ..self.query.clone() })
    }

    fn next(&self, orders: &Page<OrderOut>) -> Option<String> {
        Some(self.at(Some(orders.next?.to_string())))
    }

    fn first(&self) -> Option<String> {
        self.query.cursor.as_ref().map(|_| self.at(None))
    }

    fn badge(&self, order: &OrderOut) -> &'static str {
        badge(order.status)
    }

    fn status(&self, order: &OrderOut) -> String {
        self.frame.say(status_message(order.status))
    }

    /// Whether something can be done with several of what is shown.
    fn has_open(&self, orders: &Page<OrderOut>) -> bool {
        self.may_submit && orders.rows.iter().any(|order| self.is_open(order))
    }

    fn is_open(&self, order: &OrderOut) -> bool {
        matches!(order.status, OrderStatusWord::Draft | OrderStatusWord::Submitted)
    }
}

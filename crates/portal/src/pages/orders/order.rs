//! One order.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use client::{ClientError, Paging};
use contract::{ElsewhereOut, LineOut, OrderOut, OrderStatusWord};
use domain::{BranchId, OrderId, Quantity};
use policy::{Action, OrderFacts, Resource};

use super::Items;
use super::verb::Verb;
use crate::directory::Directory;
use crate::http::on_behalf::{Asking, OnBehalf};
use crate::pages::frame::{Frame, Section};
use crate::pages::{Trouble, page};

/// How many other branches are named for what is short.
const ELSEWHERE: u16 = 100;

/// What the services say of an order.
pub(crate) struct Shown {
    pub order: OrderOut,
    pub items: Items,
    pub directory: Directory,
    /// Where else there is some of what it is short of.
    pub elsewhere: Vec<ElsewhereOut>,
}

#[derive(Template)]
#[template(path = "orders/order.html")]
struct OrderPage {
    frame: Frame,
    shown: Option<Arc<Shown>>,
    verbs: Vec<Verb>,
    may_edit: bool,
    may_view_audit: bool,
}

pub(crate) async fn get(visitor: OnBehalf, Path(id): Path<i64>) -> Result<Response, Trouble> {
    let mut visitor = visitor.within(Section::Orders);
    let shown = visitor.known(ask(visitor.asking(), id)).await?;
    let order = shown.as_ref().map(|shown| &shown.order);
    let verbs = order.map_or_else(Vec::new, |order| verbs(&visitor, order));
    let may_edit = order.is_some_and(|order| {
        order.status == OrderStatusWord::Draft && may(&visitor, Action::DraftOrders, order)
    });
    let may_view_audit = visitor.may(Action::ViewAudit, Resource::Company);
    Ok(page(StatusCode::OK, &OrderPage { frame: visitor.frame, shown, verbs, may_edit, may_view_audit }))
}

/// Reads an order with what is needed to show it.
pub(crate) async fn ask(asking: Asking, id: i64) -> Result<Shown, ClientError> {
    let (services, call) = (asking.services(), asking.call());
    let (read, directory) = tokio::try_join!(services.get_order(call, id), Directory::read(&asking))?;
    let is_open = matches!(read.value.status, OrderStatusWord::Draft | OrderStatusWord::Submitted);
    let elsewhere = async {
        if !is_open {
            return Ok(Vec::new());
        }
        Ok(services.order_elsewhere(call, id, Paging::first(ELSEWHERE)).await?.rows)
    };
    let (items, elsewhere) = tokio::try_join!(Items::of(&asking, &read.value), elsewhere)?;
    Ok(Shown { order: read.value, items, directory, elsewhere })
}

/// Whether the services would let the user do it with an order.
pub(crate) fn may(visitor: &OnBehalf, action: Action, order: &OrderOut) -> bool {
    known_to_policies(visitor, order, |order| visitor.may(action, order))
}

/// The same for a page whose form does one of these with an order: [`OnBehalf::must`].
pub(crate) fn must(visitor: &OnBehalf, actions: &[Action], order: &OrderOut) -> Result<(), Trouble> {
    known_to_policies(visitor, order, |order| visitor.must(actions, order))
}

/// What policies know of an order.
fn known_to_policies<T>(visitor: &OnBehalf, order: &OrderOut, ask: impl FnOnce(Resource<'_>) -> T) -> T {
    let largest_line = order.lines.iter().map(|line| line.requested_qty).max().unwrap_or(Quantity::ZERO);
    let own = visitor.user.id.to_string();
    let facts = OrderFacts {
        id: Some(OrderId(order.id)),
        branch: BranchId(order.branch_id),
        status: order.status.into(),
        lines: order.lines.len(),
        largest_line,
        // The wire has the maker's name alone.
        made_by: (order.created_by == visitor.user.username).then_some(own.as_str()),
        submitted_by: None,
    };
    ask(Resource::Order(facts))
}

/// What may be done with an order as it stands.
pub(crate) fn verbs(visitor: &OnBehalf, order: &OrderOut) -> Vec<Verb> {
    let allowed = |verb: &Verb| verb.actions().iter().any(|action| may(visitor, *action, order));
    Verb::of(order.status).iter().copied().filter(allowed).collect()
}

impl OrderPage {
    /// Whether it leads the order on, and first among what may be done.
    fn is_next(&self, verb: &Verb) -> bool {
        self.verbs.first() == Some(verb) && *verb != Verb::Cancel
    }

    /// The steps of its life, with when each was.
    fn steps(&self, shown: &Shown) -> Vec<(String, String)> {
        let Shown { order, directory, .. } = shown;
        let zone = directory.zone(&order.branch_id);
        let steps = [
            ("drafted-at", Some(order.created_at)),
            ("submitted-at", order.submitted_at),
            ("fulfilled-at", order.fulfilled_at),
            ("cancelled-at", order.cancelled_at),
        ];
        let step = |(message, at): (&str, Option<jiff::Timestamp>)| {
            Some((self.frame.say(message), self.frame.time(&at?, zone)))
        };
        steps.into_iter().filter_map(step).collect()
    }

    /// Where else there is some for a line that is short.
    fn elsewhere<'a>(&self, shown: &'a Shown, line: &LineOut) -> Vec<&'a ElsewhereOut> {
        shown.elsewhere.iter().filter(|other| other.item_id == line.item_id).collect()
    }
}

//! Submitting, fulfilling and cancelling an order: first what will happen is spelled out, then it is done.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use client::{ClientError, Key, Versioned};
use contract::{FulfillIn, LineOut, OrderOut, OrderStatusWord, ShortLine, StockSummaryOut};
use domain::Quantity;
use policy::Action;
use serde::Deserialize;

use super::order::{Shown, ask, may, must};
use crate::http::forms::CheckedForm;
use crate::http::on_behalf::{Asking, OnBehalf};
use crate::pages::frame::{Frame, Section};
use crate::pages::refusal::Refusal;
use crate::pages::{Trouble, page};

/// What is done with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Submit,
    Fulfill,
    Cancel,
}

impl Verb {
    /// What can be done in a state, the next step first.
    pub(crate) const fn of(status: OrderStatusWord) -> &'static [Verb] {
        match status {
            OrderStatusWord::Draft => &[Verb::Submit, Verb::Fulfill, Verb::Cancel],
            OrderStatusWord::Submitted => &[Verb::Fulfill, Verb::Cancel],
            OrderStatusWord::Fulfilled | OrderStatusWord::Cancelled => &[],
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Verb> {
        [Verb::Submit, Verb::Fulfill, Verb::Cancel].into_iter().find(|verb| verb.word() == word)
    }

    /// As addresses have it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Verb::Submit => "submit",
            Verb::Fulfill => "fulfill",
            Verb::Cancel => "cancel",
        }
    }

    /// The message that names it.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Verb::Submit => "order-submit",
            Verb::Fulfill => "order-fulfill",
            Verb::Cancel => "order-cancel",
        }
    }

    /// The message that says what will happen.
    const fn effect(self) -> &'static str {
        match self {
            Verb::Submit => "order-submit-effect",
            Verb::Fulfill => "order-fulfill-effect",
            Verb::Cancel => "order-cancel-effect",
        }
    }

    pub(crate) const fn icon(self) -> &'static str {
        match self {
            Verb::Submit => "send",
            Verb::Fulfill => "truck-delivery",
            Verb::Cancel => "ban",
        }
    }

    /// The actions of which one must be allowed.
    pub(crate) const fn actions(self) -> &'static [Action] {
        match self {
            Verb::Submit => &[Action::SubmitOrders],
            Verb::Fulfill => &[Action::FulfillOrders],
            Verb::Cancel => &[Action::CancelOrders, Action::CancelOwnDrafts],
        }
    }

    /// Asks the services to do it.
    pub(crate) async fn ask(
        self,
        asking: &Asking,
        key: &Key,
        id: i64,
        how: FulfillIn,
    ) -> Result<Versioned<OrderOut>, ClientError> {
        let (services, call) = (asking.services(), asking.call());
        match self {
            Verb::Submit => services.submit_order(call, key, id).await,
            Verb::Fulfill => services.fulfill_order(call, key, id, how).await,
            Verb::Cancel => services.cancel_order(call, key, id).await,
        }
    }
}

/// More lines than these are shown without what is on hand for each.
const LEVELS: usize = 40;

/// An order with what is on hand of its items.
struct Before {
    shown: Shown,
    levels: Vec<StockSummaryOut>,
}

#[derive(Template)]
#[template(path = "orders/verb.html")]
struct VerbPage {
    frame: Frame,
    verb: Verb,
    before: Option<Arc<Before>>,
    refusal: Option<Refusal>,
    key: String,
    may_override: bool,
}

pub(crate) async fn get(
    visitor: OnBehalf,
    Path((id, verb)): Path<(i64, String)>,
) -> Result<Response, Trouble> {
    let verb = Verb::parse(&verb).ok_or(Trouble::NoSuchPage)?;
    let mut visitor = visitor.within(Section::Orders);
    let before = visitor.known(before(visitor.asking(), id)).await?;
    if let Some(before) = &before {
        must(&visitor, verb.actions(), &before.shown.order)?;
    }
    let key = visitor.frame.key();
    Ok(page(StatusCode::OK, &VerbPage::new(visitor, verb, before, None, key)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct VerbForm {
    key: String,
    override_negative: Option<String>,
}

pub(crate) async fn post(
    visitor: OnBehalf,
    Path((id, verb)): Path<(i64, String)>,
    CheckedForm(form): CheckedForm<VerbForm>,
) -> Result<Response, Trouble> {
    let verb = Verb::parse(&verb).ok_or(Trouble::NoSuchPage)?;
    let mut visitor = visitor.within(Section::Orders);
    let key = Key::kept(&form.key);
    let how = FulfillIn { override_negative: form.override_negative.is_some() };
    let asking = visitor.asking();
    match visitor.made(verb.ask(&asking, &key, id, how)).await? {
        Ok(_) => Ok(Redirect::to(&format!("/orders/{id}/?done={}", done(verb))).into_response()),
        Err(refusal) => {
            let before = visitor.known(before(visitor.asking(), id)).await?;
            let (status, key) = (refusal.status, refusal.key(&key));
            Ok(page(status, &VerbPage::new(visitor, verb, before, Some(refusal), key)))
        }
    }
}

/// The word of the message that tells that it was done.
const fn done(verb: Verb) -> &'static str {
    match verb {
        Verb::Submit => "order-submitted",
        Verb::Fulfill => "order-fulfilled",
        Verb::Cancel => "order-cancelled",
    }
}

async fn before(asking: Asking, id: i64) -> Result<Before, ClientError> {
    let shown = ask(asking.clone(), id).await?;
    let mut levels = Vec::new();
    if shown.order.lines.len() <= LEVELS {
        for line in &shown.order.lines {
            levels.extend(asking.level(shown.order.branch_id, line.item_id).await?);
        }
    }
    Ok(Before { shown, levels })
}

impl VerbPage {
    fn new(
        visitor: OnBehalf,
        verb: Verb,
        before: Option<Arc<Before>>,
        refusal: Option<Refusal>,
        key: String,
    ) -> VerbPage {
        let order = before.as_ref().map(|before| &before.shown.order);
        let may = |order| may(&visitor, Action::OverrideNegative, order);
        let may_override = verb == Verb::Fulfill && order.is_some_and(may);
        VerbPage { frame: visitor.frame, verb, before, refusal, key, may_override }
    }

    fn effect(&self) -> String {
        self.frame.say(self.verb.effect())
    }

    /// Whether the order can still be led there.
    fn can_be(&self, order: &OrderOut) -> bool {
        Verb::of(order.status).contains(&self.verb)
    }

    fn level<'a>(&self, before: &'a Before, line: &LineOut) -> Option<&'a StockSummaryOut> {
        before.levels.iter().find(|level| level.item_id == line.item_id)
    }

    fn on_hand(&self, before: &Before, line: &LineOut) -> String {
        let level = self.level(before, line).map_or(Quantity::ZERO, |level| level.quantity);
        self.frame.quantity(&level)
    }

    fn available(&self, before: &Before, line: &LineOut) -> String {
        let level = self.level(before, line).map_or(Quantity::ZERO, |level| level.available);
        self.frame.quantity(&level)
    }

    /// What is left on hand of a line's item when the order is fulfilled.
    fn left(&self, before: &Before, line: &LineOut) -> String {
        let level = self.level(before, line).map_or(Quantity::ZERO, |level| level.quantity);
        self.frame.quantity(&level.checked_sub(line.requested_qty).unwrap_or(level))
    }

    /// Which line the services found short.
    fn short(&self, line: &LineOut) -> Option<&ShortLine> {
        self.refusal.as_ref()?.short_lines().iter().find(|short| short.item_id == line.item_id)
    }

    fn is_fulfilling(&self) -> bool {
        self.verb == Verb::Fulfill
    }
}

//! Setting right what is on hand, and undoing it by a movement against it.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use client::{ClientError, Key, MovementFilter, Paging};
use contract::{BranchOut, ItemOut, MovementOut, ProblemKind, SetStockIn, StockSummaryOut};
use domain::{BranchId, ItemId, Quantity, StockKey};
use policy::{Action, Resource};
use serde::Deserialize;

use crate::http::forms::CheckedForm;
use crate::http::local_path::local_path;
use crate::http::on_behalf::{Asking, OnBehalf};
use crate::pages::frame::{Frame, Section};
use crate::pages::refusal::Refusal;
use crate::pages::{Trouble, page};

/// What the form is about.
struct Shown {
    branch: BranchOut,
    item: ItemOut,
    level: Option<StockSummaryOut>,
}

#[derive(Template)]
#[template(path = "stock/adjust.html")]
struct AdjustPage {
    frame: Frame,
    shown: Option<Arc<Shown>>,
    form: AdjustForm,
    refusal: Option<Refusal>,
    may_override: bool,
}

/// The form, as it was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AdjustForm {
    quantity: String,
    reason: String,
    override_negative: Option<String>,
    key: String,
    /// The list that it was set from, to go back to.
    next: String,
}

pub(crate) async fn get(
    visitor: OnBehalf,
    Path((branch, item)): Path<(i64, i64)>,
) -> Result<Response, Trouble> {
    let mut visitor = visitor.within(Section::Stock);
    let shown = visitor.known(ask(visitor.asking(), branch, item)).await?;
    let key = StockKey { branch: BranchId(branch), item: ItemId(item) };
    let level = Resource::Stock { key, change: Quantity::ZERO, earlier: Quantity::ZERO };
    visitor.must(&[Action::AdjustStock], level)?;
    let form = AdjustForm { key: visitor.frame.key(), ..AdjustForm::default() };
    Ok(page(StatusCode::OK, &AdjustPage::new(visitor, shown, form, None)))
}

pub(crate) async fn post(
    visitor: OnBehalf,
    Path((branch, item)): Path<(i64, i64)>,
    CheckedForm(form): CheckedForm<AdjustForm>,
) -> Result<Response, Trouble> {
    let mut visitor = visitor.within(Section::Stock);
    let key = Key::kept(&form.key);
    let refusal = match visitor.frame.quantity_of(&form.quantity) {
        Ok(quantity) => {
            let reason = Some(form.reason.trim().to_owned()).filter(|reason| !reason.is_empty());
            let override_negative = form.override_negative.is_some();
            let count = SetStockIn {
                branch_id: branch,
                item_id: item,
                quantity: Some(quantity),
                reason,
                override_negative,
                ..SetStockIn::default()
            };
            let asking = visitor.asking();
            let from_list = !form.next.is_empty();
            let before = if from_list { newest(&asking, branch, item).await } else { None };
            match visitor.made(asking.services().set_stock(asking.call(), &key, &count)).await? {
                Ok(_) if from_list => {
                    let mine = |movement: &MovementOut| movement.actor == visitor.user.username;
                    let after = newest(&asking, branch, item).await.filter(mine);
                    let undo = after.filter(|after| before.is_none_or(|before| before.id != after.id));
                    return Ok(Redirect::to(&back(&form.next, branch, item, undo.as_ref())).into_response());
                }
                Ok(_) => {
                    let to = format!("/items/{item}/?branch={branch}&done=stock-adjusted");
                    return Ok(Redirect::to(&to).into_response());
                }
                Err(refusal) => refusal,
            }
        }
        Err(error) => Refusal::of_field("/quantity", &error.to_string(), &visitor.frame),
    };
    let shown = visitor.known(ask(visitor.asking(), branch, item)).await?;
    let form = AdjustForm { key: refusal.key(&key), ..form };
    Ok(page(refusal.status, &AdjustPage::new(visitor, shown, form, Some(refusal))))
}

/// The last movement of a level, where it can be had; it only helps.
async fn newest(asking: &Asking, branch: i64, item: i64) -> Option<MovementOut> {
    let level = MovementFilter { branch_id: Some(branch), item_id: Some(item), ..MovementFilter::default() };
    let page = asking.services().list_movements(asking.call(), &level, Paging::first(1)).await.ok()?;
    page.rows.into_iter().next()
}

/// The list that a level was set from, with what to tell and the movement that can be undone.
fn back(list: &str, branch: i64, item: i64, movement: Option<&MovementOut>) -> String {
    let list = local_path(list);
    let more = if list.contains('?') { '&' } else { '?' };
    let undo = movement.filter(|movement| can_be_undone(movement));
    let undo = undo.map(|movement| format!("undo={branch}-{item}-{}&", movement.id)).unwrap_or_default();
    format!("{list}{more}{undo}done=stock-set")
}

#[derive(Debug, Deserialize)]
pub(crate) struct UndoForm {
    #[serde(default)]
    key: String,
}

/// Takes back what a movement by hand took or brought, by a movement against it. The services see to it that this happens
/// once, whoever else undoes it at the same moment.
pub(crate) async fn undo(
    visitor: OnBehalf,
    Path((branch, item, movement)): Path<(i64, i64, i64)>,
    CheckedForm(form): CheckedForm<UndoForm>,
) -> Result<Response, Trouble> {
    let (asking, key) = (visitor.asking(), Key::kept(&form.key));
    let count = SetStockIn {
        branch_id: branch,
        item_id: item,
        undoes: Some(movement),
        reason: Some(visitor.frame.about("undo-reason", "number", movement)),
        ..SetStockIn::default()
    };
    let told = match visitor.made(asking.services().set_stock(asking.call(), &key, &count)).await? {
        Ok(_) => "done=stock-undone",
        // There is no such movement to undo.
        Err(refusal) if refusal.field("/undoes").is_some() => return Err(Trouble::NoSuchPage),
        Err(refusal) => match refusal.kind() {
            Some(ProblemKind::NotFound) => return Err(Trouble::NoSuchPage),
            Some(ProblemKind::Forbidden) => return Err(Trouble::NotAllowed),
            Some(ProblemKind::OutcomeUnknown) => "not-done=undo-unknown",
            Some(ProblemKind::UndoneBefore) => "not-done=undone-before",
            Some(ProblemKind::Inactive) => "not-done=undo-inactive",
            _ if refusal.is_away() => return Err(Trouble::Away),
            _ => "not-done=undo-refused",
        },
    };
    Ok(Redirect::to(&format!("/items/{item}/?branch={branch}&{told}#ledger")).into_response())
}

/// Only what was set by hand, and once: what an order took goes back by other ways.
pub(crate) fn can_be_undone(movement: &MovementOut) -> bool {
    movement.document_type == "adjustment" && movement.reversed_by.is_none()
}

async fn ask(asking: Asking, branch: i64, item: i64) -> Result<Shown, ClientError> {
    let (services, call) = (asking.services(), asking.call());
    let (branch, item, level) = tokio::try_join!(
        services.get_branch(call, branch),
        services.get_item(call, item),
        asking.level(branch, item),
    )?;
    Ok(Shown { branch: branch.value, item: item.value, level })
}

impl AdjustPage {
    fn new(
        visitor: OnBehalf,
        shown: Option<Arc<Shown>>,
        form: AdjustForm,
        refusal: Option<Refusal>,
    ) -> AdjustPage {
        let may_override = shown.as_ref().is_some_and(|shown| {
            let key = StockKey { branch: BranchId(shown.branch.id), item: ItemId(shown.item.id) };
            visitor.may(
                Action::OverrideNegative,
                Resource::Stock { key, change: Quantity::ZERO, earlier: Quantity::ZERO },
            )
        });
        AdjustPage { frame: visitor.frame, shown, form, refusal, may_override }
    }

    fn on_hand(&self, shown: &Shown) -> String {
        self.frame.quantity(&shown.level.as_ref().map_or(Quantity::ZERO, |level| level.quantity))
    }

    fn reserved(&self, shown: &Shown) -> String {
        self.frame.quantity(&shown.level.as_ref().map_or(Quantity::ZERO, |level| level.reserved))
    }

    fn error(&self, pointer: &str) -> Option<&str> {
        self.refusal.as_ref()?.field(pointer)
    }
}

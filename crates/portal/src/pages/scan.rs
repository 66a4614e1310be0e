//! Scanning on a phone: a barcode is read by the camera or by a scanner that types; the item is shown as one's branch has
//! it, and is counted, adjusted or picked with two taps.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use client::{ClientError, Key, OrderFilter, Paging};
use contract::{ItemOut, OrderOut, OrderStatusWord, ProblemKind, SetStockIn, StockSummaryOut};
use domain::{BranchId, ItemId, Quantity, QuantityError, StockKey};
use policy::{Action, Resource};
use serde::{Deserialize, Serialize};

use super::frame::{Frame, Section};
use super::items::of_code;
use super::query::{Asked, address, lenient, trimmed};
use super::refusal::Refusal;
use super::{Trouble, page};
use crate::directory::Directory;
use crate::http::forms::CheckedForm;
use crate::http::on_behalf::{Asking, OnBehalf};

/// How many open orders that wait for the item are shown.
const ORDERS: u16 = 5;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ScanQuery {
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    branch: Option<i64>,
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// The act of a scan, as it was chosen last: see [`How`].
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    how: Option<String>,
    /// The code that was shown, for who chooses another branch.
    #[serde(deserialize_with = "trimmed", skip_serializing)]
    shown: Option<String>,
}

/// The act of a scan. None is chosen at first: Enter on a keyboard would do it unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// Sets what is on hand.
    Count,
    /// Adds to it.
    Add,
    /// Takes from it.
    Take,
}

impl How {
    const ALL: [How; 3] = [How::Count, How::Add, How::Take];

    /// As forms and addresses have it.
    const fn word(self) -> &'static str {
        match self {
            How::Count => "count",
            How::Add => "in",
            How::Take => "out",
        }
    }

    fn parse(word: &str) -> Option<How> {
        How::ALL.into_iter().find(|how| how.word() == word)
    }

    /// The message that names it.
    const fn message(self) -> &'static str {
        match self {
            How::Count => "scan-count",
            How::Add => "scan-in",
            How::Take => "scan-out",
        }
    }

    /// The message that is the reason in the ledger.
    const fn reason(self) -> &'static str {
        match self {
            How::Count => "reason-count",
            How::Add => "scan-in-reason",
            How::Take => "scan-out-reason",
        }
    }

    const fn icon(self) -> &'static str {
        match self {
            How::Count => "check",
            How::Add => "plus",
            How::Take => "minus",
        }
    }
}

/// What the services say.
struct Shown {
    directory: Directory,
    /// The branch that is scanned at.
    branch: Option<i64>,
    item: Option<ItemOut>,
    level: Option<StockSummaryOut>,
    orders: Vec<OrderOut>,
}

#[derive(Template)]
#[template(path = "scan.html")]
struct ScanPage {
    frame: Frame,
    query: ScanQuery,
    shown: Option<Arc<Shown>>,
    may_adjust: bool,
    /// The quantity, as it was typed.
    typed: String,
    refusal: Option<Refusal>,
}

pub(crate) async fn get(visitor: OnBehalf, Asked(query): Asked<ScanQuery>) -> Result<Response, Trouble> {
    let ScanQuery { code, shown, .. } = query.clone();
    let query = ScanQuery { code: code.or(shown), ..query };
    show(visitor.within(Section::Scan), query, String::new(), None).await
}

async fn show(
    mut visitor: OnBehalf,
    query: ScanQuery,
    typed: String,
    refusal: Option<Refusal>,
) -> Result<Response, Trouble> {
    let shown = visitor.known(ask(visitor.asking(), &query)).await?;
    let at = |shown: &Arc<Shown>| Some((BranchId(shown.branch?), ItemId(shown.item.as_ref()?.id)));
    let may_adjust = shown.as_ref().and_then(at).is_some_and(|(branch, item)| {
        let (key, change) = (StockKey { branch, item }, Quantity::ZERO);
        visitor.may(Action::AdjustStock, Resource::Stock { key, change, earlier: Quantity::ZERO })
    });
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| refusal.status);
    Ok(page(status, &ScanPage { frame: visitor.frame, query, shown, may_adjust, typed, refusal }))
}

async fn ask(asking: Asking, query: &ScanQuery) -> Result<Shown, ClientError> {
    let (services, call) = (asking.services(), asking.call());
    let directory = Directory::read(&asking).await?;
    let only = match directory.active().collect::<Vec<_>>().as_slice() {
        [only] => Some(only.id),
        _ => None,
    };
    let branch = query.branch.or(only);
    let item = match &query.code {
        Some(code) => of_code(&asking, code).await?,
        None => None,
    };
    let (mut level, mut orders) = (None, Vec::new());
    if let (Some(branch), Some(item)) = (branch, &item) {
        let (branch_id, item_id) = (Some(branch), Some(item.id));
        let waiting = OrderFilter {
            branch_id,
            asking_for: item_id,
            status: Some(OrderStatusWord::Submitted),
            ..OrderFilter::default()
        };
        let waiting = services.list_orders(call, &waiting, Paging::first(ORDERS));
        let waiting = tokio::try_join!(asking.level(branch, item.id), waiting)?;
        (level, orders) = (waiting.0, waiting.1.rows);
    }
    Ok(Shown { directory, branch, item, level, orders })
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ScanForm {
    branch: i64,
    item: i64,
    code: String,
    /// How many, as typed.
    quantity: String,
    /// The word of a [`How`].
    how: String,
    /// What was on hand when the page was made.
    before: String,
    key: String,
}

pub(crate) async fn post(
    visitor: OnBehalf,
    CheckedForm(form): CheckedForm<ScanForm>,
) -> Result<Response, Trouble> {
    let visitor = visitor.within(Section::Scan);
    let how = How::parse(&form.how);
    let query = ScanQuery {
        branch: Some(form.branch),
        code: Some(form.code.clone()),
        how: how.map(|how| how.word().to_owned()),
        shown: None,
    };
    let key = Key::kept(&form.key);
    let read = match how {
        Some(how) => form.on_hand_after(how, &visitor.frame).map_err(|error| ("/quantity", error)),
        None => Err(("/how", visitor.frame.say("scan-choose-how"))),
    };
    let (how, quantity) = match (how, read) {
        (Some(how), Ok(quantity)) => (how, quantity),
        (_, Ok(_)) => return Err(Trouble::Form),
        (_, Err((field, error))) => {
            let refusal = Refusal::of_field(field, &error, &visitor.frame);
            return show(visitor, query, form.quantity, Some(refusal)).await;
        }
    };
    let asking = visitor.asking();
    let count = SetStockIn {
        branch_id: form.branch,
        item_id: form.item,
        quantity: Some(quantity),
        // Adding and taking are about what was shown; were it another by now, the sum would be wrong.
        expected_quantity: if how == How::Count { None } else { form.before.parse().ok() },
        reason: Some(visitor.frame.say(how.reason())),
        ..SetStockIn::default()
    };
    match visitor.made(asking.services().set_stock(asking.call(), &key, &count)).await? {
        Ok(_) => {
            let to = format!("{}&done=scan-saved", address("/scan/", &query));
            Ok(Redirect::to(&to).into_response())
        }
        Err(refusal) if refusal.is(ProblemKind::PreconditionFailed) => {
            let refusal = Refusal::told(StatusCode::CONFLICT, visitor.frame.say("scan-changed"));
            show(visitor, query, form.quantity, Some(refusal)).await
        }
        Err(refusal) => show(visitor, query, form.quantity, Some(refusal)).await,
    }
}

impl ScanForm {
    /// What is to be on hand afterwards; else what is wrong with what was typed. What is added or taken is more than zero:
    /// a sign would turn one into the other, and the reason in the ledger with it.
    fn on_hand_after(&self, how: How, frame: &Frame) -> Result<Quantity, String> {
        let typed = frame.quantity_of(&self.quantity).map_err(|error| error.to_string())?;
        let before: Quantity = self.before.parse().map_err(|error: QuantityError| error.to_string())?;
        let after = match how {
            How::Count => Some(typed),
            _ if !typed.is_positive() => return Err("must be more than zero".to_owned()),
            How::Add => before.checked_add(typed),
            How::Take => before.checked_sub(typed),
        };
        after.ok_or_else(|| QuantityError::OutOfRange.to_string())
    }
}

impl ScanPage {
    fn is_at(&self, shown: &Shown, branch: &i64) -> bool {
        shown.branch == Some(*branch)
    }

    fn on_hand(&self, shown: &Shown) -> Quantity {
        shown.level.as_ref().map_or(Quantity::ZERO, |level| level.quantity)
    }

    fn in_words(&self, shown: &Shown, of: &str) -> String {
        let level = shown.level.as_ref();
        let quantity = match of {
            "reserved" => level.map(|level| level.reserved),
            "available" => level.map(|level| level.available),
            _ => level.map(|level| level.quantity),
        };
        self.frame.quantity(&quantity.unwrap_or(Quantity::ZERO))
    }

    fn error(&self, pointer: &str) -> Option<&str> {
        self.refusal.as_ref()?.field(pointer)
    }

    fn ways(&self) -> [How; 3] {
        How::ALL
    }

    fn is_chosen(&self, how: &How) -> bool {
        self.query.how.as_deref() == Some(how.word())
    }

    /// An order that waits for the item, and for how much of it.
    fn pick(&self, order: &OrderOut, item: &ItemOut) -> String {
        let lines = order.lines.iter().filter(|line| line.item_id == item.id);
        let quantity: String = lines.map(|line| self.frame.quantity(&line.requested_qty)).collect();
        self.frame.about_all("scan-order", &[("number", &order.id), ("quantity", &quantity)])
    }
}

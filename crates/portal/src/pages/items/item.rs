//! One item: what each branch has of it, how that came, and who waits for it.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use client::{ClientError, MovementFilter, OrderFilter, Page, Paging, ReportFilter, SummaryFilter};
use contract::{HistoryOut, ItemOut, MovementOut, OrderOut, StockSummaryOut};
use domain::{BranchId, ItemId, Quantity, StockKey};
use policy::{Action, Resource};
use serde::Deserialize;

use super::labels::{LabelsForm, LabelsQuery};
use crate::chart::Chart;
use crate::directory::Directory;
use crate::http::on_behalf::{Asking, OnBehalf};
use crate::pages::frame::{Frame, Section};
use crate::pages::query::{Asked, lenient, trimmed};
use crate::pages::stock::adjust::can_be_undone;
use crate::pages::{Trouble, page};

/// How many movements the page shows, and how many open orders.
const MOVEMENTS: u16 = 25;
const ORDERS: u16 = 10;
/// How many branches: more than most companies have.
const LEVELS: u16 = 500;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ItemQuery {
    /// The branch that the ledger is of; all where there is none.
    #[serde(deserialize_with = "lenient")]
    pub(super) branch: Option<i64>,
    #[serde(deserialize_with = "trimmed")]
    cursor: Option<String>,
}

/// What the services say.
struct Shown {
    item: ItemOut,
    directory: Directory,
    levels: Vec<StockSummaryOut>,
    movements: Page<MovementOut>,
    orders: Page<OrderOut>,
    history: HistoryOut,
}

#[derive(Template)]
#[template(path = "items/item.html")]
struct ItemPage {
    frame: Frame,
    query: ItemQuery,
    shown: Option<Arc<Shown>>,
    chart: Option<Chart>,
    may_manage: bool,
    /// The branches where the user may set what is on hand.
    adjustable: Vec<i64>,
    may_view_audit: bool,
}

pub(crate) async fn get(
    visitor: OnBehalf,
    Path(id): Path<i64>,
    Asked(query): Asked<ItemQuery>,
) -> Result<Response, Trouble> {
    let mut visitor = visitor.within(Section::Items);
    let shown = visitor.known(ask(visitor.asking(), id, &query)).await?;
    let may_adjust = |branch: i64| {
        let key = StockKey { branch: BranchId(branch), item: ItemId(id) };
        visitor.may(
            Action::AdjustStock,
            Resource::Stock { key, change: Quantity::ZERO, earlier: Quantity::ZERO },
        )
    };
    let branches = shown.iter().flat_map(|shown| shown.directory.active().map(|branch| branch.id));
    let adjustable = branches.filter(|branch| may_adjust(*branch)).collect();
    let chart = shown.as_ref().and_then(|shown| {
        let days: Vec<_> = shown.history.days.iter().map(|day| (day.day, day.quantity)).collect();
        Chart::line(&visitor.frame, &days)
    });
    let may_manage = visitor.may(Action::ManageItems, Resource::Company);
    let may_view_audit = visitor.may(Action::ViewAudit, Resource::Company);
    let frame = visitor.frame;
    let answer = ItemPage { frame, query, shown, chart, may_manage, adjustable, may_view_audit };
    Ok(page(StatusCode::OK, &answer))
}

async fn ask(asking: Asking, id: i64, query: &ItemQuery) -> Result<Shown, ClientError> {
    let (services, call) = (asking.services(), asking.call());
    let at = SummaryFilter { item_id: Some(id), ..SummaryFilter::default() };
    let ledger = MovementFilter { item_id: Some(id), branch_id: query.branch, ..MovementFilter::default() };
    let waiting = OrderFilter { asking_for: Some(id), ..OrderFilter::default() };
    let report = ReportFilter { branch_id: query.branch, days: None };
    let paging = match query.cursor.as_deref().and_then(contract::Cursor::parse) {
        Some(cursor) => Paging::after(cursor, MOVEMENTS),
        None => Paging::first(MOVEMENTS),
    };
    let (item, directory, levels, movements, orders, history) = tokio::try_join!(
        services.get_item(call, id),
        Directory::read(&asking),
        services.stock_summary(call, &at, Paging::first(LEVELS)),
        services.list_movements(call, &ledger, paging),
        services.list_orders(call, &waiting, Paging::first(ORDERS)),
        services.report_history(call, report, id),
    )?;
    Ok(Shown { item: item.value, directory, levels: levels.rows, movements, orders, history })
}

/// What kind of document made a movement, in words.
pub(super) fn kind(frame: &Frame, movement: &MovementOut) -> String {
    match movement.kind.as_str() {
        "fulfilment" => frame.say("movement-fulfilment"),
        "adjustment" => frame.say("movement-adjustment"),
        other => other.to_owned(),
    }
}

impl ItemPage {
    /// The form for labels: a sheet of them.
    fn labels(&self, shown: &Shown) -> LabelsForm {
        LabelsForm::of_item(shown.item.id, &LabelsQuery::default()).with_copies(24)
    }

    fn barcode_hint(&self, barcode: &str) -> Option<String> {
        super::check_digit_hint(barcode, &self.frame)
    }

    fn may_adjust(&self, branch: &i64) -> bool {
        self.adjustable.contains(branch)
    }

    /// The branches that never had the item.
    fn without<'a>(&self, shown: &'a Shown) -> Vec<&'a contract::BranchOut> {
        let has = |branch: i64| shown.levels.iter().any(|level| level.branch_id == branch);
        shown.directory.active().filter(|branch| !has(branch.id) && self.may_adjust(&branch.id)).collect()
    }

    fn total(&self, shown: &Shown, of: fn(&StockSummaryOut) -> Quantity) -> String {
        let sum = |sum: Quantity, level| sum.checked_add(of(level)).unwrap_or(Quantity::MAX);
        self.frame.quantity(&shown.levels.iter().fold(Quantity::ZERO, sum))
    }

    fn on_hand(&self, shown: &Shown) -> String {
        self.total(shown, |level| level.quantity)
    }

    fn reserved(&self, shown: &Shown) -> String {
        self.total(shown, |level| level.reserved)
    }

    fn available(&self, shown: &Shown) -> String {
        self.total(shown, |level| level.available)
    }

    fn is_low(&self, level: &StockSummaryOut) -> bool {
        level.quantity < level.min_stock_level
    }

    /// A signed quantity.
    fn change(&self, quantity: &Quantity) -> String {
        let sign = if quantity.is_positive() { "+" } else { "" };
        format!("{sign}{}", self.frame.quantity(quantity))
    }

    fn kind(&self, movement: &MovementOut) -> String {
        kind(&self.frame, movement)
    }

    /// The address of the ledger as a file.
    fn ledger_file(&self, shown: &Shown, ending: &str) -> String {
        let branch = self.query.branch.map(|branch| format!("?branch={branch}")).unwrap_or_default();
        format!("/items/{}/ledger/{ending}{branch}", shown.item.id)
    }

    fn can_be_undone(&self, movement: &MovementOut) -> bool {
        can_be_undone(movement) && self.may_adjust(&movement.branch_id) && !movement.quantity.is_zero()
    }

    /// How much of the item an order asks for.
    fn asked(&self, order: &OrderOut, item: &ItemOut) -> String {
        let lines = order.lines.iter().filter(|line| line.item_id == item.id);
        lines.map(|line| self.frame.quantity(&line.requested_qty)).collect()
    }

    fn older(&self, shown: &Shown) -> Option<String> {
        let next = shown.movements.next?;
        let branch = self.query.branch.map(|branch| format!("&branch={branch}")).unwrap_or_default();
        Some(format!("/items/{}/?cursor={next}{branch}#ledger", shown.item.id))
    }

    fn newest(&self, shown: &Shown) -> Option<String> {
        let branch = self.query.branch.map(|branch| format!("?branch={branch}")).unwrap_or_default();
        self.query.cursor.as_ref().map(|_| format!("/items/{}/{branch}#ledger", shown.item.id))
    }
}

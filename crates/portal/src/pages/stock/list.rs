//! The list of stock levels.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use client::{ClientError, Page, SummaryFilter};
use contract::{StockSort, StockSummaryOut};
use domain::{BranchId, ItemId, Quantity, StockKey};
use policy::{Action, Resource};
use serde::{Deserialize, Serialize};

use crate::Shared;
use crate::directory::Directory;
use crate::http::on_behalf::{Asking, OnBehalf};
use crate::pages::frame::{Frame, Section};
use crate::pages::query::{Asked, Listed, address, lenient, paging, trimmed};
use crate::pages::stock::views::{self, View};
use crate::pages::{Trouble, page};

/// What the list shows, as its address says it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct StockQuery {
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub branch: Option<i64>,
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// One of [`SHOWN`].
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    pub show: Option<String>,
    /// One of [`SORTS`].
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// Columns that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hide: Vec<String>,
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// What was just set, to be undone: branch, item and movement. Not a part of what the list shows.
    #[serde(deserialize_with = "trimmed", skip_serializing)]
    pub undo: Option<String>,
}

/// Which levels, by word and message.
const SHOWN: [(&str, &str); 4] = [
    ("", "stock-show-all"),
    ("below", "stock-show-below"),
    ("zero", "stock-show-zero"),
    ("reserved", "stock-show-reserved"),
];
/// In which order, by word and message.
const SORTS: [(&str, &str); 4] = [
    ("", "stock-sort-branch"),
    ("name", "stock-sort-name"),
    ("least", "stock-sort-least"),
    ("most", "stock-sort-most"),
];
/// The columns that may be left out, by word and message.
pub(crate) const COLUMNS: [(&str, &str); 6] = [
    ("sku", "sku"),
    ("quantity", "on-hand"),
    ("reserved", "reserved"),
    ("available", "available"),
    ("minimum", "minimum"),
    ("updated", "changed-at"),
];

impl StockQuery {
    /// What to ask the services for.
    pub(crate) fn filter(&self) -> SummaryFilter {
        let sort = match self.sort.as_deref() {
            Some("name") => StockSort::Name,
            // Of all branches together there is no such order.
            Some("least") if self.branch.is_some() => StockSort::Quantity,
            Some("most") if self.branch.is_some() => StockSort::QuantityDesc,
            _ => StockSort::Branch,
        };
        let show = self.show.as_deref();
        let only = |word: &str| (show == Some(word)).then_some(true);
        SummaryFilter {
            branch_id: self.branch,
            item_id: None,
            q: self.q.clone(),
            below_min: only("below"),
            zero: only("zero"),
            reserved: only("reserved"),
            sort,
        }
    }

    /// Whether a column is shown.
    pub(crate) fn shows(&self, column: &str) -> bool {
        !self.hide.iter().any(|hidden| hidden == column)
    }

    /// The address of what shows the whole of the list.
    fn whole(&self, path: &str) -> String {
        address(path, &StockQuery { cursor: None, ..self.clone() })
    }
}

impl Listed for StockQuery {
    const PATH: &'static str = "/stock/";

    fn cursor(&mut self) -> &mut Option<String> {
        &mut self.cursor
    }
}

#[derive(Template)]
#[template(path = "stock/list.html")]
struct StockPage {
    frame: Frame,
    query: StockQuery,
    shown: Option<Arc<Shown>>,
    views: Vec<View>,
    may_adjust: bool,
    /// Branch, item and movement of what was just set from this list.
    undo: Option<(i64, i64, i64)>,
}

/// What the services say.
struct Shown {
    directory: Directory,
    levels: Page<StockSummaryOut>,
}

pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    Asked(query): Asked<StockQuery>,
) -> Result<Response, Trouble> {
    let mut visitor = visitor.within(Section::Stock);
    let shown = visitor.known(ask(visitor.asking(), &query)).await?;
    let views = views::of_user(&shared.database, visitor.user.id).await?;
    let may_adjust = visitor.may(Action::AdjustStock, somewhere(&visitor));
    let undo = query.undo.as_deref().and_then(|undo| {
        let mut ids = undo.split('-').map(|id| id.parse().ok());
        Some((ids.next()??, ids.next()??, ids.next()??))
    });
    Ok(page(StatusCode::OK, &StockPage { frame: visitor.frame, query, shown, views, may_adjust, undo }))
}

async fn ask(asking: Asking, query: &StockQuery) -> Result<Shown, ClientError> {
    let filter = query.filter();
    let levels = asking.services().stock_summary(asking.call(), &filter, paging(query.cursor.as_deref()));
    let (directory, levels) = tokio::try_join!(Directory::read(&asking), levels)?;
    Ok(Shown { directory, levels })
}

/// A level at one of the user's branches, to ask what the user may do with stock.
fn somewhere(visitor: &OnBehalf) -> Resource<'static> {
    let branch = match &visitor.user.scope {
        identity::BranchScope::Only(branches) => branches.first().copied().unwrap_or(BranchId(0)),
        identity::BranchScope::All => BranchId(0),
    };
    Resource::Stock {
        key: StockKey { branch, item: ItemId(0) },
        change: Quantity::ZERO,
        earlier: Quantity::ZERO,
    }
}

impl StockPage {
    fn choices(&self) -> [(&'static str, &'static str); 4] {
        SHOWN
    }

    fn sorts(&self) -> [(&'static str, &'static str); 4] {
        SORTS
    }

    fn columns(&self) -> [(&'static str, &'static str); 6] {
        COLUMNS
    }

    fn is_shown(&self, word: &str) -> bool {
        self.query.show.as_deref().unwrap_or_default() == word
    }

    fn is_sorted(&self, word: &str) -> bool {
        self.query.sort.as_deref().unwrap_or_default() == word
    }

    /// The address of this page of the list.
    fn here(&self) -> String {
        address(StockQuery::PATH, &self.query)
    }

    /// The address of the whole list as a file.
    fn file(&self, ending: &str) -> String {
        self.query.whole(&format!("/stock/{ending}"))
    }

    /// The query without its page, as a view keeps it.
    fn as_view(&self) -> String {
        self.query.whole("").trim_start_matches('?').to_owned()
    }

    fn is_low(&self, level: &StockSummaryOut) -> bool {
        level.quantity < level.min_stock_level
    }
}

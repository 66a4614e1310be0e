//! Stock as it stood at a time, and what changed between two.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use client::{ClientError, Page, StockFilter};
use contract::{Cursor, StockAsOfOut, StockChangeOut};
use jiff::Timestamp;
use jiff::civil::DateTime;
use platform::zones;
use serde::{Deserialize, Serialize};

use crate::directory::Directory;
use crate::http::on_behalf::{Asking, OnBehalf};
use crate::pages::frame::{Frame, Section};
use crate::pages::orders::Items;
use crate::pages::query::{Asked, Listed, lenient, paging, trimmed};
use crate::pages::{Trouble, page};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AsOfQuery {
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    branch: Option<i64>,
    /// By the branch's clock.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    at: Option<DateTime>,
    /// With it, what changed between the two.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    until: Option<DateTime>,
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// What there is to show.
enum Found {
    /// Nothing was asked yet.
    Nothing,
    /// What there was at a time.
    Levels(Page<StockAsOfOut>, Items),
    /// What changed between two.
    Changes(Page<StockChangeOut>),
}

impl Found {
    /// Where its page ended, when there are more.
    fn next(&self) -> &Option<Cursor> {
        match self {
            Found::Nothing => &None,
            Found::Levels(levels, _) => &levels.next,
            Found::Changes(changes) => &changes.next,
        }
    }
}

struct Shown {
    directory: Directory,
    /// The moments that were asked for.
    asked: (Option<Timestamp>, Option<Timestamp>),
    found: Found,
}

impl Listed for AsOfQuery {
    const PATH: &'static str = "/stock/as-of/";

    fn cursor(&mut self) -> &mut Option<String> {
        &mut self.cursor
    }
}

#[derive(Template)]
#[template(path = "stock/as_of.html")]
struct AsOfPage {
    frame: Frame,
    query: AsOfQuery,
    shown: Option<Arc<Shown>>,
}

pub(crate) async fn get(visitor: OnBehalf, Asked(query): Asked<AsOfQuery>) -> Result<Response, Trouble> {
    let mut visitor = visitor.within(Section::Stock);
    let shown = visitor.known(ask(visitor.asking(), &query)).await?;
    Ok(page(StatusCode::OK, &AsOfPage { frame: visitor.frame, query, shown }))
}

async fn ask(asking: Asking, query: &AsOfQuery) -> Result<Shown, ClientError> {
    let directory = Directory::read(&asking).await?;
    let (services, call) = (asking.services(), asking.call());
    let paging = paging(query.cursor.as_deref());
    let moment = |at: DateTime| moment(at, directory.zone_of(&query.branch));
    let asked = (query.at.and_then(moment), query.until.and_then(moment));
    let found = match (query.branch, asked.0, asked.1) {
        (Some(branch), Some(from), Some(to)) if from <= to => {
            Found::Changes(services.stock_changes(call, branch, (from, to), paging).await?)
        }
        (branch_id, Some(at), _) => {
            let filter = StockFilter { branch_id, ..StockFilter::default() };
            let levels = services.list_stock_as_of(call, &filter, at, paging).await?;
            let items = levels.rows.iter().map(|level| level.item_id).collect();
            let items = Items::read(&asking, items).await?;
            Found::Levels(levels, items)
        }
        _ => Found::Nothing,
    };
    Ok(Shown { directory, asked, found })
}

/// The moment that a clock of the branch shows. Of a time that the clock shows twice, the first.
fn moment(at: DateTime, zone: &str) -> Option<Timestamp> {
    Some(at.to_zoned(zones::or_utc(zone)).ok()?.timestamp().max(zones::OLDEST))
}

impl AsOfPage {
    /// As a field of a form has it.
    fn typed(&self, at: &Option<DateTime>) -> String {
        at.map(|at| at.strftime("%Y-%m-%dT%H:%M").to_string()).unwrap_or_default()
    }

    /// The moments that are shown, with their zone: a clock may show a time twice, or not at all.
    fn asked(&self, shown: &Shown) -> String {
        let time = |at: &Timestamp| self.frame.time(at, shown.directory.zone_of(&self.query.branch));
        match (&shown.found, &shown.asked) {
            (Found::Levels(..), (Some(at), _)) => self.frame.about("as-of-shown", "time", time(at)),
            (Found::Changes(_), (Some(from), Some(to))) => {
                self.frame.about_all("as-of-between", &[("from", &time(from)), ("to", &time(to))])
            }
            _ => self.frame.about("days-of", "zone", shown.directory.zone_of(&self.query.branch)),
        }
    }

    fn change(&self, change: &StockChangeOut) -> String {
        let sign = if change.difference.is_positive() { "+" } else { "" };
        format!("{sign}{}", self.frame.quantity(&change.difference))
    }
}

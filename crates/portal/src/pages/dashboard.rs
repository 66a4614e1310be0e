//! The dashboard: how things stand at one's branches.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use client::{ClientError, OrderFilter, Paging, ReportFilter};
use contract::{
    DailyOut, DayOut, HeatBy, HeatCellOut, HeatMapOut, MoverOut, MoversOut, OrderOut, OverviewOut,
};
use domain::Quantity;
use jiff::civil::Date;
use serde::Deserialize;

use super::frame::{Frame, Section};
use super::query::{Asked, lenient};
use super::{Trouble, page};
use crate::chart::Chart;
use crate::directory::Directory;
use crate::http::on_behalf::{Asking, OnBehalf};

/// How many orders and movers are shown.
const ROWS: u16 = 8;
/// How far movers look back, in days.
const MOVERS_DAYS: u16 = 30;
/// As many items of the heat map as fit on a screen.
const HEAT_ITEMS: usize = 12;
const HEAT_BRANCHES: usize = 14;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DashboardQuery {
    #[serde(deserialize_with = "lenient")]
    pub branch: Option<i64>,
}

/// What the services say.
pub(crate) struct Shown {
    directory: Directory,
    overview: OverviewOut,
    daily: DailyOut,
    movers: MoversOut,
    heat: HeatMapOut,
    orders: Vec<OrderOut>,
}

#[derive(Template)]
#[template(path = "dashboard.html")]
struct DashboardPage {
    frame: Frame,
    query: DashboardQuery,
    shown: Option<Arc<Shown>>,
    orders_chart: Option<Chart>,
    units_chart: Option<Chart>,
}

/// A figure, and the list behind it.
struct Figure {
    name: String,
    value: String,
    link: Option<String>,
}

pub(crate) async fn get(visitor: OnBehalf, Asked(query): Asked<DashboardQuery>) -> Result<Response, Trouble> {
    let mut visitor = visitor.within(Section::Dashboard);
    let shown = visitor.known(ask(visitor.asking(), query.branch)).await?;
    let chart = |value: fn(&DayOut) -> Quantity| {
        let days = shown.as_ref()?.daily.days.iter();
        let days: Vec<(Date, Quantity)> = days.map(|day| (day.day, value(day))).collect();
        Chart::bars(&visitor.frame, &days)
    };
    let orders_chart = chart(|day| count(day.orders));
    let units_chart = chart(|day| day.units_out);
    let frame = visitor.frame;
    Ok(page(StatusCode::OK, &DashboardPage { frame, query, shown, orders_chart, units_chart }))
}

async fn ask(asking: Asking, branch_id: Option<i64>) -> Result<Shown, ClientError> {
    let (services, call) = (asking.services(), asking.call());
    let days = |days| ReportFilter { branch_id, days };
    let recent = OrderFilter { branch_id, ..OrderFilter::default() };
    let (directory, overview, daily, movers, heat, orders) = tokio::try_join!(
        Directory::read(&asking),
        services.report_overview(call, branch_id),
        services.report_daily(call, days(None)),
        services.report_movers(call, days(Some(MOVERS_DAYS)), ROWS),
        services.report_heat_map(call, days(None), HeatBy::Lowest),
        services.list_orders(call, &recent, Paging::first(ROWS)),
    )?;
    Ok(Shown { directory, overview, daily, movers, heat, orders: orders.rows })
}

/// A count as a quantity, for a chart and for its words.
fn count(count: i64) -> Quantity {
    count.checked_mul(1_000).and_then(Quantity::from_thousandths).unwrap_or(Quantity::MAX)
}

impl DashboardPage {
    /// The figures at the top.
    fn figures(&self, shown: &Shown) -> Vec<Figure> {
        let OverviewOut { quantity, reserved, below_min, orders, today, .. } = &shown.overview;
        let branch = self.query.branch.map(|branch| format!("&branch={branch}")).unwrap_or_default();
        let at = |path: &str| Some(format!("{path}{branch}"));
        let figure = |message: &str, value: &Quantity, link| Figure {
            name: self.frame.say(message),
            value: self.frame.quantity(value),
            link,
        };
        vec![
            figure("dashboard-units", quantity, at("/stock/?sort=branch")),
            figure("dashboard-reserved", reserved, at("/stock/?show=reserved")),
            figure("dashboard-low", &count(*below_min), at("/stock/?show=below")),
            figure("dashboard-draft", &count(orders.draft), at("/orders/?state=draft")),
            figure("dashboard-submitted", &count(orders.submitted), at("/orders/?state=submitted")),
            figure("dashboard-today-orders", &count(today.orders), at("/orders/?state=fulfilled")),
            figure("dashboard-today-in", &today.units_in, None),
            figure("dashboard-today-out", &today.units_out, None),
            figure("dashboard-movements", &count(today.movements), None),
        ]
    }

    fn as_of(&self, shown: &Shown) -> Option<String> {
        let at = shown.overview.as_of?;
        let time = self.frame.time(&at, shown.directory.zone_of(&self.query.branch));
        Some(self.frame.about("dashboard-as-of", "time", time))
    }

    /// How long an item's bar is, of 100.
    fn share(&self, movers: &[MoverOut], mover: &MoverOut) -> i64 {
        let most = movers.first().map_or(1, |first| first.units_out.thousandths()).max(1);
        mover.units_out.thousandths().saturating_mul(100) / most
    }

    /// The rows of the heat map: a branch, and of each item what share of its minimum is on hand.
    fn heat<'a>(&self, shown: &'a Shown) -> Vec<(&'a str, Vec<Option<Heat>>)> {
        let HeatMapOut { branches, items, cells, .. } = &shown.heat;
        let cells: HashMap<(i64, i64), &HeatCellOut> =
            cells.iter().map(|cell| ((cell.branch_id, cell.item_id), cell)).collect();
        let row = |branch: &'a contract::HeatBranchOut| {
            let heat = |item: &contract::HeatItemOut| {
                let cell = cells.get(&(branch.id, item.id))?;
                Some(Heat::of(&cell.quantity, &item.min_stock_level, &self.frame))
            };
            (branch.name.as_str(), items.iter().take(HEAT_ITEMS).map(heat).collect())
        };
        branches.iter().take(HEAT_BRANCHES).map(row).collect()
    }

    fn heat_items<'a>(&self, shown: &'a Shown) -> &'a [contract::HeatItemOut] {
        let items = &shown.heat.items;
        &items[..items.len().min(HEAT_ITEMS)]
    }
}

/// A cell of the heat map.
struct Heat {
    /// What is on hand, in words.
    quantity: String,
    /// How warm it is: 0 where there is enough, up to 4 where there is nothing.
    level: u8,
}

impl Heat {
    fn of(quantity: &Quantity, minimum: &Quantity, frame: &Frame) -> Heat {
        let (quantity_of, minimum) = (quantity.thousandths().max(0), minimum.thousandths().max(1));
        let level = match quantity_of.saturating_mul(4) / minimum {
            _ if quantity_of == 0 => 4,
            0 => 3,
            1 => 2,
            2 | 3 => 1,
            _ => 0,
        };
        Heat { quantity: frame.quantity(quantity), level }
    }
}

//! The dashboard: stock that runs low, stock levels and recent orders.

use std::sync::Arc;

use super::frame::{Frame, Section};
use super::{Trouble, page};
use crate::http::on_behalf::{Asking, OnBehalf};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use client::{ClientError, OrderFilter, Paging, SummaryFilter};
use contract::{OrderOut, OrderStatusWord, StockSummaryOut};

/// How many rows of each.
const ROWS: u16 = 12;

#[derive(Template)]
#[template(path = "dashboard.html")]
struct DashboardPage {
    frame: Frame,
    overview: Option<Arc<Overview>>,
}

/// What the dashboard shows.
struct Overview {
    low: Vec<StockSummaryOut>,
    stock: Vec<StockSummaryOut>,
    orders: Vec<OrderOut>,
}

pub(crate) async fn get(visitor: OnBehalf) -> Result<Response, Trouble> {
    let mut visitor = visitor.within(Section::Dashboard);
    let overview = visitor.known(ask(visitor.asking())).await?;
    Ok(page(StatusCode::OK, &DashboardPage { frame: visitor.frame, overview }))
}

async fn ask(asking: Asking) -> Result<Overview, ClientError> {
    let (services, call) = (asking.services(), asking.call());
    let (every, below) = (SummaryFilter::default(), Some(true));
    let low = SummaryFilter { below_min: below, ..SummaryFilter::default() };
    let (recent, page) = (OrderFilter::default(), Paging::first(ROWS));
    let (low, stock, orders) = tokio::try_join!(
        services.stock_summary(call, &low, page),
        services.stock_summary(call, &every, page),
        services.recent_orders(call, &recent, page),
    )?;
    Ok(Overview { low: low.rows, stock: stock.rows, orders: orders.rows })
}

impl DashboardPage {
    fn badge(&self, order: &OrderOut) -> &'static str {
        match order.status {
            OrderStatusWord::Draft => "bg-secondary-lt",
            OrderStatusWord::Submitted => "bg-blue-lt",
            OrderStatusWord::Fulfilled => "bg-green-lt",
            OrderStatusWord::Cancelled => "bg-orange-lt",
        }
    }

    fn status(&self, order: &OrderOut) -> &'static str {
        match order.status {
            OrderStatusWord::Draft => "state-draft",
            OrderStatusWord::Submitted => "state-submitted",
            OrderStatusWord::Fulfilled => "state-fulfilled",
            OrderStatusWord::Cancelled => "state-cancelled",
        }
    }
}

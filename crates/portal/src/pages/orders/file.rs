//! The list of orders as a file for a spreadsheet: an order a row.

use axum::response::Response;
use contract::OrderOut;
use domain::order::OrderStatus;
use jiff::Timestamp;

use super::list::OrdersQuery;
use crate::directory::Directory;
use crate::http::on_behalf::OnBehalf;
use crate::pages::Trouble;
use crate::pages::frame::Frame;
use crate::pages::query::Asked;
use crate::table::{Cell, Columns, Format, Table};

pub(crate) async fn get(
    visitor: OnBehalf,
    format: Format,
    Asked(query): Asked<OrdersQuery>,
) -> Result<Response, Trouble> {
    let asking = visitor.asking();
    let directory = Directory::read(&asking).await.map_err(|error| visitor.refused(error))?;
    let filter = query.filter(&directory);
    let table = Table {
        name: "orders",
        title: "orders-title",
        zone: directory.zone_of(&query.branch),
        columns: columns(format, &visitor.frame, &directory),
    };
    let read = |paging| asking.services().list_orders(asking.call(), &filter, paging);
    table.of_services(format, &visitor, read).await
}

fn columns<'a>(format: Format, frame: &'a Frame, directory: &'a Directory) -> Columns<'a, OrderOut> {
    let at =
        |order: &OrderOut, at: Option<Timestamp>| Some((at?, directory.zone(&order.branch_id).to_owned()));
    // Programs know a state by its word, people by that of their language.
    let state = move |order: &OrderOut| match format {
        Format::Csv => Cell::text(OrderStatus::from(order.status).as_str()),
        Format::Xlsx => Cell::text(frame.state(&order.status).words),
    };
    let lines = |order: &OrderOut| i64::try_from(order.lines.len()).map_or(Cell::Empty, Cell::Number);
    Columns::new()
        .with("id", "order", |order: &OrderOut| Cell::Number(order.id))
        .with("reference", "reference", |order| Cell::maybe(order.reference.as_deref()))
        .with("branch", "branch", |order| Cell::text(directory.name(&order.branch_id)))
        .with("status", "state", state)
        .with("lines", "lines", lines)
        .with("note", "note", |order| Cell::maybe(order.note.as_deref()))
        .with("created_by", "drafted-by", |order| Cell::text(&order.created_by))
        .with_time("created_at", "drafted-at", move |order| at(order, Some(order.created_at)))
        .with_time("submitted_at", "submitted-at", move |order| at(order, order.submitted_at))
        .with_time("fulfilled_at", "fulfilled-at", move |order| at(order, order.fulfilled_at))
        .with_time("cancelled_at", "cancelled-at", move |order| at(order, order.cancelled_at))
}

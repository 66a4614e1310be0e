//! The list of stock as a file for a spreadsheet.

use axum::response::Response;
use contract::StockSummaryOut;

use crate::directory::Directory;
use crate::http::on_behalf::OnBehalf;
use crate::pages::Trouble;
use crate::pages::query::Asked;
use crate::pages::stock::list::StockQuery;
use crate::table::{Cell, Columns, Format, Table};

/// The rows of the list in its order, with its columns.
pub(crate) async fn get(
    visitor: OnBehalf,
    format: Format,
    Asked(query): Asked<StockQuery>,
) -> Result<Response, Trouble> {
    let asking = visitor.asking();
    let directory = Directory::read(&asking).await.map_err(|error| visitor.refused(error))?;
    let filter = query.filter();
    let table = Table {
        name: "stock",
        title: "stock-title",
        zone: directory.zone_of(&query.branch),
        columns: columns(&query, &directory),
    };
    let read = |paging| asking.services().stock_summary(asking.call(), &filter, paging);
    table.of_services(format, &visitor, read).await
}

fn columns<'a>(query: &StockQuery, directory: &'a Directory) -> Columns<'a, StockSummaryOut> {
    let changed =
        |level: &StockSummaryOut| Some((level.updated_at, directory.zone(&level.branch_id).to_owned()));
    Columns::new()
        .with("branch", "branch", |level: &StockSummaryOut| Cell::text(&level.branch_name))
        .with("item", "item", |level| Cell::text(&level.item_name))
        .with("sku", "sku", |level| Cell::text(&level.sku))
        .with("quantity", "on-hand", |level| Cell::Quantity(level.quantity))
        .with("reserved", "reserved", |level| Cell::Quantity(level.reserved))
        .with("available", "available", |level| Cell::Quantity(level.available))
        .with("min_stock_level", "minimum", |level| Cell::Quantity(level.min_stock_level))
        .with_time("updated_at", "changed-at", changed)
        .only(|name| match name {
            "min_stock_level" => query.shows("minimum"),
            "updated_at" => query.shows("updated"),
            name => query.shows(name),
        })
}

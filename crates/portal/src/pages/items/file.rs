//! The catalogue, and the ledger of an item, as files for a spreadsheet.

use axum::extract::Path;
use axum::response::Response;
use client::MovementFilter;
use contract::{ItemOut, MovementOut};

use super::item::{ItemQuery, kind};
use super::list::ItemsQuery;
use crate::directory::Directory;
use crate::http::on_behalf::OnBehalf;
use crate::pages::Trouble;
use crate::pages::frame::Frame;
use crate::pages::query::Asked;
use crate::table::{Cell, Columns, Format, Table};

/// The catalogue: its columns are those that an import reads.
pub(crate) async fn of_list(
    visitor: OnBehalf,
    format: Format,
    Asked(query): Asked<ItemsQuery>,
) -> Result<Response, Trouble> {
    let (asking, filter) = (visitor.asking(), query.filter());
    let flag = |flag: bool| match format {
        Format::Csv => Cell::text(flag.to_string()),
        Format::Xlsx if flag => Cell::text(visitor.frame.say("items-show-active")),
        Format::Xlsx => Cell::text(visitor.frame.say("items-show-inactive")),
    };
    let columns: Columns<'_, ItemOut> = Columns::new()
        .with("sku", "sku", |item: &ItemOut| Cell::text(&item.sku))
        .with("name", "name", |item| Cell::text(&item.name))
        .with("description", "description", |item| Cell::text(&item.description))
        .with("unit", "unit", |item| Cell::text(&item.unit))
        .with("decimal_places", "decimal-places", |item| Cell::Number(item.decimal_places.into()))
        .with("barcode", "barcode", |item| Cell::maybe(item.barcode.as_deref()))
        .with("min_stock_level", "minimum", |item| Cell::Quantity(item.min_stock_level))
        .with("active", "state", |item| flag(item.active));
    let table = Table { name: "items", title: "items-title", zone: "UTC", columns };
    let read = |paging| asking.services().list_items(asking.call(), &filter, paging);
    table.of_services(format, &visitor, read).await
}

/// The ledger of an item, of a branch or of all.
pub(crate) async fn of_ledger(
    visitor: OnBehalf,
    format: Format,
    Path(id): Path<i64>,
    Asked(query): Asked<ItemQuery>,
) -> Result<Response, Trouble> {
    let asking = visitor.asking();
    let found = tokio::try_join!(Directory::read(&asking), asking.services().get_item(asking.call(), id));
    let (directory, item) = found.map_err(|error| visitor.refused(error))?;
    let filter = MovementFilter { item_id: Some(id), branch_id: query.branch, ..MovementFilter::default() };
    let table = Table {
        name: "ledger",
        title: "ledger",
        zone: directory.zone_of(&query.branch),
        columns: movements(format, &visitor.frame, &directory, &item.value.sku),
    };
    let read = |paging| asking.services().list_movements(asking.call(), &filter, paging);
    table.of_services(format, &visitor, read).await
}

fn movements<'a>(
    format: Format,
    frame: &'a Frame,
    directory: &'a Directory,
    sku: &'a str,
) -> Columns<'a, MovementOut> {
    let at = |movement: &MovementOut| Some((movement.at, directory.zone(&movement.branch_id).to_owned()));
    let kind = move |movement: &MovementOut| match format {
        Format::Csv => Cell::text(&movement.kind),
        Format::Xlsx => Cell::text(kind(frame, movement)),
    };
    Columns::new()
        .with("id", "movement-number", |movement: &MovementOut| Cell::Number(movement.id))
        .with_time("at", "time", at)
        .with("branch", "branch", |movement| Cell::text(directory.name(&movement.branch_id)))
        .with("sku", "sku", move |_| Cell::text(sku))
        .with("kind", "movement-kind", kind)
        .with("document_id", "movement-document", |movement| Cell::Number(movement.document_id))
        .with("quantity", "movement-change", |movement| Cell::Quantity(movement.quantity))
        .with("balance", "balance", |movement| Cell::Quantity(movement.balance))
        .with("actor", "person", |movement| Cell::text(&movement.actor))
        .with("reason", "reason", |movement| Cell::maybe(movement.reason.as_deref()))
        .with("reverses", "movement-undoes", |movement| movement.reverses.map_or(Cell::Empty, Cell::Number))
}

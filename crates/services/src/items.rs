//! Items: the use cases.

use contract::page::MAX_LIMIT;
use contract::{ItemIn, ItemOut, RemainingOut};
use domain::{ItemId, Quantity, gtin};
use identity::Caller;
use platform::pg::Queries;
use policy::{Action, Resource};
use serde_json::json;

use crate::answer::Answer;
use crate::codes::refuse_scans;
use crate::error::{Error, on_constraint};
use crate::page::Page;
use crate::request::{IfMatch, RequestContext, require_version};
use crate::scope::visible_ids;
use crate::services::Services;
use crate::store::audit::Fact;
use crate::store::items::{self as store, ItemFilter, ItemRow, ItemValues};
use crate::store::remaining;
use crate::valid::{Faults, invalid, none_if_empty};
use crate::work::{Begun, Work};

/// A page of items.
pub(crate) async fn list(
    services: &Services,
    caller: &Caller,
    filter: &ItemFilter,
    page: Page,
) -> Result<Vec<ItemOut>, Error> {
    services.authorize(caller, Action::ViewItems, Resource::Company)?;
    if filter.ids.as_ref().is_some_and(|ids| ids.len() > usize::from(MAX_LIMIT)) {
        return Err(invalid("?id", format!("must be given at most {MAX_LIMIT} times")));
    }
    Ok(store::list(&*services.database.get().await?, filter, page).await?)
}

/// One item with its version.
pub(crate) async fn get(services: &Services, caller: &Caller, id: ItemId) -> Result<ItemRow, Error> {
    services.authorize(caller, Action::ViewItems, Resource::Company)?;
    store::get(&*services.database.get().await?, id).await?.ok_or(Error::NotFound)
}

/// Creates an item.
pub(crate) async fn create(
    services: &Services,
    caller: &Caller,
    context: &RequestContext,
    input: &ItemIn,
) -> Result<Answer, Error> {
    services.authorize(caller, Action::ManageItems, Resource::Company)?;
    checked(input, None)?;
    let work = match Work::begin(services, caller, context, Action::ViewItems).await? {
        Begun::Answered(answer) => return Ok(answer),
        Begun::Work(work) => work,
    };
    let created = add(work.conn(), input).await;
    work.finish(created.map(|Written { fact, answer, .. }| (fact, answer))).await
}

/// An item that was written: what the audit is told, what its caller is, and the row.
pub(crate) struct Written {
    pub fact: Fact,
    pub answer: Answer,
    pub row: ItemRow,
}

/// Writes a new item.
pub(crate) async fn add(conn: &Queries, input: &ItemIn) -> Result<Written, Error> {
    let values = checked(input, None)?;
    refuse_scan(conn, &values, None).await?;
    let row = store::insert(conn, &values).await.map_err(|error| on_constraint(error, duplicates()))?;
    let fact = fact("item.created", &row, json!({ "to": row.item }));
    let location = format!("/v1/items/{}", row.item.id);
    let out = ItemOut { warnings: warnings(&row.item), ..row.item.clone() };
    let answer = Answer::json(201, &out).with_version(row.version).with_location(location);
    Ok(Written { fact, answer, row })
}

/// Changes an item.
pub(crate) async fn update(
    services: &Services,
    caller: &Caller,
    context: &RequestContext,
    id: ItemId,
    if_match: Option<&IfMatch>,
    input: &ItemIn,
) -> Result<Answer, Error> {
    services.authorize(caller, Action::ManageItems, Resource::Company)?;
    checked(input, None)?;
    let work = match Work::begin(services, caller, context, Action::ViewItems).await? {
        Begun::Answered(answer) => return Ok(answer),
        Begun::Work(work) => work,
    };
    let updated = async {
        let before = store::lock(work.conn(), id).await?.ok_or(Error::NotFound)?;
        require_version(if_match, before.version)?;
        let Written { fact, answer, .. } = change(services, caller, work.conn(), &before, input).await?;
        Ok((fact, answer))
    };
    let updated = updated.await;
    work.finish(updated).await
}

/// Writes over a locked item.
pub(crate) async fn change(
    services: &Services,
    caller: &Caller,
    conn: &Queries,
    before: &ItemRow,
    input: &ItemIn,
) -> Result<Written, Error> {
    let id = ItemId(before.item.id);
    let values = checked(input, Some(&before.item))?;
    if values.decimal_places < before.item.decimal_places && store::is_used(conn, id).await? {
        let mut faults = Faults::default();
        faults.add("/decimal_places", "must not become fewer once the item is stocked or ordered");
        faults.finish()?;
    }
    refuse_scan(conn, &values, Some(before.item.min_stock_level)).await?;
    let row = store::update(conn, id, &values).await;
    let row = row.map_err(|error| on_constraint(error, duplicates()))?;
    let fact = fact("item.updated", &row, json!({ "from": before.item, "to": row.item }));
    let remaining = what_remains(services, caller, conn, &row).await?;
    let out = ItemOut { remaining, warnings: warnings(&row.item), ..row.item.clone() };
    let answer = Answer::json(200, &out).with_version(row.version);
    Ok(Written { fact, answer, row })
}

/// Refuses a minimum that is the code of an item, where it is a new one.
async fn refuse_scan(conn: &Queries, values: &ItemValues, before: Option<Quantity>) -> Result<(), Error> {
    if before == Some(values.min_stock_level) {
        return Ok(());
    }
    refuse_scans(conn, &[values.min_stock_level], |_| "/min_stock_level".to_owned()).await
}

/// What is said of a barcode in the form of an article number whose check digit does not fit. It is taken all the same:
/// companies have codes of their own of that length without a check digit.
fn warnings(item: &ItemOut) -> Vec<String> {
    let barcode = item.barcode.as_deref().and_then(|barcode| Some((barcode, gtin::digit_instead(barcode)?)));
    let warning = |(barcode, digit)| {
        format!("barcode: as an EAN, UPC or GTIN {barcode} would end in {digit}; compare it with the package")
    };
    barcode.map(warning).into_iter().collect()
}

/// What there still is of an item that is not active, at the branches whose stock and orders the caller may see.
async fn what_remains(
    services: &Services,
    caller: &Caller,
    conn: &Queries,
    row: &ItemRow,
) -> Result<Option<RemainingOut>, Error> {
    let may = |action| services.authorize(caller, action, Resource::Company).ok();
    if row.item.active {
        return Ok(None);
    }
    let (Some(stock), Some(_)) = (may(Action::ViewStock), may(Action::ViewOrders)) else { return Ok(None) };
    let visible = visible_ids(&stock);
    Ok(Some(remaining::of_item(conn, ItemId(row.item.id), visible.as_deref()).await?))
}

/// Removes an item that nothing refers to.
pub(crate) async fn delete(
    services: &Services,
    caller: &Caller,
    context: &RequestContext,
    id: ItemId,
    if_match: Option<&IfMatch>,
) -> Result<Answer, Error> {
    services.authorize(caller, Action::ManageItems, Resource::Company)?;
    let work = match Work::begin(services, caller, context, Action::ViewItems).await? {
        Begun::Answered(answer) => return Ok(answer),
        Begun::Work(work) => work,
    };
    let deleted = async {
        let before = store::lock(work.conn(), id).await?.ok_or(Error::NotFound)?;
        require_version(if_match, before.version)?;
        store::delete(work.conn(), id).await.map_err(|error| on_constraint(error, references()))?;
        let fact = fact("item.deleted", &before, json!({ "from": before.item }));
        Ok((fact, Answer::empty(204)))
    };
    let deleted = deleted.await;
    work.finish(deleted).await
}

pub(crate) fn fact(action: &'static str, row: &ItemRow, details: serde_json::Value) -> Fact {
    Fact {
        action,
        entity_type: "item",
        entity_id: row.item.id.to_string(),
        branch_id: None,
        details: details.to_string(),
    }
}

/// The columns for `input`; what it leaves out stays as in `before`, or gets its default.
pub(crate) fn checked(input: &ItemIn, before: Option<&ItemOut>) -> Result<ItemValues, Error> {
    let mut faults = Faults::default();
    let sku = faults.required_code("/sku", &input.sku, 64);
    let name = faults.required_line("/name", &input.name, 200);
    let description = match &input.description {
        Some(text) => faults.paragraph("/description", text, 2_000),
        None => before.map_or_else(String::new, |item| item.description.clone()),
    };
    let unit = match &input.unit {
        Some(unit) => faults.required_line("/unit", unit, 16),
        None => before.map_or_else(|| "pcs".to_owned(), |item| item.unit.clone()),
    };
    let decimal_places = input.decimal_places.unwrap_or_else(|| before.map_or(0, |item| item.decimal_places));
    if decimal_places > Quantity::MAX_DECIMAL_PLACES {
        faults.add("/decimal_places", "must be 0, 1, 2 or 3");
    }
    let barcode = match &input.barcode {
        Some(barcode) => {
            barcode.as_ref().map(|text| faults.code("/barcode", text, 64)).and_then(none_if_empty)
        }
        None => before.and_then(|item| item.barcode.clone()),
    };
    let minimum = before.map_or(Quantity::ZERO, |item| item.min_stock_level);
    let min_stock_level = input.min_stock_level.unwrap_or(minimum);
    if min_stock_level.is_negative() {
        faults.add("/min_stock_level", "must not be below zero");
    } else if min_stock_level.decimal_places() > decimal_places {
        faults.add("/min_stock_level", format!("has more decimal places than the item's {decimal_places}"));
    }
    let active = input.active.unwrap_or_else(|| before.is_none_or(|item| item.active));
    faults.finish()?;
    Ok(ItemValues { sku, name, description, unit, decimal_places, barcode, min_stock_level, active })
}

fn duplicates() -> [(&'static str, Error); 2] {
    [
        ("services_items_sku_key", Error::Duplicate { entity: "item", field: "sku" }),
        ("services_items_barcode_key", Error::Duplicate { entity: "item", field: "barcode" }),
    ]
}

fn references() -> [(&'static str, Error); 2] {
    [
        ("services_stock_item_id_fkey", Error::StillReferenced("item")),
        ("services_order_lines_item_id_fkey", Error::StillReferenced("item")),
    ]
}

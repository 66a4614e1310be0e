//! Items in files, known by their SKU.

use std::collections::{HashMap, HashSet};

use contract::{ItemIn, ItemOut};
use domain::{ItemId, Quantity};
use futures_util::future::try_join_all;
use serde_json::json;
use tabular::items;
pub(super) use tabular::items::COLUMNS;

use super::cells::bad_rows;
use super::faults::Faults;
use super::table::{Columns, Row, Table};
use super::work::{CHUNK, Effect, Work, Written, bad_fields};
use super::{BadRow, BulkError, RowChange, fields_changed};
use crate::items::{checked, fact};
use crate::store::items::{self as store, ItemValues};

/// One item of a file.
pub(super) struct ItemRow {
    line: u64,
    input: ItemIn,
}

/// Reads one row.
pub(super) fn parse(columns: &Columns, row: &Row) -> Result<ItemRow, Vec<BadRow>> {
    let line = row.line;
    items::parse(columns, row).map(|input| ItemRow { line, input }).map_err(|bad| bad_rows(line, bad))
}

pub(super) async fn write(
    work: &Work<'_>,
    table: &mut Table<'_>,
    faults: &mut Faults<'_>,
) -> Result<Written, BulkError> {
    let mut known = Known::default();
    let mut written = Written::default();
    let mut row = Row::default();
    let mut rows = Vec::new();
    while table.next(&mut row)? {
        match parse(&table.columns, &row) {
            Ok(row) => rows.push(row),
            Err(bad) => faults.extend(bad),
        }
        faults.settle().await?;
        if rows.len() == CHUNK {
            write_chunk(work, &rows, &mut known, faults, &mut written).await?;
            rows.clear();
        }
    }
    write_chunk(work, &rows, &mut known, faults, &mut written).await?;
    Ok(written)
}

/// What must not come twice in a file. It grows with the catalogue.
#[derive(Default)]
struct Known {
    /// The SKUs of earlier rows.
    skus: HashSet<String>,
    /// The SKU of each barcode that was asked about.
    barcodes: HashMap<String, String>,
}

/// Creates or changes the items of some rows.
async fn write_chunk(
    work: &Work<'_>,
    rows: &[ItemRow],
    known: &mut Known,
    faults: &mut Faults<'_>,
    written: &mut Written,
) -> Result<(), BulkError> {
    let skus: Vec<&str> = rows.iter().map(|row| row.input.sku.as_str()).collect();
    let wanted: Vec<&str> = rows.iter().filter_map(|row| row.input.barcode.as_ref()?.as_deref()).collect();
    let (existing, holders) =
        futures_util::try_join!(store::lock_by_sku(work.conn, &skus), store::barcodes(work.conn, &wanted))?;
    let existing: HashMap<String, ItemOut> =
        existing.into_iter().map(|row| (row.item.sku.clone(), row.item)).collect();
    for (barcode, sku) in holders {
        known.barcodes.entry(barcode).or_insert(sku);
    }
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for ItemRow { line, input } in rows {
        let before = existing.get(&input.sku);
        let values = match checked(input, before) {
            Ok(values) => values,
            Err(error) => {
                faults.extend(bad_fields(error, *line, COLUMNS)?);
                continue;
            }
        };
        let mut fault =
            |column, reason: String| faults.add(BadRow { line: *line, column: Some(column), reason });
        if !known.skus.insert(input.sku.clone()) {
            fault("sku", "stands in an earlier line too".to_owned());
            continue;
        }
        if let Some(barcode) = &values.barcode {
            let holder = known.barcodes.entry(barcode.clone()).or_insert_with(|| values.sku.clone());
            if *holder != values.sku {
                fault("barcode", format!("is the barcode of {holder}"));
                continue;
            }
        }
        match before {
            None => {
                written.tell(|| RowChange { line: *line, of: values.sku.clone(), fields: Vec::new() });
                new.push(values);
            }
            Some(before) if same(&values, before) => written.count(Effect::Unchanged),
            Some(before) => {
                let fewer = values.decimal_places < before.decimal_places;
                if fewer && store::is_used(work.conn, ItemId(before.id)).await? {
                    fault(
                        "decimal_places",
                        "must not become fewer once the item is stocked or ordered".to_owned(),
                    );
                    continue;
                }
                written.tell(|| RowChange {
                    line: *line,
                    of: before.sku.clone(),
                    fields: fields_changed(fields(before, &values)),
                });
                changed.push((values, before));
            }
        }
    }
    // All statements are sent before the first answer is awaited.
    let inserted = try_join_all(new.iter().map(|values| store::insert(work.conn, values))).await?;
    let updates = changed.iter().map(|(values, before)| store::update(work.conn, ItemId(before.id), values));
    let updated = try_join_all(updates).await?;
    inserted.iter().for_each(|_| written.count(Effect::Created));
    updated.iter().for_each(|_| written.count(Effect::Changed));
    let created = inserted.iter().map(|row| fact("item.created", row, json!({ "to": row.item })));
    let changes = updated.iter().zip(&changed);
    let changes = changes
        .map(|(row, (_, before))| fact("item.updated", row, json!({ "from": before, "to": row.item })));
    work.tell(created.chain(changes).collect()).await?;
    (work.done)(rows.len());
    Ok(())
}

/// The columns of an item, before and after.
fn fields(before: &ItemOut, values: &ItemValues) -> [(&'static str, String, String); 7] {
    let text = |text: &String| text.clone();
    let barcode = |barcode: &Option<String>| barcode.clone().unwrap_or_default();
    [
        ("name", text(&before.name), text(&values.name)),
        ("description", text(&before.description), text(&values.description)),
        ("unit", text(&before.unit), text(&values.unit)),
        ("decimal_places", before.decimal_places.to_string(), values.decimal_places.to_string()),
        ("barcode", barcode(&before.barcode), barcode(&values.barcode)),
        ("min_stock_level", before.min_stock_level.to_string(), values.min_stock_level.to_string()),
        ("active", before.active.to_string(), values.active.to_string()),
    ]
}

fn same(values: &ItemValues, before: &ItemOut) -> bool {
    let ItemValues { sku: _, name, description, unit, decimal_places, barcode, min_stock_level, active } =
        values;
    let numbers: (u8, Quantity, bool) = (*decimal_places, *min_stock_level, *active);
    (name, description, unit, barcode) == (&before.name, &before.description, &before.unit, &before.barcode)
        && numbers == (before.decimal_places, before.min_stock_level, before.active)
}

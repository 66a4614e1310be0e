//! Items in files, known by their SKU.

use std::collections::{HashMap, HashSet};

use contract::{ItemIn, ItemOut};
use domain::{ItemId, Quantity};
use futures_util::future::try_join_all;
use serde_json::json;

use super::cells::Reader;
use super::table::{Column, Row, Table};
use super::work::{CHUNK, Effect, Work, Written, bad_fields};
use super::{BadRow, BulkError};
use crate::items::{checked, fact};
use crate::store::items::{self as store, ItemValues};

pub(super) const COLUMNS: &[Column] = &[
    Column { name: "sku", required: true },
    Column { name: "name", required: true },
    Column { name: "description", required: false },
    Column { name: "unit", required: false },
    Column { name: "decimal_places", required: false },
    Column { name: "barcode", required: false },
    Column { name: "min_stock_level", required: false },
    Column { name: "active", required: false },
];

/// One item of a file.
pub(super) struct ItemRow {
    pub line: u64,
    input: ItemIn,
}

/// Reads one row. An empty cell leaves what it cannot be empty as it is; an empty barcode takes the barcode away.
pub(super) fn parse(table: &Table, row: &Row) -> Result<ItemRow, Vec<BadRow>> {
    let mut reader = Reader::new(table, row);
    let places = reader.some_text("decimal_places");
    let decimal_places = places.and_then(|text| text.parse().ok());
    if places.is_some() && decimal_places.is_none() {
        reader.fault("decimal_places", "must be 0, 1, 2 or 3");
    }
    let input = ItemIn {
        sku: reader.required("sku").to_owned(),
        name: reader.required("name").to_owned(),
        description: reader.text("description").map(str::to_owned),
        unit: reader.some_text("unit").map(str::to_owned),
        decimal_places,
        barcode: reader.text("barcode").map(|text| (!text.is_empty()).then(|| text.to_owned())),
        min_stock_level: reader.quantity("min_stock_level"),
        active: reader.flag("active"),
    };
    reader.finish(ItemRow { line: row.line, input })
}

pub(super) async fn write(work: &Work<'_>, rows: &[&ItemRow]) -> Result<Written, BulkError> {
    let mut seen = HashSet::new();
    let mut barcodes = HashMap::new();
    let mut written = Written::default();
    for chunk in rows.chunks(CHUNK) {
        write_chunk(work, chunk, &mut seen, &mut barcodes, &mut written).await?;
        (work.done)(chunk.len());
    }
    Ok(written)
}

/// `seen` are the SKUs of earlier rows, `barcodes` whose barcode each known one is.
async fn write_chunk<'r>(
    work: &Work<'_>,
    rows: &[&'r ItemRow],
    seen: &mut HashSet<&'r str>,
    barcodes: &mut HashMap<String, String>,
    written: &mut Written,
) -> Result<(), BulkError> {
    let skus: Vec<&str> = rows.iter().map(|row| row.input.sku.as_str()).collect();
    let wanted: Vec<&str> = rows.iter().filter_map(|row| row.input.barcode.as_ref()?.as_deref()).collect();
    let (existing, holders) =
        futures_util::try_join!(store::lock_by_sku(work.conn, &skus), store::barcodes(work.conn, &wanted))?;
    let existing: HashMap<String, ItemOut> =
        existing.into_iter().map(|row| (row.item.sku.clone(), row.item)).collect();
    for (barcode, sku) in holders {
        barcodes.entry(barcode).or_insert(sku);
    }
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for ItemRow { line, input } in rows {
        let mut fault =
            |column, reason: String| written.bad.push(BadRow { line: *line, column: Some(column), reason });
        let before = existing.get(&input.sku);
        let values = match checked(input, before) {
            Ok(values) => values,
            Err(error) => {
                written.bad.extend(bad_fields(error, *line, COLUMNS)?);
                continue;
            }
        };
        if !seen.insert(&input.sku) {
            fault("sku", "stands in an earlier line too".to_owned());
            continue;
        }
        if let Some(barcode) = &values.barcode {
            let holder = barcodes.entry(barcode.clone()).or_insert_with(|| values.sku.clone());
            if *holder != values.sku {
                fault("barcode", format!("is the barcode of {holder}"));
                continue;
            }
        }
        match before {
            None => new.push(values),
            Some(before) if same(&values, before) => written.effects.push(Effect::Unchanged),
            Some(before) => {
                let fewer = values.decimal_places < before.decimal_places;
                if fewer && store::is_used(work.conn, ItemId(before.id)).await? {
                    fault(
                        "decimal_places",
                        "must not become fewer once the item is stocked or ordered".to_owned(),
                    );
                    continue;
                }
                changed.push((values, before));
            }
        }
    }
    // All statements are sent before the first answer is awaited.
    let inserted = try_join_all(new.iter().map(|values| store::insert(work.conn, values))).await?;
    let updates = changed.iter().map(|(values, before)| store::update(work.conn, ItemId(before.id), values));
    let updated = try_join_all(updates).await?;
    written.effects.extend(inserted.iter().map(|_| Effect::Created));
    written.effects.extend(updated.iter().map(|_| Effect::Changed));
    let created = inserted.iter().map(|row| fact("item.created", row, json!({ "to": row.item })));
    let changes = updated.iter().zip(&changed);
    let changes = changes
        .map(|(row, (_, before))| fact("item.updated", row, json!({ "from": before, "to": row.item })));
    work.tell(created.chain(changes).collect()).await?;
    Ok(())
}

fn same(values: &ItemValues, before: &ItemOut) -> bool {
    let ItemValues { sku: _, name, description, unit, decimal_places, barcode, min_stock_level, active } =
        values;
    let numbers: (u8, Quantity, bool) = (*decimal_places, *min_stock_level, *active);
    (name, description, unit, barcode) == (&before.name, &before.description, &before.unit, &before.barcode)
        && numbers == (before.decimal_places, before.min_stock_level, before.active)
}

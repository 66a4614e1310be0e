//! Items in files, known by their SKU.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use contract::{ItemIn, ItemOut};
use domain::{ItemId, Quantity};
use futures_util::future::try_join_all;
use serde_json::json;

use super::cells::Reader;
use super::faults::Faults;
use super::table::{Column, Columns, Row, Table};
use super::work::{CHUNK, Effect, Work, Written, bad_fields};
use super::{BadRow, BulkError, RowChange, fields_changed};
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
    line: u64,
    input: ItemIn,
}

/// Reads one row. An empty cell leaves what it cannot be empty as it is; an empty barcode takes the barcode away.
pub(super) fn parse(columns: &Columns, row: &Row) -> Result<ItemRow, Vec<BadRow>> {
    let mut reader = Reader::new(columns, row);
    let places = reader.some_text("decimal_places");
    let decimal_places = places.as_ref().and_then(|text| text.parse().ok());
    if places.is_some() && decimal_places.is_none() {
        reader.fault("decimal_places", "must be 0, 1, 2 or 3");
    }
    let input = ItemIn {
        sku: reader.required("sku").into_owned(),
        name: reader.required("name").into_owned(),
        description: reader.text("description").map(Cow::into_owned),
        unit: reader.some_text("unit").map(Cow::into_owned),
        decimal_places,
        barcode: reader.text("barcode").map(|text| (!text.is_empty()).then(|| text.into_owned())),
        min_stock_level: reader.quantity("min_stock_level"),
        active: reader.flag("active"),
    };
    reader.finish(ItemRow { line: row.line, input })
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

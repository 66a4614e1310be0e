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
use crate::codes::{BySku, faults_of, same_code};
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
    /// The items of earlier rows: the ids of those that there were, the codes of the new ones.
    rows: HashSet<Result<i64, String>>,
    /// Whose each code is that was asked about: the SKU's code and the SKU.
    codes: HashMap<String, (String, String)>,
}

/// Creates or changes the items of some rows.
async fn write_chunk(
    work: &Work<'_>,
    rows: &[ItemRow],
    known: &mut Known,
    faults: &mut Faults<'_>,
    written: &mut Written,
) -> Result<(), BulkError> {
    let skus = rows.iter().map(|row| row.input.sku.as_str());
    let barcodes = rows.iter().filter_map(|row| row.input.barcode.as_ref()?.as_deref());
    let wanted: Vec<&str> = skus.chain(barcodes).collect();
    let existing = store::lock_by_code(work.conn, &wanted).await?;
    let existing: BySku<ItemOut> =
        BySku::new(existing.into_iter().map(|row| (row.item.sku.clone(), row.item)));
    for item in existing.iter() {
        let key = same_code(&item.sku);
        let holder = (key.clone(), item.sku.clone());
        for code in item.barcode.iter().map(|barcode| same_code(barcode)).chain([key]) {
            known.codes.entry(code).or_insert_with(|| holder.clone());
        }
    }
    let minimums: Vec<Quantity> =
        rows.iter().map(|row| row.input.min_stock_level.unwrap_or_default()).collect();
    let scans = faults_of(work.conn, &minimums).await?;
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for (ItemRow { line, input }, scan) in rows.iter().zip(scans) {
        let before = existing.find(&input.sku);
        let values = match checked(input, before) {
            // An item keeps its SKU as it was written first.
            Ok(values) => ItemValues { sku: before.map_or(values.sku, |item| item.sku.clone()), ..values },
            Err(error) => {
                faults.extend(bad_fields(error, *line, COLUMNS)?);
                continue;
            }
        };
        let mut fault =
            |column, reason: String| faults.add(BadRow { line: *line, column: Some(column), reason });
        let key = same_code(&values.sku);
        if !known.rows.insert(before.map_or_else(|| Err(key.clone()), |item| Ok(item.id))) {
            fault("sku", "stands in an earlier line too".to_owned());
            continue;
        }
        // A code that the item has already may be another's too, from before codes were unique.
        let new_sku = before.is_none().then_some(("sku", &values.sku));
        let barcode = values
            .barcode
            .as_ref()
            .filter(|barcode| before.and_then(|item| item.barcode.as_ref()) != Some(barcode));
        let codes = new_sku.into_iter().chain(barcode.map(|barcode| ("barcode", barcode)));
        let taken = codes.into_iter().find_map(|(column, code)| {
            let own = || (key.clone(), values.sku.clone());
            let (holder, sku) = known.codes.entry(same_code(code)).or_insert_with(own);
            (*holder != key).then(|| (column, format!("is a code of {sku}")))
        });
        // An import reads everything that an export writes.
        let scan = scan.filter(|_| before.map(|item| item.min_stock_level) != Some(values.min_stock_level));
        if let Some((column, reason)) = taken.or(scan.map(|reason| ("min_stock_level", reason))) {
            fault(column, reason);
            continue;
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
    let inserted = store::insert_many(work.conn, &new);
    let updates = changed.iter().map(|(values, before)| store::update(work.conn, ItemId(before.id), values));
    let (inserted, updated) = futures_util::try_join!(inserted, try_join_all(updates))?;
    // A later chunk finds these as items that there are.
    known.rows.extend(inserted.iter().map(|row| Ok(row.item.id)));
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

//! `services_items`.

use std::collections::HashMap;

use contract::{ItemOut, LineItemOut};
use domain::order::ItemFacts;
use domain::{ItemId, Quantity};
use platform::pg::{Params, PgError, Queries, Row};
use platform::statement;

use super::Num;
use crate::page::Page;

/// An item and the version its ETag shows.
#[derive(Debug, Clone)]
pub(crate) struct ItemRow {
    pub item: ItemOut,
    pub version: i64,
}

/// The columns that a write sets.
#[derive(Debug, Clone)]
pub(crate) struct ItemValues {
    pub sku: String,
    pub name: String,
    pub description: String,
    pub unit: String,
    pub decimal_places: u8,
    pub barcode: Option<String>,
    pub min_stock_level: Quantity,
    pub active: bool,
}

/// Which items a list shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct ItemFilter {
    /// Part of the SKU, the name or the barcode, whatever its case.
    pub q: Option<String>,
    pub sku: Option<String>,
    pub barcode: Option<String>,
    pub active: Option<bool>,
    /// The SKU or the barcode: what a scanner reads.
    pub code: Option<String>,
    pub ids: Option<Vec<i64>>,
}

/// Whether an item is the one of a code, `$param`, where that is given. Of several items that a code means, as there may be
/// from before codes were unique, the one that is spelled so comes first.
macro_rules! is_of_code {
    ($param:literal, $also:literal, $spelled:literal) => {
        concat!(
            "(",
            $param,
            "::text is null or id = (
                select i.id
                from services_item_codes c
                join services_items i on i.id = c.item_id
                where c.code = services_code(",
            $param,
            ") ",
            $also,
            "
                order by ",
            $spelled,
            " desc, c.twin
                limit 1))"
        )
    };
}

statement! {
    /// One item.
    GET: "services" = "
        select id, sku, name, description, unit, decimal_places, barcode, min_stock_level, active, created_at, version
        from services_items
        where id = $1";
    /// One item, locked for a change.
    LOCK: "services" = "
        select id, sku, name, description, unit, decimal_places, barcode, min_stock_level, active, created_at, version
        from services_items
        where id = $1
        for update";
    /// A page of items.
    LIST: "services" = concat!("
        select id, sku, name, description, unit, decimal_places, barcode, min_stock_level, active, created_at, version
        from services_items
        where id > $1
          and ($2::text is null or strpos(folded, services_fold($2)) > 0)
          and ", is_of_code!("$3", "and services_code(i.sku) = c.code", "i.sku = $3"), "
          and ", is_of_code!("$4", "and services_code(i.barcode) = c.code", "i.barcode = $4"), "
          and ($5::boolean is null or active = $5)
          and ", is_of_code!("$7", "", "i.sku = $7 or coalesce(i.barcode, '') = $7"), "
          and ($8::bigint[] is null or id = any($8))
        order by id
        limit $6");
    /// A new item.
    INSERT: "services" = "
        insert into services_items
            (sku, name, description, unit, decimal_places, barcode, min_stock_level, active)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        returning id, sku, name, description, unit, decimal_places, barcode, min_stock_level, active, created_at,
                  version";
    /// A changed item.
    UPDATE: "services" = "
        update services_items
        set sku = $2, name = $3, description = $4, unit = $5, decimal_places = $6, barcode = $7,
            min_stock_level = $8, active = $9, version = version + 1, updated_at = now()
        where id = $1
        returning id, sku, name, description, unit, decimal_places, barcode, min_stock_level, active, created_at,
                  version";
    /// Removes an item that nothing refers to.
    DELETE: "services" = "delete from services_items where id = $1";
    /// Whether anything is counted in the item's decimal places already.
    IS_USED: "services" = "
        select exists (select from services_stock where item_id = $1)
            or exists (select from services_order_lines where item_id = $1)";
    /// What the rules need to know of items.
    FACTS: "services" = "
        select id, active, decimal_places from services_items where id = any($1)";
    /// SKUs of items, for files.
    SKUS: "services" = "select id, sku from services_items where id = any($1)";
    /// Which items are not active, for files.
    INACTIVE: "services" = "select id from services_items where id = any($1) and not active";
    /// SKU, name and unit of items, for lines.
    NAMES: "services" = "select id, sku, name, unit from services_items where id = any($1)";
    /// Items by codes, locked for a change that leaves their ids alone.
    LOCK_BY_CODE: "services" = "
        select id, sku, name, description, unit, decimal_places, barcode, min_stock_level, active, created_at, version
        from services_items
        where id = any(array(
            select c.item_id
            from (select distinct services_code(u.code) as code from unnest($1::text[]) u(code)) w
            join services_item_codes c on c.code = w.code))
        order by id
        for no key update";
    /// Those of these codes that items have, with the items' SKUs.
    OF_CODES: "services" = "
        select c.code, i.sku
        from services_item_codes c
        join services_items i on i.id = c.item_id
        where c.code = any($1) and c.twin = 0";
    /// New items, their ids in the order of the rows.
    INSERT_MANY: "services" = "
        insert into services_items
            (sku, name, description, unit, decimal_places, barcode, min_stock_level, active)
        select u.sku, u.name, u.description, u.unit, u.decimal_places, u.barcode, u.minimum * 0.001, u.active
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::text[], $7::bigint[],
                    $8::boolean[])
            with ordinality u(sku, name, description, unit, decimal_places, barcode, minimum, active, n)
        order by u.n
        returning id, sku, name, description, unit, decimal_places, barcode, min_stock_level, active, created_at,
                  version";
}

fn row(row: &Row) -> ItemRow {
    let decimal_places: i16 = row.get(5);
    ItemRow {
        item: ItemOut {
            id: row.get(0),
            sku: row.get(1),
            name: row.get(2),
            description: row.get(3),
            unit: row.get(4),
            decimal_places: places(decimal_places),
            barcode: row.get(6),
            min_stock_level: row.get::<_, Num>(7).0,
            active: row.get(8),
            created_at: row.get(9),
            remaining: None,
            warnings: Vec::new(),
        },
        version: row.get(10),
    }
}

/// A check keeps the column between 0 and 3.
fn places(column: i16) -> u8 {
    u8::try_from(column).unwrap_or(Quantity::MAX_DECIMAL_PLACES)
}

pub(crate) async fn get(conn: &Queries, id: ItemId) -> Result<Option<ItemRow>, PgError> {
    Ok(conn.query_opt(&GET, &[&id.0]).await?.as_ref().map(row))
}

pub(crate) async fn lock(conn: &Queries, id: ItemId) -> Result<Option<ItemRow>, PgError> {
    Ok(conn.query_opt(&LOCK, &[&id.0]).await?.as_ref().map(row))
}

pub(crate) async fn list(conn: &Queries, filter: &ItemFilter, page: Page) -> Result<Vec<ItemOut>, PgError> {
    let ItemFilter { q, sku, barcode, active, code, ids } = filter;
    let (after, limit) = (page.after(0).first, page.rows());
    let params: Params<'_> = &[&after, q, sku, barcode, active, &limit, code, ids];
    let rows = conn.query_anew(&LIST, params).await?;
    Ok(rows.iter().map(|r| row(r).item).collect())
}

pub(crate) async fn insert(conn: &Queries, values: &ItemValues) -> Result<ItemRow, PgError> {
    let ItemValues { sku, name, description, unit, decimal_places, barcode, min_stock_level, active } =
        values;
    let (places, minimum) = (i16::from(*decimal_places), Num(*min_stock_level));
    let row_ =
        conn.query_one(&INSERT, &[sku, name, description, unit, &places, barcode, &minimum, active]).await?;
    Ok(row(&row_))
}

pub(crate) async fn update(conn: &Queries, id: ItemId, values: &ItemValues) -> Result<ItemRow, PgError> {
    let ItemValues { sku, name, description, unit, decimal_places, barcode, min_stock_level, active } =
        values;
    let (places, minimum) = (i16::from(*decimal_places), Num(*min_stock_level));
    let row_ = conn
        .query_one(&UPDATE, &[&id.0, sku, name, description, unit, &places, barcode, &minimum, active])
        .await?;
    Ok(row(&row_))
}

pub(crate) async fn delete(conn: &Queries, id: ItemId) -> Result<u64, PgError> {
    conn.execute(&DELETE, &[&id.0]).await
}

/// Whether stock levels or order lines of the item exist.
pub(crate) async fn is_used(conn: &Queries, id: ItemId) -> Result<bool, PgError> {
    Ok(conn.query_one(&IS_USED, &[&id.0]).await?.get(0))
}

fn facts_row(row: &Row) -> (ItemId, ItemFacts) {
    (ItemId(row.get(0)), ItemFacts { active: row.get(1), decimal_places: places(row.get(2)) })
}

/// What the rules need to know of those items that exist.
pub(crate) async fn facts(conn: &Queries, ids: &[i64]) -> Result<Vec<(ItemId, ItemFacts)>, PgError> {
    Ok(conn.query(&FACTS, &[&ids]).await?.iter().map(facts_row).collect())
}

/// The SKUs of those ids.
pub(crate) async fn skus(conn: &Queries, ids: &[i64]) -> Result<Vec<(i64, String)>, PgError> {
    Ok(conn.query(&SKUS, &[&ids]).await?.iter().map(|r| (r.get(0), r.get(1))).collect())
}

/// Those of the items that are not active.
pub(crate) async fn inactive(conn: &Queries, ids: &[i64]) -> Result<Vec<i64>, PgError> {
    Ok(conn.query(&INACTIVE, &[&ids]).await?.iter().map(|row| row.get(0)).collect())
}

/// SKU, name and unit of the items of those ids.
pub(crate) async fn names(conn: &Queries, ids: &[i64]) -> Result<HashMap<i64, LineItemOut>, PgError> {
    let rows = conn.query(&NAMES, &[&ids]).await?;
    Ok(rows
        .iter()
        .map(|r| (r.get(0), LineItemOut { sku: r.get(1), name: r.get(2), unit: r.get(3) }))
        .collect())
}

/// The items that those codes mean, SKUs and barcodes, locked.
pub(crate) async fn lock_by_code(conn: &Queries, codes: &[&str]) -> Result<Vec<ItemRow>, PgError> {
    Ok(conn.query(&LOCK_BY_CODE, &[&codes]).await?.iter().map(row).collect())
}

/// Those of these codes that items have, with the items' SKUs. They come as [`same_code`](crate::codes::same_code) makes
/// them.
pub(crate) async fn of_codes(conn: &Queries, codes: &[String]) -> Result<HashMap<String, String>, PgError> {
    Ok(conn.query(&OF_CODES, &[&codes]).await?.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Creates items by one statement.
pub(crate) async fn insert_many(conn: &Queries, items: &[ItemValues]) -> Result<Vec<ItemRow>, PgError> {
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let texts = |of: fn(&ItemValues) -> &str| items.iter().map(of).collect::<Vec<_>>();
    let (skus, names) = (texts(|item| &item.sku), texts(|item| &item.name));
    let (descriptions, units) = (texts(|item| &item.description), texts(|item| &item.unit));
    let places: Vec<i16> = items.iter().map(|item| i16::from(item.decimal_places)).collect();
    let barcodes: Vec<Option<&str>> = items.iter().map(|item| item.barcode.as_deref()).collect();
    let minimums: Vec<i64> = items.iter().map(|item| item.min_stock_level.thousandths()).collect();
    let active: Vec<bool> = items.iter().map(|item| item.active).collect();
    let params: Params<'_> = &[&skus, &names, &descriptions, &units, &places, &barcodes, &minimums, &active];
    Ok(conn.query(&INSERT_MANY, params).await?.iter().map(row).collect())
}

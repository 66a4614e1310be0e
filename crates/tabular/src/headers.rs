//! The names of columns in files.

use crate::{Cells, Column, FileFault};

/// Stands in files of rejected rows, behind each row; read over.
pub const REASON: &str = "reject_reason";

/// Other words for columns: those of the portal's pages, and those that people and their programs use.
const WORDS: &[(&str, &[&str])] = &[
    (
        "sku",
        &["item_number", "item_no", "article_number", "artikelnummer", "artikel_nr", "artikelnr", "art_nr"],
    ),
    ("name", &["item_name", "bezeichnung", "artikelname", "artikelbezeichnung"]),
    ("description", &["beschreibung"]),
    ("unit", &["einheit", "mengeneinheit"]),
    ("decimal_places", &["decimals", "nachkommastellen", "dezimalstellen"]),
    ("barcode", &["ean", "gtin", "upc", "ean_code", "strichcode"]),
    ("min_stock_level", &["minimum", "min_stock", "minimum_stock", "mindestbestand", "meldebestand"]),
    ("active", &["in_use", "aktiv", "in_gebrauch"]),
    ("branch", &["filiale"]),
    ("quantity", &["on_hand", "qty", "menge", "bestand", "vorhanden"]),
    ("reason", &["grund"]),
    ("at", &["time", "counted_at", "zeit", "zeitpunkt"]),
    ("code", &["branch_code", "kürzel"]),
    ("location", &["place", "ort"]),
    ("timezone", &["time_zone", "zeitzone"]),
    ("number", &["order", "order_number", "nummer", "auftrag", "auftragsnummer"]),
    ("reference", &["referenz"]),
    ("requested_qty", &["requested_quantity", "quantity", "qty", "menge"]),
    ("status", &["state"]),
    ("note", &["notiz"]),
    ("created_at", &["created", "drafted", "drafted_at", "entworfen"]),
    ("submitted_at", &["submitted", "eingereicht"]),
    ("fulfilled_at", &["fulfilled", "ausgeliefert"]),
    ("cancelled_at", &["cancelled", "canceled", "storniert"]),
];

/// The column of each header cell; an empty one has none. Words may be written in any case, with blanks, dashes or
/// points.
pub(crate) fn columns(header: &Cells, known: &[Column]) -> Result<Vec<Option<&'static str>>, FileFault> {
    let names = || known.iter().map(|column| column.name).collect::<Vec<_>>();
    let mut columns: Vec<Option<&'static str>> = Vec::with_capacity(header.len());
    for cell in header.iter() {
        let cell = cell.trim();
        if cell.is_empty() {
            columns.push(None);
            continue;
        }
        let Some(name) = column(cell, known) else {
            return Err(FileFault::Column { name: cell.to_owned(), known: names() });
        };
        if columns.contains(&Some(name)) {
            return Err(FileFault::Twice(name));
        }
        columns.push(Some(name));
    }
    let required = known.iter().filter(|column| column.required).map(|column| column.name);
    let missing: Vec<&str> = required.filter(|name| !columns.contains(&Some(name))).collect();
    if missing.is_empty() { Ok(columns) } else { Err(FileFault::Missing { missing, known: names() }) }
}

fn column(cell: &str, known: &[Column]) -> Option<&'static str> {
    let word = plain(cell);
    let names = || known.iter().map(|column| column.name).chain([REASON]);
    let meant =
        |name: &'static str| WORDS.iter().any(|(of, words)| *of == name && words.contains(&word.as_str()));
    // A name wins over another column's further word.
    names().find(|name| *name == word).or_else(|| names().find(|name| meant(name)))
}

/// `Art.-Nr.` → `art_nr`.
fn plain(cell: &str) -> String {
    let lower = cell.to_lowercase();
    let words = lower.split(|character: char| character.is_whitespace() || "-_./:*".contains(character));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_")
}

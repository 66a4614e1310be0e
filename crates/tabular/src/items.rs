//! Items in files: the same for the command line and the portal.

use std::borrow::Cow;

use contract::ItemIn;

use crate::{BadCell, Column, Columns, Fault, Reader, Row};

/// The columns of files of items.
pub const COLUMNS: &[Column] = &[
    Column { name: "sku", required: true },
    Column { name: "name", required: true },
    Column { name: "description", required: false },
    Column { name: "unit", required: false },
    Column { name: "decimal_places", required: false },
    Column { name: "barcode", required: false },
    Column { name: "min_stock_level", required: false },
    Column { name: "active", required: false },
];

/// Reads one row. An empty cell leaves what there is as it is, or where that is asked for clears what may be empty.
///
/// # Errors
/// The faults of the row.
pub fn parse(columns: &Columns, row: &Row) -> Result<ItemIn, Vec<BadCell>> {
    let mut reader = Reader::new(columns, row);
    let barcode = reader.code("barcode");
    let minimum = reader.quantity("min_stock_level");
    if minimum.is_some_and(domain::Quantity::is_negative) {
        reader.fault("min_stock_level", Fault::Negative);
    }
    let input = ItemIn {
        sku: reader.required_code("sku").into_owned(),
        name: reader.required("name").into_owned(),
        description: reader.optional("description").map(Cow::into_owned),
        unit: reader.some_text("unit").map(Cow::into_owned),
        decimal_places: reader.places("decimal_places"),
        barcode: barcode.and_then(|text| match text.is_empty() {
            true => columns.clear_empty.then_some(None),
            false => Some(Some(text.into_owned())),
        }),
        min_stock_level: minimum,
        active: reader.flag("active"),
    };
    reader.finish(input)
}

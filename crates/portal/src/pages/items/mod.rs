//! Items: the catalogue, and what there is to know of each.

pub(crate) mod edit;
pub(crate) mod file;
pub(crate) mod import;
pub(crate) mod item;
pub(crate) mod labels;
pub(crate) mod list;

use client::{ClientError, ItemFilter, Paging};
use contract::ItemOut;

use crate::http::on_behalf::Asking;
use crate::pages::frame::Frame;
use crate::print::barcode::digit_instead;

/// The items that somebody means by a text: the one of that SKU or barcode, or else those that have it as a part, of all
/// or only of those that are or are not `active`; `most` of them.
pub(crate) async fn called(
    asking: &Asking,
    text: &str,
    active: Option<bool>,
    most: u16,
) -> Result<Vec<ItemOut>, ClientError> {
    let exact = ItemFilter { code: Some(text.to_owned()), ..ItemFilter::default() };
    let part = ItemFilter { q: Some(text.to_owned()), active, ..ItemFilter::default() };
    for filter in [exact, part] {
        let found = asking.services().list_items(asking.call(), &filter, Paging::first(most)).await?;
        if !found.rows.is_empty() {
            return Ok(found.rows);
        }
    }
    Ok(Vec::new())
}

/// What to say of a barcode that has the form of an EAN, UPC or GTIN and another check digit: it may be a typing error.
fn check_digit_hint(barcode: &str, frame: &Frame) -> Option<String> {
    let digit = digit_instead(barcode)?;
    Some(frame.about("barcode-check-digit", "digit", digit))
}

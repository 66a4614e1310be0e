//! Items: the catalogue, and what there is to know of each.

pub(crate) mod edit;
pub(crate) mod file;
pub(crate) mod import;
pub(crate) mod item;
pub(crate) mod labels;
pub(crate) mod list;

use client::{ClientError, ItemFilter, Paging};
use contract::ItemOut;
use domain::gtin::digit_instead;
use platform::text::fold;

use crate::http::on_behalf::{Asking, every_page};
use crate::pages::frame::Frame;

/// In how many pages of items with a text in their SKUs, names or barcodes names are looked for: 10,000 items.
const MOST_PAGES: usize = 20;

/// The item of that SKU or barcode: what a scanner reads.
pub(crate) async fn of_code(asking: &Asking, code: &str) -> Result<Option<ItemOut>, ClientError> {
    let filter = ItemFilter { code: Some(code.to_owned()), ..ItemFilter::default() };
    let found = asking.services().list_items(asking.call(), &filter, Paging::first(1)).await?;
    Ok(found.rows.into_iter().next())
}

/// What somebody looks for: the item of that SKU or barcode, or else those that have the text as a part, of all or only of
/// those that are or are not `active`; `most` of them.
pub(crate) async fn sought(
    asking: &Asking,
    text: &str,
    active: Option<bool>,
    most: u16,
) -> Result<Sought, ClientError> {
    if let Some(item) = of_code(asking, text).await? {
        return Ok(Sought { items: vec![item], is_code: true });
    }
    let part = ItemFilter { q: Some(text.to_owned()), active, ..ItemFilter::default() };
    let found = asking.services().list_items(asking.call(), &part, Paging::first(most)).await?;
    Ok(Sought { items: found.rows, is_code: false })
}

/// The items found for a text.
pub(crate) struct Sought {
    pub items: Vec<ItemOut>,
    /// The text is the code of the only one.
    pub is_code: bool,
}

/// The active items that somebody means who enters a text: the one of that SKU or barcode, or else those that have it in
/// their names. A part of a code is no item: it may be a code that was read badly, or that of another article.
pub(crate) async fn meant(asking: &Asking, text: &str) -> Result<Vec<ItemOut>, ClientError> {
    if let Some(item) = of_code(asking, text).await? {
        return Ok(vec![item]);
    }
    let part = ItemFilter { q: Some(text.to_owned()), active: Some(true), ..ItemFilter::default() };
    let found =
        every_page(MOST_PAGES, |paging| asking.services().list_items(asking.call(), &part, paging)).await?;
    let text = fold(text);
    // Digits alone are a code, unless they are the whole of a name.
    let is_code = !text.chars().any(char::is_alphabetic);
    let is_meant = |item: &ItemOut| {
        let name = fold(&item.name);
        if is_code { name == text } else { name.contains(&text) }
    };
    Ok(found.into_iter().filter(is_meant).collect())
}

/// What to say of a barcode that has the form of an EAN, UPC or GTIN and another check digit: it may be a typing error.
fn check_digit_hint(barcode: &str, frame: &Frame) -> Option<String> {
    let digit = digit_instead(barcode)?;
    Some(frame.about("barcode-check-digit", "digit", digit))
}

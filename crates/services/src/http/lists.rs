//! The parameters that every list has.

use contract::Cursor;
use contract::page::{DEFAULT_LIMIT, MAX_LIMIT};

use crate::error::Error;
use crate::page::Page;
use crate::valid::Faults;

/// The page that `limit` and `cursor` ask for.
///
/// # Errors
/// [`Error::Invalid`] naming the parameter.
pub(crate) fn page(limit: Option<u16>, cursor: Option<&str>) -> Result<Page, Error> {
    let mut faults = Faults::default();
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        faults.add("?limit", format!("must be between 1 and {MAX_LIMIT}"));
    }
    let parsed = cursor.map(|text| {
        let parsed = Cursor::parse(text);
        if parsed.is_none() {
            faults.add("?cursor", "must be taken from a Link header as it is");
        }
        parsed
    });
    faults.finish()?;
    Ok(Page { limit, cursor: parsed.flatten() })
}

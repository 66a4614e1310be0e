//! The parameters that every list has.

use crate::error::Error;
use crate::page::Page;

/// The page that `limit` and `cursor` ask for.
///
/// # Errors
/// [`Error::Invalid`] naming the parameter.
pub(crate) fn page(limit: Option<u16>, cursor: Option<&str>) -> Result<Page, Error> {
    Page::asked(limit, cursor).map_err(Error::Invalid)
}

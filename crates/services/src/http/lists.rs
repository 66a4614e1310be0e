//! The parameters that every list has.

use jiff::Timestamp;
use platform::zones::OLDEST;

use crate::error::Error;
use crate::page::Page;

/// The page that `limit` and `cursor` ask for.
///
/// # Errors
/// [`Error::Invalid`] naming the parameter.
pub(crate) fn page(limit: Option<u16>, cursor: Option<&str>) -> Result<Page, Error> {
    Page::asked(limit, cursor).map_err(Error::Invalid)
}

/// A moment that a list is asked for, as the database can be asked for it: no row is older than the oldest of these.
pub(crate) fn moment(at: Timestamp) -> Timestamp {
    at.max(OLDEST)
}

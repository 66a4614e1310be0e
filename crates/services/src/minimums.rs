//! Bringing the items' minimums to their stock levels, so that an index says which levels are below theirs.
//!
//! An item that gets another minimum would have to lock all of its levels, and an import of items those of many, in
//! another order than postings lock them. So the worker brings it there beside the requests, a few items at a time. Until
//! then nothing is missing from a list: what a level does not know, or no longer knows rightly, is compared with the item
//! itself. A level knows nothing when it comes into being, so one that is committed while its item's minimum is brought
//! to the others is found the next time.

use platform::pg::{Database, PgError};

use crate::store::minimums as store;

/// How many items one transaction takes, so that it does not keep postings waiting for long.
const AT_ONCE: i64 = 20;

/// Brings minimums to the levels of some items; says whether there may be more to do. Any number of workers may: an
/// item that one of them works on is passed over by the others.
///
/// # Errors
/// When the database refuses or is away; nothing was brought then.
pub async fn bring(database: &Database) -> Result<bool, PgError> {
    let transaction = database.begin().await?;
    let items = store::lock_items(&transaction, AT_ONCE).await?;
    if !items.is_empty() {
        store::bring(&transaction, &items).await?;
    }
    transaction.commit().await?;
    Ok(!items.is_empty())
}

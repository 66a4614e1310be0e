//! Many items in one request, each by its SKU.

use contract::{ItemBatchIn, ItemIn};
use identity::Caller;
use policy::{Action, Resource};

use super::{EntryResult, Results, check_count, is_of_entry};
use crate::answer::Answer;
use crate::codes::BySku;
use crate::error::Error;
use crate::items::{self, Written};
use crate::request::RequestContext;
use crate::services::Services;
use crate::store::audit::Fact;
use crate::store::items::{self as store, ItemRow};
use crate::work::{Begun, Work};

/// Creates and changes items, each in its own savepoint: one that is refused leaves the others as they are.
pub(crate) async fn put(
    services: &Services,
    caller: &Caller,
    context: &RequestContext,
    input: &ItemBatchIn,
    atomic: bool,
) -> Result<Answer, Error> {
    services.authorize(caller, Action::ManageItems, Resource::Company)?;
    check_count(input.entries.len())?;
    let work = match Work::begin(services, caller, context, Action::ViewItems).await? {
        Begun::Answered(answer) => return Ok(answer),
        Begun::Work(work) => work,
    };
    let written = write(services, caller, &work, &input.entries).await.and_then(|(facts, results)| {
        if atomic {
            results.require_all()?;
        }
        Ok((facts, results.answer()))
    });
    work.finish_all(written).await
}

async fn write(
    services: &Services,
    caller: &Caller,
    work: &Work<'_>,
    entries: &[ItemIn],
) -> Result<(Vec<Fact>, Results), Error> {
    let mut skus: Vec<&str> = entries.iter().map(|entry| entry.sku.trim()).collect();
    skus.sort_unstable();
    skus.dedup();
    // All at once and by id, so that two batches of the same items wait for each other and never in a circle.
    let locked = store::lock_by_code(work.conn(), &skus).await?;
    let mut known: BySku<ItemRow> = BySku::new(locked.into_iter().map(|row| (row.item.sku.clone(), row)));
    let (mut facts, mut results) = (Vec::new(), Vec::with_capacity(entries.len()));
    for entry in entries {
        let before = known.find(entry.sku.trim());
        work.set_savepoint().await?;
        match one(services, caller, work, before, entry).await {
            Ok(Written { fact, answer, row }) => {
                work.release_savepoint().await?;
                facts.push(fact);
                results.push(EntryResult::of(&answer));
                known.insert(row.item.sku.clone(), row);
            }
            Err(error) if is_of_entry(&error) => {
                work.return_to_savepoint().await?;
                results.push(EntryResult::failed(&error));
            }
            Err(error) => return Err(error),
        }
    }
    Ok((facts, Results { results }))
}

async fn one(
    services: &Services,
    caller: &Caller,
    work: &Work<'_>,
    before: Option<&ItemRow>,
    entry: &ItemIn,
) -> Result<Written, Error> {
    match before {
        Some(before) => {
            // An item keeps its SKU as it was written first.
            let entry = ItemIn { sku: before.item.sku.clone(), ..entry.clone() };
            items::change(services, caller, work.conn(), before, &entry).await
        }
        None => items::add(work.conn(), entry).await,
    }
}

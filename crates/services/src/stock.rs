//! Stock: the use cases.

use contract::{MovementOut, SetStockIn, StockAsOfOut, StockChangeOut, StockOut, StockSort, StockSummaryOut};
use domain::adjustment::{SetStock, Target};
use domain::{BranchId, ItemId, MovementId, Quantity, StockKey};
use identity::Caller;
use jiff::Timestamp;
use policy::{Action, Resource};

use crate::answer::Answer;
use crate::codes::refuse_scans_or_replay;
use crate::documents::Command;
use crate::documents::adjustments::StockCount;
use crate::error::Error;
use crate::page::Page;
use crate::request::RequestContext;
use crate::scope::{listed, visible_ids};
use crate::services::Services;
use crate::store::changes;
use crate::store::movements::{self, MovementFilter};
use crate::store::stock::{self as store, StockFilter};
use crate::store::summary::{self, SummaryFilter};
use crate::valid::{Faults, invalid, none_if_empty};

/// A page of levels.
pub(crate) async fn list(
    services: &Services,
    caller: &Caller,
    filter: &StockFilter,
    page: Page,
) -> Result<Vec<StockOut>, Error> {
    let permit = services.authorize(caller, Action::ViewStock, listed(filter.branch_id))?;
    let ids = visible_ids(&permit);
    Ok(store::list(&*services.database.get().await?, ids.as_deref(), filter, page).await?)
}

/// A page of levels with names.
pub(crate) async fn summary(
    services: &Services,
    caller: &Caller,
    filter: &SummaryFilter,
    page: Page,
) -> Result<Vec<StockSummaryOut>, Error> {
    let permit = services.authorize(caller, Action::ViewStock, listed(filter.levels.branch_id))?;
    let by_quantity = matches!(filter.sort, StockSort::Quantity | StockSort::QuantityDesc);
    if by_quantity && filter.levels.branch_id.is_none() {
        return Err(invalid("?sort", "by quantity is for one branch: give branch_id too"));
    }
    let ids = visible_ids(&permit);
    Ok(summary::list(&*services.database.get().await?, ids.as_deref(), filter, page).await?)
}

/// A page of what a branch had more or less of at the second moment than at the first.
pub(crate) async fn changes(
    services: &Services,
    caller: &Caller,
    branch: BranchId,
    (from, to): (Timestamp, Timestamp),
    page: Page,
) -> Result<Vec<StockChangeOut>, Error> {
    services.authorize(caller, Action::ViewStock, Resource::Branch(branch))?;
    if from > to {
        return Err(invalid("?to", "must not be before from"));
    }
    Ok(changes::list(&*services.database.get().await?, branch, (from, to), page).await?)
}

/// A page of levels as they stood at `at`.
pub(crate) async fn as_of(
    services: &Services,
    caller: &Caller,
    filter: &StockFilter,
    at: Timestamp,
    page: Page,
) -> Result<Vec<StockAsOfOut>, Error> {
    let permit = services.authorize(caller, Action::ViewStock, listed(filter.branch_id))?;
    if filter.below_min.is_some() {
        return Err(invalid("?below_min", "cannot be combined with as_of: minimum levels have no history"));
    }
    let ids = visible_ids(&permit);
    Ok(store::as_of(&*services.database.get().await?, ids.as_deref(), filter, at, page).await?)
}

/// A page of the ledger.
pub(crate) async fn movements(
    services: &Services,
    caller: &Caller,
    filter: &MovementFilter,
    page: Page,
) -> Result<Vec<MovementOut>, Error> {
    let permit = services.authorize(caller, Action::ViewMovements, listed(filter.branch_id))?;
    let ids = visible_ids(&permit);
    let mut rows = movements::list(&*services.database.get().await?, ids.as_deref(), filter, page).await?;
    if !services.authorizer.allows(caller, Action::ViewMovementReasons, Resource::Company) {
        rows.iter_mut().for_each(|row| row.reason = None);
    }
    Ok(rows)
}

/// Sets what is on hand. Whether the caller may is decided on the locked level, which is none of another branch.
pub(crate) async fn set(
    services: &Services,
    caller: &Caller,
    context: RequestContext,
    input: &SetStockIn,
) -> Result<Answer, Error> {
    let count = checked(services, caller, input)?;
    let (counted, pointer) = (counted(input), |_| "/quantity".to_owned());
    let scan =
        refuse_scans_or_replay(services, caller, &context, Action::ViewStock, counted.as_slice(), pointer);
    if let Some(answer) = scan.await? {
        return Ok(answer);
    }
    services.post(Command::SetStock(count), caller, context).await
}

/// How many were counted, where this is no undo.
pub(crate) fn counted(input: &SetStockIn) -> Option<Quantity> {
    input.quantity.filter(|_| input.undoes.is_none())
}

/// What can be checked of a count without the database; one at a branch that its caller does not see is absent.
pub(crate) fn checked(services: &Services, caller: &Caller, input: &SetStockIn) -> Result<StockCount, Error> {
    let mut faults = Faults::default();
    let reason = input.reason.as_deref().map(|text| faults.paragraph("/reason", text, 500));
    let to = match (input.undoes.map(MovementId), input.quantity) {
        (Some(movement), leaves) => Some(Target::Undo { movement, leaves }),
        (None, quantity) => quantity.map(Target::Quantity),
    };
    if to.is_none() {
        faults.add("/quantity", "must be given, or undoes");
    }
    faults.finish()?;
    let to = to.ok_or_else(|| invalid("/quantity", "must be given, or undoes"))?;
    let set = SetStock {
        key: StockKey { branch: BranchId(input.branch_id), item: ItemId(input.item_id) },
        to,
        expected: input.expected_quantity,
        override_negative: input.override_negative,
    };
    services.authorizer.sees(caller, Action::AdjustStock, Resource::Branch(set.key.branch))?;
    Ok(StockCount { set, reason: reason.and_then(none_if_empty), at: None, as_is: false })
}

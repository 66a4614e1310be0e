//! Stock: the use cases.

use contract::{MovementOut, SetStockIn, StockAsOfOut, StockOut, StockSummaryOut};
use domain::adjustment::SetStock;
use domain::{BranchId, ItemId, StockKey};
use identity::{Action, Caller, authorize};
use jiff::Timestamp;

use crate::answer::Answer;
use crate::documents::Command;
use crate::documents::adjustments::StockCount;
use crate::error::Error;
use crate::page::Page;
use crate::request::{Actor, RequestContext};
use crate::scope::visible_ids;
use crate::services::Services;
use crate::store::movements::{self, MovementFilter};
use crate::store::stock::{self as store, StockFilter};
use crate::valid::{Faults, none_if_empty};

/// A page of levels.
pub(crate) async fn list(
    services: &Services,
    caller: &Caller,
    filter: &StockFilter,
    page: Page,
) -> Result<Vec<StockOut>, Error> {
    let permit = authorize(caller, Action::ViewStock, filter.branch_id.map(BranchId))?;
    let ids = visible_ids(&permit);
    Ok(store::list(&*services.database.get().await?, ids.as_deref(), filter, page).await?)
}

/// A page of levels with names.
pub(crate) async fn summary(
    services: &Services,
    caller: &Caller,
    filter: &StockFilter,
    page: Page,
) -> Result<Vec<StockSummaryOut>, Error> {
    let permit = authorize(caller, Action::ViewStock, filter.branch_id.map(BranchId))?;
    let ids = visible_ids(&permit);
    Ok(store::summary(&*services.database.get().await?, ids.as_deref(), filter, page).await?)
}

/// A page of levels as they stood at `at`.
pub(crate) async fn as_of(
    services: &Services,
    caller: &Caller,
    filter: &StockFilter,
    at: Timestamp,
    page: Page,
) -> Result<Vec<StockAsOfOut>, Error> {
    let permit = authorize(caller, Action::ViewStock, filter.branch_id.map(BranchId))?;
    if filter.below_min.is_some() {
        let mut faults = Faults::default();
        faults.add("?below_min", "cannot be combined with as_of: minimum levels have no history");
        faults.finish()?;
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
    let permit = authorize(caller, Action::ViewMovements, filter.branch_id.map(BranchId))?;
    let ids = visible_ids(&permit);
    Ok(movements::list(&*services.database.get().await?, ids.as_deref(), filter, page).await?)
}

/// Sets what is on hand.
pub(crate) async fn set(
    services: &Services,
    caller: &Caller,
    context: RequestContext,
    input: SetStockIn,
) -> Result<Answer, Error> {
    let branch = BranchId(input.branch_id);
    let permit = authorize(caller, Action::AdjustStock, Some(branch))?;
    if input.override_negative {
        authorize(caller, Action::OverrideNegative, Some(branch))?;
    }
    let mut faults = Faults::default();
    let reason = input.reason.as_deref().map(|text| faults.paragraph("/reason", text, 500));
    faults.finish()?;
    let set = SetStock {
        key: StockKey { branch, item: ItemId(input.item_id) },
        quantity: input.quantity,
        override_negative: input.override_negative,
    };
    let count = StockCount { set, reason: reason.and_then(none_if_empty), at: None };
    services.post(Command::SetStock(count), Actor::of(permit.caller()), context).await
}

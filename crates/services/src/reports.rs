//! Reports: the use cases. Each is within what the caller sees, or one branch of it.

use contract::{DailyOut, HeatBy, HeatMapOut, HistoryOut, MoversOut, OverviewOut};
use domain::{BranchId, ItemId};
use identity::Caller;
use jiff::Timestamp;
use policy::Action;

use crate::error::Error;
use crate::scope::{listed, visible_ids};
use crate::services::Services;
use crate::store::{items, reports as store};
use crate::valid::invalid;

/// The most days that a report goes back.
pub(crate) const MOST_DAYS: u16 = 90;
/// The windows that turnover is kept for.
const WINDOWS: [u16; 4] = [1, 7, 30, 90];
/// The most items of a list of movers.
const MOST_MOVERS: u16 = 100;

/// The branches that a report is about; none for all.
fn branches(
    services: &Services,
    caller: &Caller,
    actions: &[Action],
    branch: Option<BranchId>,
) -> Result<Option<Vec<i64>>, Error> {
    let resource = listed(branch.map(|branch| branch.0));
    let mut visible = None;
    for action in actions {
        visible = visible_ids(&services.authorize(caller, *action, resource)?);
    }
    Ok(branch.map(|branch| vec![branch.0]).or(visible))
}

fn checked_days(days: u16) -> Result<i32, Error> {
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(invalid("?days", format!("must be between 1 and {MOST_DAYS}")));
    }
    Ok(i32::from(days))
}

fn checked_window(days: u16) -> Result<i32, Error> {
    if !WINDOWS.contains(&days) {
        return Err(invalid("?days", "must be 1, 7, 30 or 90"));
    }
    Ok(i32::from(days))
}

/// How things stand.
pub(crate) async fn overview(
    services: &Services,
    caller: &Caller,
    branch: Option<BranchId>,
) -> Result<OverviewOut, Error> {
    let actions = [Action::ViewStock, Action::ViewOrders, Action::ViewMovements];
    let only = branches(services, caller, &actions, branch)?;
    Ok(store::overview(&*services.database.get().await?, only.as_deref()).await?)
}

/// What moved on each of the last days.
pub(crate) async fn daily(
    services: &Services,
    caller: &Caller,
    branch: Option<BranchId>,
    days: u16,
) -> Result<DailyOut, Error> {
    let only = branches(services, caller, &[Action::ViewOrders, Action::ViewMovements], branch)?;
    let days = checked_days(days)?;
    let conn = services.database.get().await?;
    let as_of = store::state(&conn).await?.as_of;
    Ok(DailyOut { as_of, days: store::daily(&conn, only.as_deref(), days).await? })
}

/// The items that left most.
pub(crate) async fn movers(
    services: &Services,
    caller: &Caller,
    branch: Option<BranchId>,
    days: u16,
    limit: u16,
) -> Result<MoversOut, Error> {
    let only = branches(services, caller, &[Action::ViewMovements], branch)?;
    let days = checked_window(days)?;
    if !(1..=MOST_MOVERS).contains(&limit) {
        return Err(invalid("?limit", format!("must be between 1 and {MOST_MOVERS}")));
    }
    let conn = services.database.get().await?;
    let as_of = store::state(&conn).await?.as_of;
    let movers = store::movers(&conn, only.as_deref(), days, i64::from(limit)).await?;
    Ok(MoversOut { as_of, items: movers.into_iter().map(|(mover, _)| mover).collect() })
}

/// Branches by items.
pub(crate) async fn heat_map(
    services: &Services,
    caller: &Caller,
    branch: Option<BranchId>,
    by: HeatBy,
    days: u16,
) -> Result<HeatMapOut, Error> {
    let only = branches(services, caller, &[Action::ViewMovements, Action::ViewStock], branch)?;
    let days = checked_window(days)?;
    let conn = services.database.get().await?;
    let state = store::state(&conn).await?;
    let as_of = if by == HeatBy::Moved { state.as_of } else { state.counted_at };
    let only = only.as_deref();
    let branches = store::heat_branches(&conn, only, by, days).await?;
    let branch_ids: Vec<i64> = branches.iter().map(|branch| branch.id).collect();
    let items = store::heat_items(&conn, only, &branch_ids, by, days).await?;
    let item_ids: Vec<i64> = items.iter().map(|item| item.id).collect();
    let cells = store::heat_cells(&conn, &branch_ids, &item_ids, days).await?;
    Ok(HeatMapOut { as_of, branches, items, cells })
}

/// What was on hand of an item at the end of each of the last days.
pub(crate) async fn history(
    services: &Services,
    caller: &Caller,
    branch: Option<BranchId>,
    item: ItemId,
    days: u16,
) -> Result<HistoryOut, Error> {
    let only = branches(services, caller, &[Action::ViewMovements, Action::ViewStock], branch)?;
    let days = checked_days(days)?;
    let conn = services.database.get().await?;
    items::get(&conn, item).await?.ok_or(Error::NotFound)?;
    let as_of = Timestamp::now();
    Ok(HistoryOut { as_of, days: store::history(&conn, only.as_deref(), item.0, days).await? })
}

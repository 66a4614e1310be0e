//! Orders: the use cases. Drafting, and what touches stock or ends an order, is posted; editing a draft is plain work.

pub(crate) mod by_reference;

use contract::{ElsewhereOut, LineIn, OrderIn, OrderOut};
use domain::order::{DraftLine, MAX_LINES, OrderCommand, check_draft, require_draft};
use domain::{BranchId, ItemId, OrderId, Quantity, Refusal};
use identity::Caller;
use platform::pg::{Database, Queries};
use policy::{Action, OrderFacts, Resource};
use serde_json::json;

use crate::answer::Answer;
use crate::asker::Asker;
use crate::codes::{refuse_scans, refuse_scans_or_replay};
use crate::documents::orders::{OrderChange, absent, facts};
use crate::documents::{Command, Facts};
use crate::error::Error;
use crate::page::Page;
use crate::request::{IfMatch, RequestContext, require_version};
use crate::scope::{listed, visible_ids};
use crate::services::Services;
use crate::store::audit::Fact;
use crate::store::order_lists::{self, OrderFilter};
use crate::store::orders::{self as store, DraftWrite, LineRow, OrderRow};
use crate::store::sought::Sought;
use crate::store::{elsewhere, items};
use crate::valid::{Faults, invalid, none_if_empty};
use crate::work::{Begun, Work};

/// A page of orders, newest first.
pub(crate) async fn list(
    services: &Services,
    caller: &Caller,
    filter: &OrderFilter,
    page: Page,
) -> Result<Vec<OrderOut>, Error> {
    let permit = services.authorize(caller, Action::ViewOrders, listed(filter.branch_id))?;
    if filter.short && filter.asking_for.is_some() {
        return Err(invalid("?asking_for", "cannot be combined with short; ask for one of them"));
    }
    let ids = visible_ids(&permit);
    Ok(order_lists::list(&*services.database.get().await?, ids.as_deref(), filter, page).await?)
}

/// One order with its lines.
pub(crate) async fn get(
    services: &Services,
    caller: &Caller,
    id: OrderId,
) -> Result<(OrderRow, Vec<LineRow>), Error> {
    let Some((row, lines)) = services.order_reader.get(id, caller.scope()).await? else {
        return Err(absent(&Asker::of(services, caller), Action::ViewOrders, id).into());
    };
    services.authorize(caller, Action::ViewOrders, Resource::Branch(row.branch))?;
    Ok((row, lines))
}

/// Gives each line what people know its item by, to callers who may see items.
pub(crate) async fn expand_items(
    services: &Services,
    caller: &Caller,
    orders: &mut [OrderOut],
) -> Result<(), Error> {
    services.authorize(caller, Action::ViewItems, Resource::Company)?;
    let mut ids: Vec<i64> = orders.iter().flat_map(|order| &order.lines).map(|line| line.item_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let names = items::names(&*services.database.get().await?, &ids).await?;
    for line in orders.iter_mut().flat_map(|order| &mut order.lines) {
        line.item = names.get(&line.item_id).cloned().map(Box::new);
    }
    Ok(())
}

/// A page of where else there is some of what an order is short of, within what the caller sees. Nothing for an order
/// that is not open.
pub(crate) async fn elsewhere(
    services: &Services,
    caller: &Caller,
    id: OrderId,
    page: Page,
) -> Result<Vec<ElsewhereOut>, Error> {
    let (row, _) = get(services, caller, id).await?;
    let permit = services.authorize(caller, Action::ViewStock, Resource::Branch(row.branch))?;
    let ids = visible_ids(&permit);
    Ok(elsewhere::list(&*services.database.get().await?, &row, ids.as_deref(), page).await?)
}

/// Drafts an order.
pub(crate) async fn create(
    services: &Services,
    caller: &Caller,
    context: RequestContext,
    input: &OrderIn,
) -> Result<Answer, Error> {
    let branch = Resource::Branch(BranchId(input.branch_id));
    services.authorize(caller, Action::DraftOrders, branch)?;
    let draft = checked(services, input)?;
    let asked = quantities(input);
    if let Some(answer) =
        refuse_scans_or_replay(services, caller, &context, Action::ViewOrders, &asked, quantity_of_line)
            .await?
    {
        return Ok(answer);
    }
    services.post(Command::Draft(draft), caller, context).await
}

/// Replaces what a draft says.
pub(crate) async fn update(
    services: &Services,
    caller: &Caller,
    context: &RequestContext,
    id: OrderId,
    if_match: Option<&IfMatch>,
    input: &OrderIn,
) -> Result<Answer, Error> {
    let draft = checked(services, input)?;
    let asked = quantities(input);
    let work = match Work::begin(services, caller, context, Action::ViewOrders).await? {
        Begun::Answered(answer) => return Ok(answer),
        Begun::Work(work) => work,
    };
    let asker = Asker::of(services, caller);
    let replaced = async {
        let taken = by_reference::claim(work.conn(), &asker, &draft).await?;
        let (row, lines) = lock(work.conn(), &asker, id).await?;
        let branch = row.branch;
        require_draft_at(&row, if_match, "changed").map_err(|error| error.at(branch))?;
        refuse_scans(work.conn(), &asked, quantity_of_line).await.map_err(|error| error.at(branch))?;
        let replaced = replace(work.conn(), row, &lines, draft, taken).await;
        let (fact, answer) = replaced.map_err(|error| error.at(branch))?;
        Ok((fact, answer.at(Some(branch))))
    };
    let replaced = replaced.await;
    work.finish(replaced).await
}

/// Writes over a locked draft; gives what the audit is told and the answer. Where its reference is `taken`, it keeps the one
/// that it has.
async fn replace(
    conn: &Queries,
    mut row: OrderRow,
    old_lines: &[LineRow],
    draft: DraftWrite,
    taken: Option<Refusal>,
) -> Result<(Fact, Answer), Error> {
    if draft.branch != row.branch {
        let mut faults = Faults::default();
        faults.add("/branch_id", format!("must stay {}; draft a new order for another branch", row.branch));
        faults.finish()?;
    }
    if let Some(taken) = taken.filter(|_| row.reference != draft.reference) {
        return Err(taken.into());
    }
    check_references(conn, &draft, old_lines).await?;
    let before = row.out(old_lines);
    let (version, lines) = store::replace(conn, row.id, &draft).await?;
    row.version = version;
    (row.reference, row.note) = (draft.reference, draft.note);
    let out = row.out(&lines);
    let fact = row.fact("order.updated", &json!({ "from": before, "to": out }));
    Ok((fact, Answer::json(200, &out).with_version(version)))
}

/// Removes a draft.
pub(crate) async fn delete(
    services: &Services,
    caller: &Caller,
    context: &RequestContext,
    id: OrderId,
    if_match: Option<&IfMatch>,
) -> Result<Answer, Error> {
    let work = match Work::begin(services, caller, context, Action::ViewOrders).await? {
        Begun::Answered(answer) => return Ok(answer),
        Begun::Work(work) => work,
    };
    let asker = Asker::of(services, caller);
    let deleted = async {
        let (row, lines) = lock(work.conn(), &asker, id).await?;
        require_draft_at(&row, if_match, "deleted").map_err(|error| error.at(row.branch))?;
        store::delete(work.conn(), id, row.branch).await?;
        let fact = row.fact("order.deleted", &json!({ "from": row.out(&lines) }));
        Ok((fact, Answer::empty(204).at(Some(row.branch))))
    };
    let deleted = deleted.await;
    work.finish(deleted).await
}

/// Submits, fulfils or cancels an order. Whether the caller may is decided on the locked order.
pub(crate) async fn post(
    services: &Services,
    caller: &Caller,
    context: RequestContext,
    order: OrderId,
    command: OrderCommand,
) -> Result<Answer, Error> {
    let change = OrderChange { order, command, only: None, at: None, as_is: false };
    services.post(Command::Order(change), caller, context).await
}

/// Locks an order that the caller may change. One that the caller does not see is not locked.
async fn lock(conn: &Queries, asker: &Asker, id: OrderId) -> Result<(OrderRow, Vec<LineRow>), Error> {
    let Some((row, lines)) = locked(conn, asker, id).await? else {
        return Err(absent(asker, Action::DraftOrders, id).into());
    };
    asker.authorize(Action::DraftOrders, Resource::Order(facts(&row, &lines)))?;
    Ok((row, lines))
}

/// Locks an order that the caller sees.
async fn locked(
    conn: &Queries,
    asker: &Asker,
    id: OrderId,
) -> Result<Option<(OrderRow, Vec<LineRow>)>, Error> {
    let mut sought = Sought::default();
    sought.add(id, asker.scope());
    let found = store::lock(conn, &sought).await?;
    let Some((row, _)) = found.into_iter().next() else { return Ok(None) };
    let lines = store::lines(conn, &[id.0]).await?.remove(&id).unwrap_or_default();
    Ok(Some((row, lines)))
}

/// Refuses a change of an order that is not at the version the client has read, or is no draft.
fn require_draft_at(row: &OrderRow, if_match: Option<&IfMatch>, verb: &'static str) -> Result<(), Error> {
    require_version(if_match, row.version)?;
    Ok(require_draft(row.status, verb)?)
}

/// What can be checked of a draft without the database.
fn checked(services: &Services, input: &OrderIn) -> Result<DraftWrite, Error> {
    let mut faults = Faults::default();
    let reference = input.reference.as_deref().map(|text| faults.code("/reference", text, 100));
    let note = input.note.as_deref().map(|text| faults.paragraph("/note", text, 2_000));
    match input.lines.len() {
        0 => faults.add("/lines", "must have at least one line"),
        n if n > MAX_LINES => faults.add("/lines", format!("must have at most {MAX_LINES} lines")),
        _ => {}
    }
    faults.finish()?;
    let line = |line: &LineIn| DraftLine { item: ItemId(line.item_id), requested: line.requested_qty };
    Ok(DraftWrite {
        branch: BranchId(input.branch_id),
        reference: reference.and_then(none_if_empty),
        is_unique: services.unique_references,
        note: note.and_then(none_if_empty),
        lines: input.lines.iter().map(line).collect(),
    })
}

/// The quantity of each line.
fn quantities(input: &OrderIn) -> Vec<Quantity> {
    input.lines.iter().map(|line| line.requested_qty).collect()
}

/// The field of a line's quantity.
fn quantity_of_line(n: usize) -> String {
    format!("/lines/{n}/requested_qty")
}

/// What must be checked of a draft against its branch and items.
async fn check_references(conn: &Queries, draft: &DraftWrite, before: &[LineRow]) -> Result<(), Error> {
    let items = draft.lines.iter().map(|line| line.item);
    let facts = Facts::load(conn, std::iter::once(draft.branch), items).await?;
    let branch_active = facts.branch_active(draft.branch);
    let asked = |line: &LineRow| DraftLine { item: ItemId(line.item_id), requested: line.requested };
    let before: Vec<DraftLine> = before.iter().map(asked).collect();
    Ok(check_draft(branch_active, &draft.lines, &before, |item| facts.item(item))?)
}

/// An order as it is stored, for the operator's command line.
#[derive(Debug)]
pub struct FoundOrder(OrderRow, Vec<LineRow>);

impl FoundOrder {
    /// What policies may know of it.
    pub fn facts(&self) -> OrderFacts<'_> {
        facts(&self.0, &self.1)
    }
}

/// The order of that id.
///
/// # Errors
/// When the database is away.
pub async fn find_order(database: &Database, id: OrderId) -> Result<Option<FoundOrder>, Error> {
    let found = store::get(&*database.get().await?, id, None).await?;
    Ok(found.map(|(row, lines)| FoundOrder(row, lines)))
}

//! Orders put by their reference: drafted where no order of the branch has it, changed where a draft has it.

use contract::{OrderContentIn, OrderIn};
use domain::{BranchId, OrderId, Refusal};
use identity::Caller;
use platform::pg::Queries;
use policy::{Action, Resource};

use super::{checked, locked, quantities, quantity_of_line, replace, require_draft_at};
use crate::answer::Answer;
use crate::asker::Asker;
use crate::codes::refuse_scans;
use crate::documents::Command;
use crate::documents::drafts::taken;
use crate::documents::orders::facts;
use crate::engine::{Outcome, Request, batch};
use crate::error::Error;
use crate::request::{Actor, IfMatch, RequestContext};
use crate::services::Services;
use crate::store::audit::Fact;
use crate::store::orders::{DraftWrite, LineRow, OrderRow};
use crate::store::references::{self, Reference};
use crate::valid::invalid;
use crate::work::{Begun, Work};

/// Drafts an order with this reference, or replaces what the draft that has it says. Cancelled orders have none here.
/// The reference is locked meanwhile, so that of two who put it at once one drafts and the other changes.
pub(crate) async fn put(
    services: &Services,
    caller: &Caller,
    context: &RequestContext,
    (branch, reference): (BranchId, String),
    if_match: Option<&IfMatch>,
    content: OrderContentIn,
) -> Result<Answer, Error> {
    services.authorize(caller, Action::DraftOrders, Resource::Branch(branch))?;
    let OrderContentIn { note, lines } = content;
    let input = OrderIn { branch_id: branch.0, reference: Some(reference), note, lines };
    let draft = DraftWrite { is_unique: true, ..checked(services, &input)? };
    let Some(reference) = draft.unique_reference() else {
        return Err(invalid("/reference", "must not be empty"));
    };
    let work = match Work::begin(services, caller, context, Action::ViewOrders).await? {
        Begun::Answered(answer) => return Ok(answer),
        Begun::Work(work) => work,
    };
    let asker = Asker::of(services, caller);
    let put = async {
        let found = find(work.conn(), &asker, &reference).await?;
        match &found {
            Some((row, lines)) => {
                asker.authorize(Action::DraftOrders, Resource::Order(facts(row, lines)))?;
                require_draft_at(row, if_match, "changed")?;
            }
            None if if_match.is_some() => return Err(Error::Stale),
            None => {}
        }
        refuse_scans(work.conn(), &quantities(&input), quantity_of_line).await?;
        match found {
            Some((row, lines)) => {
                let (fact, answer) = replace(work.conn(), row, &lines, draft, None).await?;
                Ok((vec![fact], answer.at(Some(branch))))
            }
            None => create(work.conn(), asker, Actor::of(caller), context, draft).await,
        }
    };
    let put = put.await.map_err(|error| error.at(branch));
    work.finish_all(put).await
}

/// Takes the reference that a changed draft is to have, where it must be unique, and says why the draft cannot have it
/// where another order does. At a branch that the asker does not see nothing is locked: there is no such draft for them.
pub(super) async fn claim(
    conn: &Queries,
    asker: &Asker,
    draft: &DraftWrite,
) -> Result<Option<Refusal>, Error> {
    let Some(reference) = draft.unique_reference().filter(|_| asker.sees(draft.branch)) else {
        return Ok(None);
    };
    let holders = references::take(conn, [reference]).await?;
    let holder = holders.into_values().flatten().next();
    Ok(holder.map(|order| taken(asker, draft.branch, order)))
}

/// Takes the reference, and locks the one order that has it.
async fn find(
    conn: &Queries,
    asker: &Asker,
    reference: &Reference,
) -> Result<Option<(OrderRow, Vec<LineRow>)>, Error> {
    let holders: Vec<OrderId> =
        references::take(conn, [reference.clone()]).await?.into_values().flatten().collect();
    let order = match holders.as_slice() {
        [] => return Ok(None),
        [order] => *order,
        _ => return Err(Refusal::ReferenceShared.into()),
    };
    // Until it was locked, it may have been cancelled, deleted or given another reference.
    let has_it = |row: &OrderRow| {
        row.reference.as_deref() == Some(reference.text.as_str()) && !row.status.is_cancelled()
    };
    Ok(locked(conn, asker, order).await?.filter(|(row, _)| has_it(row)))
}

/// Drafts as a request of its own does. Its audit entry is written with it.
async fn create(
    conn: &Queries,
    asker: Asker,
    actor: Actor,
    context: &RequestContext,
    draft: DraftWrite,
) -> Result<(Vec<Fact>, Answer), Error> {
    // The key is that of the work around it.
    let context = RequestContext { idempotency: None, ..context.clone() };
    let request = Request { command: Command::Draft(draft), asker, actor, context };
    let requests = [&request];
    let decided = batch::decide(batch::load(conn, &requests).await?, &requests);
    batch::write(conn, &decided).await?;
    match decided.outcomes.into_iter().next() {
        Some(Outcome::Answered(answer)) => Ok((Vec::new(), answer)),
        Some(Outcome::Refused(refusal, _)) => Err(refusal.into()),
        Some(Outcome::Denied(denied)) => Err(denied.into()),
        // There is one outcome, and the request has no key.
        Some(Outcome::KeyReused(_) | Outcome::KeyInFlight) | None => Err(Error::OutcomeUnknown),
    }
}

//! Many counts in one request.

use contract::{SetStockIn, StockBatchIn};
use domain::BranchId;
use identity::Caller;
use platform::pg::{PgError, Queries};
use policy::{Action, Denied, Resource};

use super::{EntryResult, Results, check_count, is_of_entry, tell_denied};
use crate::answer::Answer;
use crate::asker::Asker;
use crate::codes;
use crate::documents::Command;
use crate::documents::adjustments::StockCount;
use crate::engine::{Outcome, Request, batch, collided};
use crate::error::Error;
use crate::request::{Actor, RequestContext};
use crate::services::Services;
use crate::stock;
use crate::valid::invalid;
use crate::work::{Begun, Work};

/// How often a batch is tried when it collides with another transaction.
const TRIES: u32 = 6;

/// Sets what is on hand of many levels. Each entry is decided on the locked levels, in the order of the entries. Whoever may
/// do none of them is refused as of the first.
pub(crate) async fn set(
    services: &Services,
    caller: &Caller,
    context: &RequestContext,
    input: &StockBatchIn,
    atomic: bool,
) -> Result<Answer, Error> {
    check_count(input.entries.len())?;
    let entries = input.entries.iter().map(|entry| stock::checked(services, caller, entry));
    let mut counts = Vec::with_capacity(input.entries.len());
    for entry in entries {
        counts.push(match entry {
            Err(error) if !is_of_entry(&error) => return Err(error),
            entry => entry,
        });
    }
    let mut tries = 0;
    loop {
        tries += 1;
        let work = match Work::begin(services, caller, context, Action::ViewStock).await? {
            Begun::Answered(answer) => return again(services, caller, context, &input.entries, answer).await,
            Begun::Work(work) => work,
        };
        if tries == 1 {
            refuse_scans(work.conn(), &input.entries, &mut counts).await?;
        }
        let posted = post(services, caller, context, &counts, work.conn()).await;
        let Posted { results, mut denied } = match posted {
            Ok(posted) => posted,
            Err(error) => {
                let again = tries < TRIES && collided(&error);
                work.give_up().await;
                if again {
                    continue;
                }
                return Err(error.into());
            }
        };
        if denied.len() == counts.len() {
            work.give_up().await;
            return Err(Error::Denied(denied.remove(0)));
        }
        let results = Results { results };
        let done = if atomic { results.require_all() } else { Ok(()) };
        let finished = work.finish_all(done.map(|()| (Vec::new(), results.answer()))).await;
        tell_denied(services, &denied, context).await;
        return finished;
    }
}

/// Refuses counts that are the code of an item.
async fn refuse_scans(
    conn: &Queries,
    entries: &[SetStockIn],
    counts: &mut [Result<StockCount, Error>],
) -> Result<(), PgError> {
    let quantities = entries.iter().map(|entry| stock::counted(entry).unwrap_or_default());
    let scans = codes::faults_of(conn, &quantities.collect::<Vec<_>>()).await?;
    for (count, scan) in counts.iter_mut().zip(scans) {
        if let (Ok(_), Some(scan)) = (&count, scan) {
            *count = Err(invalid("/quantity", scan));
        }
    }
    Ok(())
}

/// The results of the entries, and the refusals of authorization among them.
struct Posted {
    results: Vec<EntryResult>,
    denied: Vec<Denied>,
}

/// Decides and writes the counts that can be asked for at all.
async fn post(
    services: &Services,
    caller: &Caller,
    context: &RequestContext,
    counts: &[Result<StockCount, Error>],
    conn: &Queries,
) -> Result<Posted, PgError> {
    let (asker, actor) = (Asker::of(services, caller), Actor::of(caller));
    let context = RequestContext { idempotency: None, ..context.clone() };
    let request = |count: &StockCount| Request {
        command: Command::SetStock(count.clone()),
        asker: asker.clone(),
        actor: actor.clone(),
        context: context.clone(),
    };
    let requests: Vec<Request> = counts.iter().filter_map(|count| count.as_ref().ok()).map(request).collect();
    let requests: Vec<&Request> = requests.iter().collect();
    let decided = batch::decide(batch::load(conn, &requests).await?, &requests);
    batch::write(conn, &decided).await?;
    let mut outcomes = decided.outcomes.into_iter();
    let mut posted = Posted { results: Vec::with_capacity(counts.len()), denied: Vec::new() };
    for count in counts {
        let result = match count {
            Err(error) => {
                posted.denied.extend(error.denied().cloned());
                EntryResult::failed(error)
            }
            Ok(_) => match outcomes.next() {
                Some(Outcome::Answered(answer) | Outcome::Refused(_, answer)) => EntryResult::of(&answer),
                Some(Outcome::Denied(denied)) => {
                    posted.denied.push(denied.clone());
                    EntryResult::failed(&Error::Denied(denied))
                }
                // There are as many outcomes as requests, and no request of a batch has a key of its own.
                Some(Outcome::KeyReused(_) | Outcome::KeyInFlight) | None => {
                    EntryResult::failed(&Error::OutcomeUnknown)
                }
            },
        };
        posted.results.push(result);
    }
    Ok(posted)
}

/// The first answer given again: of levels whose branch the caller does not see any more, as of absent ones.
async fn again(
    services: &Services,
    caller: &Caller,
    context: &RequestContext,
    entries: &[SetStockIn],
    answer: Answer,
) -> Result<Answer, Error> {
    let asker = Asker::of(services, caller);
    let hidden: Vec<Option<Denied>> = entries
        .iter()
        .map(|entry| asker.authorize(Action::ViewStock, Resource::Branch(BranchId(entry.branch_id))).err())
        .collect();
    if hidden.iter().all(Option::is_none) {
        return Ok(answer);
    }
    let stored: Result<Results, _> = serde_json::from_slice(&answer.body);
    let Ok(Results { mut results }) = stored else { return Ok(answer) };
    let mut denied = Vec::new();
    for (result, hidden) in results.iter_mut().zip(hidden) {
        if let Some(hidden) = hidden {
            *result = EntryResult::failed(&Error::Denied(hidden.clone()));
            denied.push(hidden);
        }
    }
    tell_denied(services, &denied, context).await;
    let shown = Results { results }.answer();
    Ok(Answer { body: shown.body, ..answer })
}

//! Refusals of authorization, written to the audit: of each caller so many a minute, the others counted. Whoever is
//! refused over and over fills no disk, and is seen all the same.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use identity::Caller;
use jiff::Timestamp;
use platform::pg::{Database, PgError};
use policy::{Denied, Refused};
use serde_json::json;

use crate::request::{Actor, RequestContext};
use crate::store::audit::{self, AuditWrite, Fact};

/// How many refusals of one caller are written in a window; further ones are counted.
const WRITTEN: u32 = 10;
/// How long a window is.
const WINDOW: Duration = Duration::from_secs(60);

/// What each caller was refused lately.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<HashMap<Arc<str>, Window>>);

#[derive(Debug)]
struct Window {
    caller: Caller,
    began: Instant,
    written: u32,
    counted: u64,
}

impl Refusals {
    /// Whether this refusal is to be written; otherwise it is counted.
    fn admits(&self, caller: &Caller, now: Instant) -> bool {
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = match callers.entry(Arc::clone(caller.user_id())) {
            Entry::Occupied(window) => window.into_mut(),
            Entry::Vacant(place) => {
                place.insert(Window { caller: caller.clone(), began: now, written: 0, counted: 0 })
            }
        };
        let written = window.written < WRITTEN;
        if written {
            window.written += 1;
        } else {
            window.counted += 1;
        }
        written
    }

    /// Forgets the windows that began before this moment; gives the callers of whom refusals were only counted.
    fn ended(&self, began_before: Instant) -> Vec<(Caller, u64)> {
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = callers.extract_if(|_, window| window.began <= began_before);
        ended.filter(|(_, window)| window.counted > 0).map(|(_, w)| (w.caller, w.counted)).collect()
    }

    /// Writes a refusal, unless its caller had many lately.
    ///
    /// # Errors
    /// When the database refuses or is away; the refusal itself stands.
    pub(crate) async fn record(
        &self,
        database: &Database,
        denied: &Denied,
        context: &RequestContext,
    ) -> Result<(), PgError> {
        if !self.admits(&denied.refused().caller, Instant::now()) {
            return Ok(());
        }
        write(database, &[entry(denied, context)]).await
    }

    /// Writes how many refusals were only counted in the windows that are over, or in all of them.
    ///
    /// # Errors
    /// As [`Refusals::record`].
    pub(crate) async fn settle(&self, database: &Database, all: bool) -> Result<(), PgError> {
        let now = Instant::now();
        let before = if all { Some(now) } else { now.checked_sub(WINDOW) };
        let Some(before) = before else { return Ok(()) };
        let entries: Vec<AuditWrite> = self
            .ended(before)
            .iter()
            .map(|(caller, counted)| {
                let details = json!({ "not_written": counted, "seconds": WINDOW.as_secs() });
                fact("more".to_owned(), None, &details).entry(
                    Timestamp::now(),
                    &Actor::of(caller),
                    &RequestContext::default(),
                )
            })
            .collect();
        if entries.is_empty() { Ok(()) } else { write(database, &entries).await }
    }
}

fn entry(denied: &Denied, context: &RequestContext) -> AuditWrite {
    let Refused { caller, action, resource, branch, policies } = denied.refused();
    let answer = match denied {
        Denied::Forbidden(_) => "forbidden",
        Denied::Hidden(_) => "hidden",
    };
    let policies: Vec<&str> = policies.iter().map(AsRef::as_ref).collect();
    let details =
        json!({ "action": action.name(), "resource": resource, "answer": answer, "policies": policies });
    fact(resource.clone(), branch.map(|branch| branch.0), &details).entry(
        Timestamp::now(),
        &Actor::of(caller),
        context,
    )
}

fn fact(resource: String, branch_id: Option<i64>, details: &serde_json::Value) -> Fact {
    Fact {
        action: "authorization.refused",
        entity_type: "authorization",
        entity_id: resource,
        branch_id,
        details: details.to_string(),
    }
}

async fn write(database: &Database, entries: &[AuditWrite]) -> Result<(), PgError> {
    audit::insert(&*database.get().await?, entries).await
}

#[cfg(test)]
mod tests {
    use identity::{BranchScope, Roles};

    use super::*;

    #[test]
    fn of_each_caller_so_many_are_written_a_window_and_the_others_counted() {
        let refusals = Refusals::default();
        let caller = |id: &str| Caller::known(id, "someone", Roles::default(), BranchScope::All);
        let begin = Instant::now();
        let written = (0..25).filter(|_| refusals.admits(&caller("7"), begin)).count();
        assert_eq!(written, 10);
        assert!(refusals.admits(&caller("8"), begin), "another caller has a window of its own");
        let ended = refusals.ended(begin);
        assert_eq!(
            ended.iter().map(|(caller, n)| (&**caller.user_id(), *n)).collect::<Vec<_>>(),
            [("7", 15)]
        );
        assert!(refusals.admits(&caller("7"), begin + WINDOW), "a new window has begun");
    }
}

//! Many changes in one request: one transaction, so that a batch that was cut off is repeated whole under its key. Each
//! entry is decided by itself, as its request alone would be; with `atomic`, one that is refused undoes all.

pub(crate) mod items;
pub(crate) mod stock;

use contract::batch::MAX_ENTRIES;
use contract::{FieldError, Problem};
use policy::Denied;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::answer::{Answer, as_json};
use crate::error::Error;
use crate::problem;
use crate::request::RequestContext;
use crate::services::Services;
use crate::valid::invalid;

/// The result of each entry, as `StockBatchOut` and `ItemBatchOut` show it.
#[derive(Debug, Serialize, Deserialize)]
struct Results {
    results: Vec<EntryResult>,
}

/// The result of one entry: the answer that a request for the entry alone would have got.
#[derive(Debug, Serialize, Deserialize)]
struct EntryResult {
    status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    problem: Option<Box<RawValue>>,
}

impl EntryResult {
    /// The request's path and id are those of the whole batch: an entry's problem does not say them again.
    fn of(answer: &Answer) -> EntryResult {
        // Every answer's body is JSON that this program wrote, so that all of this can be read.
        let raw = |text: &str| RawValue::from_string(text.to_owned()).ok();
        let (body, problem) = if answer.status < 400 {
            (std::str::from_utf8(&answer.body).ok().and_then(raw), None)
        } else {
            let said = serde_json::from_slice::<Problem>(&answer.body).ok();
            let said = said.map(|problem| Problem { instance: None, request_id: None, ..problem });
            (None, said.and_then(|problem| raw(&as_json(&problem))))
        };
        EntryResult { status: answer.status, body, problem }
    }

    fn failed(error: &Error) -> EntryResult {
        EntryResult::of(&Answer::problem(&problem::of_error(error, &RequestContext::default())))
    }

    fn is_refused(&self) -> bool {
        self.problem.is_some()
    }

    /// The entry's faults, as fields of a batch that is refused whole.
    fn faults(&self, index: usize) -> Vec<FieldError> {
        let at = format!("/entries/{index}");
        let problem = self.problem.as_ref().and_then(|said| serde_json::from_str::<Problem>(said.get()).ok());
        let Some(problem) = problem else { return Vec::new() };
        if problem.errors.is_empty() {
            return vec![FieldError::new(at, problem.detail)];
        }
        let fields = problem.errors.into_iter();
        fields.map(|fault| FieldError::new(format!("{at}{}", fault.pointer), fault.detail)).collect()
    }
}

impl Results {
    fn answer(&self) -> Answer {
        Answer::json(200, self)
    }

    /// Refuses a batch that is to be carried out whole or not at all, where an entry is refused.
    fn require_all(&self) -> Result<(), Error> {
        let refused = || self.results.iter().enumerate().filter(|(_, result)| result.is_refused());
        let errors: Vec<FieldError> = refused().flat_map(|(index, result)| result.faults(index)).collect();
        if errors.is_empty() {
            return Ok(());
        }
        // Authorization is asked anew each time.
        let again = refused().any(|(_, result)| matches!(result.status, 403 | 404));
        Err(Error::NotApplied { errors, is_final: !again })
    }
}

/// Whether an error is one entry's own: any other is the whole batch's.
fn is_of_entry(error: &Error) -> bool {
    error.is_final()
        || error.denied().is_some()
        || matches!(error.parts().1, Error::NotFound | Error::Refused(_))
}

/// Refuses a batch without entries, or with more than may be.
fn check_count(entries: usize) -> Result<(), Error> {
    match entries {
        0 => Err(invalid("/entries", "must have at least one entry")),
        n if n > MAX_ENTRIES => Err(invalid(
            "/entries",
            format!("must have at most {MAX_ENTRIES} entries; send the rest in further requests"),
        )),
        _ => Ok(()),
    }
}

/// Has the audit told of the entries that their caller may not do or see. They are answered all the same.
async fn tell_denied(services: &Services, denied: &[Denied], context: &RequestContext) {
    for denied in denied {
        if let Err(error) = services.refusals.record(&services.database, denied, context).await {
            tracing::warn!(%error, "a refusal could not be written to the audit");
        }
    }
}

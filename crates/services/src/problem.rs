//! The one place that turns errors and refusals into problems.

use contract::problem::ShortLine;
use contract::{FieldError, Problem, ProblemKind};
use domain::{OrderId, Refusal};
use policy::Denied;

use crate::error::Error;
use crate::request::RequestContext;

/// The one answer for what is not there and for what the caller does not see, whatever it is and whatever was asked.
fn absent() -> Problem {
    Problem::new(ProblemKind::NotFound, "It does not exist, or you may not see it.")
}

/// What the client is told. Never a source: those are for the log.
pub(crate) fn of_error(error: &Error, context: &RequestContext) -> Problem {
    let problem = match error {
        Error::Denied(Denied::Forbidden(_)) => Problem::new(
            ProblemKind::Forbidden,
            "Your roles, or a policy of the company, do not allow this. An administrator can help.",
        ),
        Error::Denied(Denied::Hidden(_)) | Error::NotFound => absent(),
        Error::At(_, error) => return of_error(error, context),
        // Which of the two it is, and whose, is not said.
        Error::HiddenDuplicate(_) => Problem::new(
            ProblemKind::Duplicate,
            "This name or this code cannot be used. Choose another name and another code.",
        ),
        Error::Invalid(errors) => Problem::invalid(errors.clone()),
        Error::Refused(refusal) => return of_refusal(refusal, context),
        Error::Duplicate { entity, field } => {
            let detail = format!("Another {entity} has this {field} already. Choose another {field}.");
            let errors = vec![FieldError::new(format!("/{field}"), "is taken")];
            Problem { errors, ..Problem::new(ProblemKind::Duplicate, detail) }
        }
        Error::NotApplied { errors, .. } => {
            let detail = "Nothing was changed, since entries are refused; see errors. Mend these or leave them out, or send the \
                          batch without atomic.";
            Problem { errors: errors.clone(), ..Problem::new(ProblemKind::NotApplied, detail) }
        }
        Error::StillReferenced(what) => Problem::new(
            ProblemKind::StillReferenced,
            format!("Other rows refer to this {what}, so it cannot be deleted. Set active to false instead."),
        ),
        Error::Stale => Problem::new(
            ProblemKind::PreconditionFailed,
            "It was changed since you read it. Read it again and decide anew.",
        ),
        Error::KeyReused(first_made) => {
            let made = first_made.as_ref().map(|made| format!(", which made {made}")).unwrap_or_default();
            let detail = format!(
                "This Idempotency-Key was used for another request{made}. Use a new key for a new request."
            );
            Problem {
                first_made: first_made.clone(),
                ..Problem::new(ProblemKind::IdempotencyKeyReused, detail)
            }
        }
        Error::KeyInFlight => Problem::new(
            ProblemKind::IdempotencyInFlight,
            "The first request with this Idempotency-Key is still running. Wait a moment and repeat.",
        ),
        Error::Busy => Problem::new(
            ProblemKind::Unavailable,
            "Too much is waiting already. Nothing was changed; repeat as Retry-After says.",
        ),
        Error::Unavailable => Problem::new(
            ProblemKind::Unavailable,
            "The database is away. Nothing was changed; repeat as Retry-After says.",
        ),
        Error::Exhausted(what) => Problem::new(
            ProblemKind::Unavailable,
            format!("The database refused: {what}. Nothing was changed; repeat as Retry-After says."),
        ),
        Error::OutcomeUnknown => Problem::new(
            ProblemKind::OutcomeUnknown,
            "Whether the change was made is not known. Repeat with the same Idempotency-Key: it happens once.",
        ),
        Error::Internal(_) => Problem::new(
            ProblemKind::Internal,
            "A defect in the server. Nothing was changed; the log has the details under this request_id.",
        ),
    };
    in_request(problem, context)
}

/// What the client is told of a refusal.
pub(crate) fn of_refusal(refusal: &Refusal, context: &RequestContext) -> Problem {
    let problem = match refusal {
        Refusal::NotFound => absent(),
        Refusal::WrongState { status, verb, allowed } => Problem::new(
            ProblemKind::WrongState,
            format!("The order is {status}; only {allowed} can be {verb}."),
        ),
        Refusal::InsufficientStock(short) => {
            let lines = |n| if n == 1 { "line asks" } else { "lines ask" };
            let count = short.len();
            let detail = format!("{count} {} for more than is available; see short_lines.", lines(count));
            let short_lines = short
                .iter()
                .map(|s| ShortLine { item_id: s.item.0, requested: s.requested, available: s.available })
                .collect();
            Problem { short_lines, ..Problem::new(ProblemKind::InsufficientStock, detail) }
        }
        Refusal::InactiveBranch => Problem::new(
            ProblemKind::Inactive,
            "The branch is not active. Activate it, or use another branch. What it still has may be counted down.",
        ),
        Refusal::InactiveItems(items) => {
            let ids: Vec<String> = items.iter().map(ToString::to_string).collect();
            let detail = format!(
                "Not active: item {}. Activate it, or leave it out. What there still is of it may be counted down.",
                ids.join(", item ")
            );
            Problem::new(ProblemKind::Inactive, detail)
        }
        Refusal::InvalidDraft { branch, lines } => {
            let branch = branch.map(|fault| FieldError::new("/branch_id", fault.to_string()));
            let lines = lines.iter().map(|(index, fault)| {
                let field = if fault.is_of_item() { "item_id" } else { "requested_qty" };
                FieldError::new(format!("/lines/{index}/{field}"), fault.to_string())
            });
            Problem::invalid(branch.into_iter().chain(lines).collect())
        }
        Refusal::ReferenceTaken { order } => reference_taken(*order),
        Refusal::ReferenceShared => Problem::new(
            ProblemKind::Duplicate,
            "More than one order has this reference, so that it does not say which is meant. Change the order by its id.",
        ),
        Refusal::BelowZero => Problem::invalid(vec![FieldError::new(
            "/quantity",
            "must not be below zero; an Admin may set override_negative to true",
        )]),
        Refusal::Changed { found } => Problem::new(
            ProblemKind::PreconditionFailed,
            format!("By now {found} is on hand, not expected_quantity. Read it again and decide anew."),
        ),
        Refusal::NotUndoable => Problem::invalid(vec![FieldError::new(
            "/undoes",
            "must be an adjustment of this branch and item, by its id in the ledger",
        )]),
        Refusal::UndoneBefore { movement, by } => {
            let by =
                by.map_or_else(|| "by another request just now".to_owned(), |by| format!("by movement {by}"));
            let detail = format!("Movement {movement} was undone already, {by}. Nothing was changed.");
            Problem::new(ProblemKind::UndoneBefore, detail)
        }
        Refusal::UndoLeaves(left) => Problem::invalid(vec![FieldError::new(
            "/quantity",
            format!("must be {left}, what undoing the movement leaves, or be left out"),
        )]),
        Refusal::TooPrecise { allowed } => Problem::invalid(vec![FieldError::new(
            "/quantity",
            format!("has more decimal places than the item's {allowed}"),
        )]),
        Refusal::OutOfRange => Problem::invalid(vec![FieldError::new(
            "/quantity",
            "leads outside the range of ±999999999999.999",
        )]),
        Refusal::Inconsistent => Problem::new(
            ProblemKind::Internal,
            "What is stored contradicts itself. Nothing was changed; `quartermaster verify` finds what is wrong.",
        ),
    };
    in_request(problem, context)
}

/// That another order has the reference: which one, where the caller may see it.
fn reference_taken(order: Option<OrderId>) -> Problem {
    let (detail, fault) = match order {
        Some(order) => (
            format!("Order {order} has this reference already. Choose another one, or change that order."),
            format!("is the reference of order {order}"),
        ),
        None => (
            "Another order has this reference already. Choose another one.".to_owned(),
            "is taken".to_owned(),
        ),
    };
    let errors = vec![FieldError::new("/reference", fault)];
    Problem { errors, ..Problem::new(ProblemKind::Duplicate, detail) }
}

fn in_request(problem: Problem, context: &RequestContext) -> Problem {
    Problem { instance: context.path.clone(), request_id: context.request_id.clone(), ..problem }
}

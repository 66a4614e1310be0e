//! Why the services did not make a change, in the person's words.

use axum::http::StatusCode;
use client::{ClientError, Key};
use contract::{FieldError, Problem, ProblemKind, ShortLine};

use super::faults::in_words;
use super::frame::Frame;

/// Why a change was not made, or that it is not known whether it was.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The status of the page that tells it.
    pub status: StatusCode,
    /// What to tell.
    pub message: String,
    /// What the services said of it.
    problem: Option<Box<Problem>>,
    is_unknown: bool,
}

impl Refusal {
    pub(crate) fn of(error: &ClientError, frame: &Frame) -> Refusal {
        let mut problem = match error {
            ClientError::Refused { problem, .. } => problem.clone(),
            _ => None,
        };
        for fault in problem.iter_mut().flat_map(|problem| &mut problem.errors) {
            fault.detail = in_words(&fault.detail, frame);
        }
        let kind = problem.as_deref().and_then(kind);
        let is_unknown = matches!(error, ClientError::OutcomeUnknown);
        let message = match kind {
            _ if is_unknown => frame.say(message_of(ProblemKind::OutcomeUnknown)),
            Some(ProblemKind::IdempotencyKeyReused) => sent_already(problem.as_deref(), frame),
            Some(kind) => frame.say(message_of(kind)),
            None if error.is_away() => frame.say("refused-away"),
            None => frame.say("refused-otherwise"),
        };
        let status = match error {
            ClientError::Refused { status, .. } => StatusCode::from_u16(*status).ok(),
            error if error.is_away() => Some(StatusCode::SERVICE_UNAVAILABLE),
            _ => None,
        };
        Refusal { status: status.unwrap_or(StatusCode::BAD_GATEWAY), message, problem, is_unknown }
    }

    /// The portal itself could not read a field; nothing was sent.
    pub(crate) fn of_field(pointer: &str, detail: &str, frame: &Frame) -> Refusal {
        let mut problem = Problem::new(ProblemKind::Invalid, "");
        problem.errors.push(FieldError::new(pointer, in_words(detail, frame)));
        let message = frame.say(message_of(ProblemKind::Invalid));
        let (status, problem) = (StatusCode::UNPROCESSABLE_ENTITY, Some(Box::new(problem)));
        Refusal { status, message, problem, is_unknown: false }
    }

    /// Nothing was sent, for a reason that the page itself found.
    pub(crate) fn told(status: StatusCode, message: String) -> Refusal {
        Refusal { status, message, problem: None, is_unknown: false }
    }

    /// The key for the form that is shown again: the same where it is not known whether the change was made, so that it
    /// is not made twice; another one where it was refused, since another change is asked for.
    pub(crate) fn key(&self, key: &Key) -> String {
        if self.is_unknown { key.as_str().to_owned() } else { Key::fresh().as_str().to_owned() }
    }

    /// For which reason of the catalogue it was refused.
    pub(crate) fn kind(&self) -> Option<ProblemKind> {
        if self.is_unknown {
            Some(ProblemKind::OutcomeUnknown)
        } else {
            self.problem.as_deref().and_then(kind)
        }
    }

    /// Whether it was refused for this reason.
    pub(crate) fn is(&self, asked: ProblemKind) -> bool {
        self.kind() == Some(asked)
    }

    /// Whether the services did not answer.
    pub(crate) fn is_away(&self) -> bool {
        !self.is_unknown && self.status == StatusCode::SERVICE_UNAVAILABLE
    }

    /// What is wrong with a field, by its JSON pointer.
    pub(crate) fn field(&self, pointer: &str) -> Option<&str> {
        self.fields().iter().find(|field| field.pointer == pointer).map(|field| field.detail.as_str())
    }

    /// What is wrong with each field.
    pub(crate) fn fields(&self) -> &[FieldError] {
        self.problem.as_deref().map_or(&[], |problem| &problem.errors)
    }

    /// The lines that ask for more than there is.
    pub(crate) fn short_lines(&self) -> &[ShortLine] {
        self.problem.as_deref().map_or(&[], |problem| &problem.short_lines)
    }
}

/// That the form was sent before with something else in it, as a page that the browser kept is; and what came of it.
fn sent_already(problem: Option<&Problem>, frame: &Frame) -> String {
    let made = problem.and_then(|problem| problem.first_made.as_deref());
    match made.and_then(|made| made.strip_prefix("/v1/orders/")) {
        Some(order) => frame.about("refused-sent-already-order", "number", order),
        None => frame.say("refused-sent-already"),
    }
}

/// Which of the catalogue it is.
pub(crate) fn kind(problem: &Problem) -> Option<ProblemKind> {
    ProblemKind::ALL.iter().copied().find(|kind| kind.type_uri() == problem.type_uri)
}

/// The message that tells of each.
const fn message_of(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Forbidden => "refused-forbidden",
        ProblemKind::NotFound => "refused-not-found",
        ProblemKind::Duplicate => "refused-duplicate",
        ProblemKind::StillReferenced => "refused-still-referenced",
        ProblemKind::WrongState => "refused-wrong-state",
        ProblemKind::InsufficientStock => "refused-insufficient-stock",
        ProblemKind::Inactive => "refused-inactive",
        ProblemKind::IdempotencyInFlight => "refused-in-flight",
        ProblemKind::IdempotencyKeyReused => "refused-sent-already",
        ProblemKind::UndoneBefore => "refused-undone-before",
        ProblemKind::PreconditionFailed => "refused-stale",
        ProblemKind::Malformed | ProblemKind::Invalid | ProblemKind::TooLarge => "refused-invalid",
        ProblemKind::TooManyRequests => "refused-too-many",
        ProblemKind::Unavailable => "refused-away",
        ProblemKind::OutcomeUnknown => "refused-outcome-unknown",
        ProblemKind::Unauthorized
        | ProblemKind::MethodNotAllowed
        | ProblemKind::UnsupportedMediaType
        | ProblemKind::PreconditionRequired
        // The portal sends no batches.
        | ProblemKind::NotApplied
        | ProblemKind::Internal => "refused-otherwise",
    }
}

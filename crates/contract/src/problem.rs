//! RFC 9457 problems: the catalogue of what can go wrong, and the body that says so.

use domain::Quantity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! catalogue {
    ($($(#[doc = $doc:literal])+ $kind:ident = $slug:literal, $status:literal, $title:literal;)+) => {
        /// Every kind of problem an answer can carry. Clients may rely on the `type`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProblemKind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl ProblemKind {
            /// The whole catalogue, in the order of the documents.
            pub const ALL: &[ProblemKind] = &[$(ProblemKind::$kind,)+];

            /// The last part of its `type`.
            pub const fn slug(self) -> &'static str {
                match self { $(ProblemKind::$kind => $slug,)+ }
            }

            /// Its `type`: a stable URI reference.
            pub const fn type_uri(self) -> &'static str {
                match self { $(ProblemKind::$kind => concat!("/problems/", $slug),)+ }
            }

            /// The HTTP status it comes with.
            pub const fn status(self) -> u16 {
                match self { $(ProblemKind::$kind => $status,)+ }
            }

            /// What it is, in a few words that never change.
            pub const fn title(self) -> &'static str {
                match self { $(ProblemKind::$kind => $title,)+ }
            }

            /// What it means and what to do, for the documents.
            pub const fn explanation(self) -> &'static str {
                match self { $(ProblemKind::$kind => concat!($($doc),+),)+ }
            }
        }
    };
}

catalogue! {
    /// The request could not be read: broken JSON, a bad header, a path id that is not a number. Mend the request.
    Malformed = "malformed-request", 400, "The request is malformed";
    /// There is no token, or it is not valid (any more). Get a new one and repeat the request.
    Unauthorized = "unauthorized", 401, "A valid token is needed";
    /// The caller's roles do not allow this. Ask an administrator.
    Forbidden = "forbidden", 403, "Not allowed";
    /// It does not exist, or the caller may not see it.
    NotFound = "not-found", 404, "Not found";
    /// The path exists but not with this method. See the Allow header.
    MethodNotAllowed = "method-not-allowed", 405, "Method not allowed";
    /// Something else already has this name, SKU, barcode, code or reference. Choose another.
    Duplicate = "duplicate", 409, "Already exists";
    /// Other rows still refer to it, so it cannot be deleted. Make it inactive instead.
    StillReferenced = "still-referenced", 409, "Still referred to";
    /// The order's state does not allow the command.
    WrongState = "wrong-state", 409, "The state does not allow this";
    /// Lines ask for more than is available; `short_lines` names each with requested and available.
    InsufficientStock = "insufficient-stock", 409, "Not enough stock";
    /// The branch or an item is not active. Activate it, or use another.
    Inactive = "inactive", 409, "Not active";
    /// Entries of a batch that was to be carried out whole or not at all are refused; `errors` names each. Nothing was changed.
    NotApplied = "not-applied", 409, "Nothing of the batch was carried out";
    /// The movement was undone already, and nothing is undone twice. The detail names the movement that undid it.
    UndoneBefore = "undone-before", 409, "Undone already";
    /// The first request with this Idempotency-Key is still running. Wait and repeat the request.
    IdempotencyInFlight = "idempotency-in-flight", 409, "The first request is still running";
    /// If-Match does not match: someone changed it since it was read. Read it again and decide anew.
    PreconditionFailed = "precondition-failed", 412, "Changed since it was read";
    /// The body is larger than the server takes.
    TooLarge = "too-large", 413, "The body is too large";
    /// The body must be application/json.
    UnsupportedMediaType = "unsupported-media-type", 415, "Unsupported media type";
    /// The request was read but its content is not valid; `errors` names each field and the fix.
    Invalid = "invalid", 422, "The content is not valid";
    /// This Idempotency-Key was used with another request. Use a new key.
    IdempotencyKeyReused = "idempotency-key-reused", 422, "The key was used for another request";
    /// A precondition header is required.
    PreconditionRequired = "precondition-required", 428, "A precondition is required";
    /// Too many requests; wait as Retry-After says.
    TooManyRequests = "too-many-requests", 429, "Too many requests";
    /// A defect in the server. Nothing was changed; the log has the details under the request_id.
    Internal = "internal", 500, "Internal error";
    /// The database is away or the server is busy. Nothing was changed; repeat as Retry-After says.
    Unavailable = "unavailable", 503, "Temporarily unavailable";
    /// Whether the change was made is not known. Repeat the request with the same Idempotency-Key: it happens once.
    OutcomeUnknown = "outcome-unknown", 503, "The outcome is unknown";
}

/// The body of every error answer, `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A stable URI reference for the kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "/problems/insufficient-stock")]
    pub type_uri: String,
    /// What it is, in a few words that never change.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time, and what to do.
    pub detail: String,
    /// The path of the request.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub instance: Option<String>,
    /// The request's id, to find it in the log and the audit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request_id: Option<String>,
    /// Where the answer to the first request with this Idempotency-Key is, when that made something.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(example = "/v1/orders/2844")]
    pub first_made: Option<String>,
    /// Each field that is not valid.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub errors: Vec<FieldError>,
    /// Each line that asks for more than there is.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub short_lines: Vec<ShortLine>,
}

/// One field that is not valid, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// A JSON pointer into the body (`/lines/0/item_id`), or `?name` for a query parameter.
    pub pointer: String,
    /// What is wrong with it, and the fix.
    pub detail: String,
}

/// One line that asks for more than there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShortLine {
    /// The item.
    pub item_id: i64,
    /// What the line asks for.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub requested: Quantity,
    /// What it could have had.
    #[serde(with = "crate::quantity")]
    #[schema(value_type = f64)]
    pub available: Quantity,
}

impl Problem {
    /// A problem of `kind`; `detail` says what happened and what to do.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Problem {
        Problem {
            type_uri: kind.type_uri().to_owned(),
            title: kind.title().to_owned(),
            status: kind.status(),
            detail: detail.into(),
            instance: None,
            request_id: None,
            first_made: None,
            errors: Vec::new(),
            short_lines: Vec::new(),
        }
    }

    /// An [`Invalid`](ProblemKind::Invalid) problem that names its fields.
    pub fn invalid(errors: Vec<FieldError>) -> Problem {
        let detail = match errors.as_slice() {
            [one] => format!("{}: {}", one.pointer, one.detail),
            many => format!("{} fields are not valid; see errors.", many.len()),
        };
        Problem { errors, ..Problem::new(ProblemKind::Invalid, detail) }
    }
}

impl FieldError {
    /// An error of the field at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> FieldError {
        FieldError { pointer: pointer.into(), detail: detail.into() }
    }
}

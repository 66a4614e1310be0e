//! Answers as they are given and kept: status, the headers that belong to them, and the exact bytes of the body.

use bytes::Bytes;
use contract::Problem;
use domain::BranchId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An answer to a request that changes something. Kept under its Idempotency-Key to be given again byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers that belong to it.
    pub headers: AnswerHeaders,
    /// The body; empty for none.
    pub body: Bytes,
    /// At which branch is what it tells of: it is given again only to callers who still see that branch. None for what is
    /// at no branch.
    pub branch: Option<BranchId>,
    /// Whether it was given before.
    pub replayed: bool,
}

/// The headers that belong to an answer, rather than to one sending of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerHeaders {
    /// What the body is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub content_type: Option<String>,
    /// Where a created thing is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub location: Option<String>,
    /// The version of what the body shows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub etag: Option<String>,
}

impl Answer {
    /// An answer whose body is JSON.
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Answer {
        let body = as_json(body).into();
        let headers =
            AnswerHeaders { content_type: Some("application/json".to_owned()), ..Default::default() };
        Answer { status, headers, body, branch: None, replayed: false }
    }

    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Answer {
        let (headers, body) = (AnswerHeaders::default(), Bytes::new());
        Answer { status, headers, body, branch: None, replayed: false }
    }

    /// A problem as an answer.
    pub(crate) fn problem(problem: &Problem) -> Answer {
        let mut answer = Answer::json(problem.status, problem);
        answer.headers.content_type = Some("application/problem+json".to_owned());
        answer
    }

    /// The same of what is at this branch, where it is at one.
    pub(crate) fn at(mut self, branch: Option<BranchId>) -> Answer {
        self.branch = branch;
        self
    }

    /// The same with the version of what it shows.
    pub(crate) fn with_version(mut self, version: i64) -> Answer {
        self.headers.etag = Some(etag(version));
        self
    }

    /// The same with where the created thing is.
    pub(crate) fn with_location(mut self, location: String) -> Answer {
        self.headers.location = Some(location);
        self
    }

    pub(crate) fn stored_status(&self) -> i16 {
        i16::try_from(self.status).unwrap_or(i16::MAX)
    }

    pub(crate) fn stored_headers(&self) -> String {
        as_json(&self.headers)
    }

    pub(crate) fn from_stored(status: i16, headers: Value, body: Vec<u8>, branch: Option<i64>) -> Answer {
        let branch = branch.or_else(|| branch_in(&body));
        Answer {
            status: u16::try_from(status).unwrap_or(500),
            headers: serde_json::from_value(headers).unwrap_or_default(),
            body: body.into(),
            branch: branch.map(BranchId),
            replayed: true,
        }
    }
}

/// The branch that an answer itself names: programs before migration V25 kept none beside it, and may still be running
/// while this one is.
fn branch_in(body: &[u8]) -> Option<i64> {
    #[derive(Deserialize)]
    struct Shown {
        branch_id: i64,
    }
    serde_json::from_slice(body).ok().map(|Shown { branch_id }| branch_id)
}

/// JSON text of one of our own types. Writing them into memory cannot fail: they have no maps with keys other than
/// strings and no serializer of their own that refuses.
pub(crate) fn as_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The ETag of a version.
pub(crate) fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

//! What every HTTP surface of the program shares.

pub mod assets;
mod body;
mod problem;
mod request_id;
mod uncancellable;

pub use body::{Id, Json, OptionalJson, Query};
pub use problem::{ProblemResponse, complete_problem};
pub use request_id::{RequestId, TraceParent, request_id};
pub use uncancellable::uncancellable;

//! What every HTTP surface of the program shares.

pub mod assets;
mod body;
mod client;
mod problem;
mod query;
pub mod ready;
mod request_id;
mod security_headers;
mod surface;
mod too_much;
mod uncancellable;

pub use body::{Id, Json, OptionalJson};
pub use client::{Client, TrustedProxies};
pub use ipnet::IpNet;
pub use problem::ProblemResponse;
pub use query::Query;
pub use request_id::{RequestId, TraceParent};
pub use security_headers::Nonce;
pub use surface::Surface;
pub(crate) use too_much::{is_exempt, refuse};

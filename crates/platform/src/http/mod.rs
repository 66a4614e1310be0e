//! What every HTTP surface of the program shares.

pub mod assets;
mod body;
mod client;
mod hangup;
mod head;
pub mod keyset;
mod network;
mod per_network;
mod place;
mod problem;
mod query;
pub mod ready;
mod request_id;
mod security_headers;
mod surface;
mod too_much;
mod uncancellable;

pub use body::{Id, IdAndText, Json, OptionalJson};
pub use client::{Client, TrustedProxies};
pub use hangup::Hangup;
pub(crate) use head::fault;
pub use ipnet::IpNet;
pub use network::Network;
pub use per_network::{Counted, PerNetwork};
pub(crate) use place::Work;
pub use place::{LargeBody, NotReceived, SMALL_BODY, receive};
pub use problem::ProblemResponse;
pub use query::Query;
pub use request_id::{RequestId, ServerRequestId, TraceParent};
pub use security_headers::Nonce;
pub use surface::Surface;
pub(crate) use too_much::{Refusal, is_exempt, refuse};

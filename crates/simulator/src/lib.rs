//! A simulator of the services: the rules and the engine's own deciding
//! ([`decide`](services::engine::in_memory::decide)), driven by a seeded scheduler through commands, interleavings,
//! repeats and failures, with every invariant checked after every step.
//!
//! What is real is what decides: keys, rules, postings, what is written and what is answered. What is simulated is what
//! surrounds it: clients, processes, and a database with transactions and locks. Where an invariant breaks, the case is
//! cut down and can be played again from its seed or from a file. That it would break is shown by [`Fault`]s.

mod clients;
mod fault;
mod hunt;
mod invariant;
mod lane;
mod plain;
mod process;
mod step;
mod store;
mod world;

pub use fault::Fault;
pub use hunt::{Case, Found, Hunt, Played, hunt, one};
pub use invariant::{Broken, Invariant};
pub use world::Tally;

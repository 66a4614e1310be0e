//! The audits of both owners, which have the same columns in `<owner>_audit_logs`: reading them, sealing them behind the
//! inserts, verifying, exporting and archiving them. Each owner declares its audit once, by [`log!`]; all else is written here
//! once for both. What a seal is and how it is computed is in the crate `seal`.

mod archive;
mod error;
mod export;
mod heads;
mod horizon;
mod leaves;
mod log;
mod reading;
mod row;
mod sealer;
mod standing;
mod state;
mod verify;

#[doc(hidden)]
pub use platform;

pub use archive::{Archiving, archive};
pub use error::AuditError;
pub use export::{Exported, Filter, export};
pub use heads::{CaughtUp, Heads, HeadsAsOf, acknowledge};
pub use horizon::Horizon;
pub use log::{Log, Statements};
pub use reading::list;
pub use sealer::Sealer;
pub use standing::{Standing, standing};
pub use state::{SealState, last_seal, state, warning};
pub use verify::{Acknowledged, Finding, Head, Late, Report, Trust, Unsealed, read_as_the_program, verify};

/// Server settings of a connection that reads an audit as it was at one moment, however long that takes.
pub const READING: &[(&str, &str)] = &[
    ("statement_timeout", "0"),
    ("default_transaction_isolation", "repeatable read"),
    ("default_transaction_read_only", "on"),
];

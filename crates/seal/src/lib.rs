//! What a sealed audit is made of: entries in one canonical form, Merkle trees over them, signed seals that are chained,
//! and files that prove themselves. No SQL and no network: an auditor's own checker needs no more than this.
//!
//! `docs/audit.md` describes every format for whoever writes such a checker.

mod archive;
mod chain;
mod entry;
mod file;
mod hash;
mod json;
mod key;
pub mod merkle;
mod record;
mod statement;
mod time;

pub use archive::Archive;
pub use chain::{Chain, SealFault};
pub use entry::Entry;
pub use file::{Checked, Checker, Claim, Coverage, FileError, FileFault, Head, Line};
pub use hash::{Hash, HashWriter};
pub use key::{KeyError, PublicKey, SealingKey};
pub use record::{LeafRecord, RECORD_BYTES};
pub use statement::{Seal, Signature, Signed, Statement};
pub use time::Time;

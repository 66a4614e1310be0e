//! Who may do what: one question, one place. Portal and services ask the same [`Authorizer`].
//!
//! A question is a caller, an [`Action`] and a [`Resource`]. First the branch scope of the caller's token: what is at
//! another branch does not exist for the caller. Then the policies in force, in the Cedar language: those that ship
//! (`policies/roles.cedar`) and the company's own, all checked against the schema
//! (`policies/quartermaster.cedarschema`). The answer is a [`Permit`], or [`Denied`] with the policies that decided.
//!
//! Where all policies that a question can meet look at nothing but roles, the answer is kept with the set; every other
//! question is asked anew each time.

mod action;
mod authorizer;
mod deep;
mod depth;
mod follow;
mod parse;
mod permit;
mod resource;
mod set;
mod source;
mod vocabulary;

pub use action::Action;
pub use authorizer::{Answer, Authorizer, Decision};
pub use follow::follow;
pub use permit::{Denied, Permit, Refused};
pub use resource::{OrderFacts, Resource};
pub use set::{Policies, Policy};
pub use source::{BadPolicies, Fault, PolicyFile, read_folder};
pub use vocabulary::SCHEMA;

//! Accounts: users, their passwords and their sessions.

pub mod passwords;
pub mod sessions;
pub mod users;

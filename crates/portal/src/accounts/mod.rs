//! Accounts: users, how they sign in, and what keeps others from it.

pub mod access;
pub(crate) mod devices;
pub mod django_users;
pub(crate) mod grant;
pub mod groups;
pub(crate) mod hashing;
pub(crate) mod password_change;
pub mod passwords;
pub(crate) mod random_id;
pub mod second_factor;
pub mod sessions;
pub(crate) mod sign_in;
pub(crate) mod throttle;
pub mod users;

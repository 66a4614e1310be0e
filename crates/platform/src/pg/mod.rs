//! PostgreSQL: the statement registry, pooled and dedicated connections, transactions, migrations, roles, and a
//! private server for those who have none.
//!
//! Every kind of connection dereferences to [`Queries`], whose methods take `&self`: calls that are polled together
//! (`futures_util::try_join!`) are sent together, in the order of their first poll, and cost one round trip.

mod catalogue;
mod config;
mod copy;
mod dedicated;
mod error;
mod foreign;
mod invariants;
mod login;
mod migrate;
mod pool;
mod private_server;
mod queries;
mod roles;
mod shortage;
mod statement;
mod tls;
mod transaction;

#[doc(hidden)]
pub use linkme;

pub use catalogue::{Difference, Schema};
pub use config::DatabaseConfig;
pub use copy::{CopyIn, Rows};
pub use dedicated::Dedicated;
pub use error::{DriverError, PgError};
pub use foreign::read_foreign;
pub use invariants::{EXAMPLES, Finding, Invariant, check_all};
pub use login::{Login, bootstrap_login, set_login_password};
pub use migrate::{MigrateError, Migrations, Pending, analyse};
pub use pool::{Connection, Database};
pub use private_server::{PrivateServer, PrivateServerError};
pub use queries::{Params, Queries};
pub use roles::{RolePair, bootstrap_roles};
pub use statement::{STATEMENTS, Statement};
pub use tls::ServerTls;
pub use tokio_postgres::{Row, types};
pub use transaction::Transaction;

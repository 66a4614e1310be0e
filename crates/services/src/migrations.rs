//! The migrations of the `services_*` tables.

use platform::pg::{Migrations, PgError, Queries, RolePair};
use platform::statement;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// The roles of the services in the database.
pub const ROLES: RolePair = RolePair { owner: "qm_services", running: "qm_services_app" };

/// The migrations, to be run by the owner.
pub fn migrations() -> Migrations {
    Migrations::new(ROLES, "services_schema_history", embedded::migrations::runner())
}

statement! {
    /// The newest migration that was applied.
    VERSION: "services" = "select coalesce(max(version), 0)::bigint from services_schema_history";
}

/// Whether the database has every migration that this program knows.
///
/// # Errors
/// When the database is away, or was never migrated.
pub(crate) async fn is_current(conn: &Queries) -> Result<bool, PgError> {
    let version: i64 = conn.query_one(&VERSION, &[]).await?.get(0);
    Ok(version >= migrations().latest())
}

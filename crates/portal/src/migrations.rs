//! The migrations of the `portal_*` tables.

use platform::pg::{Migrations, PgError, Queries, RolePair};
use platform::statement;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// The roles of the portal in the database.
pub const ROLES: RolePair = RolePair { owner: "qm_portal", running: "qm_portal_app" };

/// The migrations, to be run by the owner.
pub fn migrations() -> Migrations {
    Migrations::new(ROLES, "portal_schema_history", embedded::migrations::runner())
}

statement! {
    /// The newest migration that was applied.
    VERSION: "portal" = "select coalesce(max(version), 0)::bigint from portal_schema_history";
}

/// Whether the database has every migration that this program knows.
pub(crate) async fn is_current(conn: &Queries) -> Result<bool, PgError> {
    let version: i64 = conn.query_one(&VERSION, &[]).await?.get(0);
    Ok(version >= migrations().latest())
}

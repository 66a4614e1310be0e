//! The migrations of the `portal_*` tables.

use platform::http::ready::Standing;
use platform::pg::{Migrations, PgError, Queries, RolePair, Schema};
use platform::statement;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// The roles of the portal in the database.
pub const ROLES: RolePair = RolePair { owner: "qm_portal", running: "qm_portal_app" };

/// The schema that the migrations make. `make schema` writes the file anew after a migration.
pub const SCHEMA: Schema = Schema {
    roles: ROLES,
    prefix: "portal",
    invariant: "the schema of the portal is the one that the migrations make",
    expected: include_str!("schema.txt"),
};

/// The migrations, to be run by the owner.
pub fn migrations() -> Migrations {
    Migrations::new(ROLES, "portal_schema_history", embedded::migrations::runner())
}

statement! {
    /// The newest migration that was applied, and what time it is.
    STANDING: "portal" = "
        select coalesce(max(version), 0)::bigint, clock_timestamp() from portal_schema_history";
}

/// What the database says of itself.
///
/// # Errors
/// When the database is away, or was never migrated.
pub(crate) async fn standing(conn: &Queries) -> Result<Standing, PgError> {
    let row = conn.query_one(&STANDING, &[]).await?;
    Ok(Standing { version: row.get(0), clock: row.get(1) })
}

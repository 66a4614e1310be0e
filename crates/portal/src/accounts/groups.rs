//! Groups: what they ask of their members.

use identity::{BranchScope, Role};
use platform::pg::Database;
use platform::statement;
use serde_json::json;

use super::grant::Grant;
use crate::audit::{self, By};
use crate::error::Error;

statement! {
    /// Every group, and whether its members need a second factor.
    ALL: "portal" = "select name, second_factor_required from portal_groups order by id";
    /// Whether members need a second factor; nothing when it is so already.
    REQUIRE: "portal" = "
        update portal_groups set second_factor_required = $2
        where name = $1 and second_factor_required <> $2
        returning id";
}

/// Every group, and whether its members need a second factor.
///
/// # Errors
/// When the database is away.
pub async fn list(database: &Database) -> Result<Vec<(Role, bool)>, Error> {
    let rows = database.get().await?.query(&ALL, &[]).await?;
    Ok(rows.iter().filter_map(|row| Some((Role::parse(row.get(0))?, row.get(1)))).collect())
}

/// Says whether members of a group need a second factor. Those without one can then do nothing but set one up, at once
/// and in every session; says whether that is a change.
///
/// # Errors
/// When the database is away.
pub async fn require_second_factor(
    database: &Database,
    by: &By,
    group: Role,
    required: bool,
) -> Result<bool, Error> {
    // It holds for every member, wherever they act.
    by.require(&Grant::new(&[group], &BranchScope::All))?;
    let transaction = database.begin().await?;
    let row = transaction.query_opt(&REQUIRE, &[&group.name(), &required]).await?;
    if let Some(row) = &row {
        let id = row.get::<_, i64>(0).to_string();
        let details = json!({ "name": group.name(), "required": required });
        audit::record(&transaction, by, "group.second_factor_required", &id, &details).await?;
    }
    transaction.commit().await?;
    Ok(row.is_some())
}

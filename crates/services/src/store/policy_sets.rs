//! `services_policy_sets`: the company's policies last seen in force, by whichever process saw them.

use platform::pg::{PgError, Queries};
use platform::statement;
use serde_json::Value;

statement! {
    /// Notes which files are in force now; says which were before, where those were others.
    CHANGE: "services" = "
        with before as (select id, files from services_policy_sets where id = 1 for update)
        update services_policy_sets s
        set sha256 = $1, files = $2
        from before b
        where s.id = b.id and s.sha256 <> $1
        returning b.files";
}

/// Notes which files are in force now. Of many processes that find the same change, one is told what was before.
pub(crate) async fn change(conn: &Queries, sha256: &str, files: &Value) -> Result<Option<Value>, PgError> {
    let rows = conn.query(&CHANGE, &[&sha256, files]).await?;
    Ok(rows.first().map(|row| row.get(0)))
}

//! Sessions: a random id in a cookie, its digest in the database.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use platform::pg::Database;
use platform::statement;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::users::{self, User};
use crate::audit::{self, By};
use crate::error::Error;

statement! {
    /// A new session.
    INSERT: "portal" = "
        insert into portal_sessions (id_hash, user_id, ip, user_agent) values ($1, $2, $3::text::inet, $4)";
    /// The active user of a session that was used within 12 hours and begun within 7 days.
    USER: "portal" = "
        select u.id, u.username, u.active, u.all_branches,
               array(select g.name from portal_memberships m join portal_groups g on g.id = m.group_id
                     where m.user_id = u.id order by g.id),
               array(select b.branch_id from portal_user_branches b where b.user_id = u.id order by b.branch_id),
               s.seen_at < now() - interval '1 minute'
        from portal_sessions s
        join portal_users u on u.id = s.user_id
        where s.id_hash = $1 and u.active
          and s.seen_at > now() - interval '12 hours'
          and s.created_at > now() - interval '7 days'";
    /// Notes that a session is used.
    SEEN: "portal" = "update portal_sessions set seen_at = now() where id_hash = $1";
    /// Ends a session.
    DELETE: "portal" = "delete from portal_sessions where id_hash = $1";
    /// Removes sessions that have ended by themselves.
    PURGE: "portal" = "
        delete from portal_sessions
        where seen_at < now() - interval '12 hours' or created_at < now() - interval '7 days'";
}

/// Begins a session for a user; gives its id, for the cookie alone.
pub(crate) async fn begin(
    database: &Database,
    by: &By,
    user: &User,
    user_agent: &str,
) -> Result<String, Error> {
    let random: [u8; 32] = rand::random();
    let id = BASE64_URL_SAFE_NO_PAD.encode(random);
    let ip = by.ip.map(|ip| ip.to_string());
    let user_agent: String = user_agent.chars().filter(|c| !c.is_control()).take(300).collect();
    let transaction = database.begin().await?;
    transaction.execute(&INSERT, &[&digest(&id), &user.id, &ip, &user_agent]).await?;
    audit::record(&transaction, by, "user.signed_in", &user.id.to_string(), &json!({})).await?;
    transaction.commit().await?;
    Ok(id)
}

/// The user of a session that still holds.
pub(crate) async fn user(database: &Database, id: &str) -> Result<Option<User>, Error> {
    let connection = database.get().await?;
    let Some(row) = connection.query_opt(&USER, &[&digest(id)]).await? else { return Ok(None) };
    // Not on every request: a minute is exact enough for sessions of hours.
    if row.get::<_, bool>(6) {
        connection.execute(&SEEN, &[&digest(id)]).await?;
    }
    Ok(Some(users::user(&row)))
}

/// Ends a session.
pub(crate) async fn end(database: &Database, id: &str) -> Result<(), Error> {
    database.get().await?.execute(&DELETE, &[&digest(id)]).await?;
    Ok(())
}

/// Removes sessions that have ended by themselves; says how many.
///
/// # Errors
/// When the database is away.
pub async fn purge(database: &Database) -> Result<u64, Error> {
    Ok(database.get().await?.execute(&PURGE, &[]).await?)
}

fn digest(id: &str) -> Vec<u8> {
    Sha256::digest(id.as_bytes()).to_vec()
}

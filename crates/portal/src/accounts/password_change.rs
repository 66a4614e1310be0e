//! Users change their own passwords.

use platform::pg::Database;
use platform::statement;
use serde_json::json;

use super::sessions::{self, Session};
use super::{devices, passwords};
use crate::audit::{self, By};
use crate::error::Error;
use crate::revocations;

statement! {
    /// A new password of a user's own.
    CHANGE: "portal" = "
        update portal_users
        set password_hash = $2, password_of_demo = false, first_password_at = null
        where id = $1";
}

/// Changes the password of a session's user, who has just given the one before. Every other session of theirs ends,
/// their other browsers are forgotten, every token is revoked, and this session gets another id, which is the answer.
///
/// # Errors
/// [`Error::Invalid`] when the password may not be set.
pub(crate) async fn change(
    database: &Database,
    by: &By,
    session: &Session,
    device: Option<&str>,
    password: &str,
) -> Result<String, Error> {
    let user = &session.user;
    let hash = passwords::hash(password, &user.username).await?;
    let transaction = database.begin().await?;
    transaction.execute(&CHANGE, &[&user.id, &hash]).await?;
    let ended = sessions::end_others(&transaction, user.id, Some(session.id)).await?;
    devices::forget(&transaction, user.id, device).await?;
    let id = sessions::renew(&transaction, session.id).await?;
    let details = json!({ "sessions_ended": ended, "password_fingerprint": audit::fingerprint(&hash) });
    audit::record(&transaction, by, "user.password_changed", &user.id.to_string(), &details).await?;
    revocations::revoke(&transaction, &user.id.to_string()).await?;
    transaction.commit().await?;
    Ok(id)
}

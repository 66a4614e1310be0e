//! Browsers that users have signed in from: a random id in a cookie for a year, its digest in the database with each
//! account that was signed in to from there. A guesser elsewhere cannot keep those accounts' owners out.

use platform::pg::{Database, PgError, Transaction};
use platform::statement;

use super::random_id::{self, digest};

statement! {
    /// Whether a browser is known to the account of that name.
    KNOWS: "portal" = "
        select exists (
            select from portal_devices d join portal_users u on u.id = d.user_id
            where d.id_hash = $1 and lower(u.username) = lower($2) and d.seen_at > now() - interval '1 year')";
    /// Whether a browser is known to any account.
    EXISTS: "portal" = "select exists (select from portal_devices where id_hash = $1)";
    /// Notes a sign-in from a browser.
    REMEMBER: "portal" = "
        insert into portal_devices (id_hash, user_id) values ($1, $2)
        on conflict (id_hash, user_id) do update set seen_at = now()";
    /// Forgets the browsers of a user, but for one.
    FORGET: "portal" = "delete from portal_devices where user_id = $1 and id_hash is distinct from $2";
    /// Forgets browsers that were not used for a year.
    PURGE: "portal" = "delete from portal_devices where seen_at < now() - interval '1 year'";
}

/// The id of a browser, if it is known to the account of that name.
pub(crate) async fn known<'a>(
    database: &Database,
    device: Option<&'a str>,
    username: &str,
) -> Result<Option<&'a str>, PgError> {
    let Some(device) = device else { return Ok(None) };
    let row = database.get().await?.query_one(&KNOWS, &[&digest(device), &username]).await?;
    Ok(row.get::<_, bool>(0).then_some(device))
}

/// Notes that a user has signed in from a browser; gives the id for its cookie. An id that was not made here is replaced:
/// whoever planted it would be known along with the user.
pub(crate) async fn remember(
    transaction: &Transaction,
    device: Option<&str>,
    user_id: i64,
) -> Result<String, PgError> {
    let id = match device {
        Some(id) if transaction.query_one(&EXISTS, &[&digest(id)]).await?.get(0) => id.to_owned(),
        Some(_) | None => random_id::make(),
    };
    transaction.execute(&REMEMBER, &[&digest(&id), &user_id]).await?;
    Ok(id)
}

/// Forgets every browser of a user, but for the one that asks.
pub(crate) async fn forget(
    transaction: &Transaction,
    user_id: i64,
    but: Option<&str>,
) -> Result<(), PgError> {
    transaction.execute(&FORGET, &[&user_id, &but.map(digest)]).await?;
    Ok(())
}

/// Forgets browsers that were not used for a year.
pub(crate) async fn purge(database: &Database) -> Result<u64, PgError> {
    database.get().await?.execute(&PURGE, &[]).await
}

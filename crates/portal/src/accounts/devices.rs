//! Browsers that users have signed in from: a random id in a cookie for a year, its digest in the database with each
//! account that was signed in to from there. And the networks that they have signed in from, for 90 days. A guesser
//! elsewhere cannot keep those accounts' owners out.

use std::net::IpAddr;

use platform::http::Network;
use platform::pg::{Database, PgError, Transaction};
use platform::statement;

use super::random_id::{self, digest};

statement! {
    /// Whether a browser, and whether a network, is known to the account of that name.
    KNOWS: "portal" = "
        select exists (
                   select from portal_devices d join portal_users u on u.id = d.user_id
                   where d.id_hash = $1 and lower(u.username) = lower($3) and d.seen_at > now() - interval '1 year'),
               exists (
                   select from portal_networks n join portal_users u on u.id = n.user_id
                   where n.network = $2 and lower(u.username) = lower($3)
                     and n.seen_at > now() - interval '90 days')";
    /// Whether a browser is known to any account.
    EXISTS: "portal" = "select exists (select from portal_devices where id_hash = $1)";
    /// Notes a sign-in from a browser and a network.
    REMEMBER: "portal" = "
        with network as (
            insert into portal_networks (user_id, network) values ($2, $3)
            on conflict (user_id, network) do update set seen_at = now())
        insert into portal_devices (id_hash, user_id) values ($1, $2)
        on conflict (id_hash, user_id) do update set seen_at = now()";
    /// Forgets the browsers of a user, but for one.
    FORGET: "portal" = "delete from portal_devices where user_id = $1 and id_hash is distinct from $2";
    /// Forgets browsers that were not used for a year.
    PURGE: "portal" = "delete from portal_devices where seen_at < now() - interval '1 year'";
    /// Forgets networks that were not used for 90 days.
    PURGE_NETWORKS: "portal" = "delete from portal_networks where seen_at < now() - interval '90 days'";
}

/// How somebody is known to an account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    /// The id of the browser, where that is known.
    pub device: Option<&'a str>,
    /// Whether the network is.
    pub network: bool,
}

/// How a browser and an address are known to the account of that name.
pub(crate) async fn known<'a>(
    database: &Database,
    device: Option<&'a str>,
    ip: IpAddr,
    username: &str,
) -> Result<Known<'a>, PgError> {
    let (id, network) = (device.map(digest), Network::of(ip).to_string());
    let row = database.get().await?.query_one(&KNOWS, &[&id, &network, &username]).await?;
    Ok(Known { device: device.filter(|_| row.get(0)), network: row.get(1) })
}

/// Notes that a user has signed in from a browser; gives the id for its cookie. An id that was not made here is replaced:
/// whoever planted it would be known along with the user.
pub(crate) async fn remember(
    transaction: &Transaction,
    device: Option<&str>,
    ip: IpAddr,
    user_id: i64,
) -> Result<String, PgError> {
    let id = match device {
        Some(id) if transaction.query_one(&EXISTS, &[&digest(id)]).await?.get(0) => id.to_owned(),
        Some(_) | None => random_id::make(),
    };
    let network = Network::of(ip).to_string();
    transaction.execute(&REMEMBER, &[&digest(&id), &user_id, &network]).await?;
    Ok(id)
}

/// Forgets every browser of a user, but for the one that asks. Networks stay known: a password that was just set is of
/// use in a new browser there, whatever is guessed elsewhere.
pub(crate) async fn forget(
    transaction: &Transaction,
    user_id: i64,
    but: Option<&str>,
) -> Result<(), PgError> {
    transaction.execute(&FORGET, &[&user_id, &but.map(digest)]).await?;
    Ok(())
}

/// Forgets browsers that were not used for a year, and networks after 90 days.
pub(crate) async fn purge(database: &Database) -> Result<(), PgError> {
    let connection = database.get().await?;
    connection.execute(&PURGE, &[]).await?;
    connection.execute(&PURGE_NETWORKS, &[]).await?;
    Ok(())
}

//! API clients: programs that get tokens of their own by OAuth 2.0 client credentials.
//!
//! A secret is 256 random bits, so its SHA-256 is all that is kept: there is nothing to guess that a slow hash would
//! have to protect, and a token costs no 50 ms of a core. It is shown once, to whoever makes it.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use identity::{BranchScope, CLIENT_PREFIX, Owners, Role};
use jiff::Timestamp;
use platform::pg::{Database, PgError, Transaction};
use platform::statement;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::accounts::access::shown;
use crate::accounts::grant::Grant;
use crate::accounts::users;
use crate::audit::{self, By};
use crate::client_uses::{self, Outcome};
use crate::error::Error;
use crate::revocations;
use crate::tokens::{Holder, Minter, Token, access};

/// What secrets begin with, so that those who search for leaked ones find them.
const SECRET_PREFIX: &str = "qms_";

statement! {
    /// A new client.
    INSERT: "portal" = "
        insert into portal_clients (name, secret_hash, all_branches, expires_at, owner_user_id)
        values ($1, $2, $3, $4, $5)
        returning id";
    /// Its groups.
    INSERT_GROUPS: "portal" = "
        insert into portal_client_groups (client_id, group_id) select $1, id from portal_groups where name = any($2)";
    /// Its branches.
    INSERT_BRANCHES: "portal" = "
        insert into portal_client_branches (client_id, branch_id) select $1, unnest($2::bigint[])";
    /// Every client.
    LIST: "portal" = "
        select c.id, c.name, c.all_branches,
               array(select g.name from portal_client_groups m join portal_groups g on g.id = m.group_id
                     where m.client_id = c.id order by g.id),
               array(select b.branch_id from portal_client_branches b where b.client_id = c.id order by b.branch_id),
               c.created_at, c.expires_at, c.last_used_at, c.disabled_at, o.username, o.active
        from portal_clients c left join portal_users o on o.id = c.owner_user_id
        order by c.id";
    /// Holds a client, so that two changes follow each other.
    HOLD: "portal" = "
        select c.id, c.all_branches,
               array(select g.name from portal_client_groups m join portal_groups g on g.id = m.group_id
                     where m.client_id = c.id order by g.id),
               array(select b.branch_id from portal_client_branches b where b.client_id = c.id order by b.branch_id),
               c.disabled_at, c.owner_user_id
        from portal_clients c where lower(c.name) = lower($1) for update of c";
    /// Says who answers for a client.
    SET_OWNER: "portal" = "update portal_clients set owner_user_id = $2 where id = $1";
    /// The clients that a user answers for, but for those that are disabled.
    OF_OWNER: "portal" = "
        select id, name from portal_clients where owner_user_id = $1 and disabled_at is null order by id";
    /// Who answers for which client.
    OWNERS: "portal" = "
        select id, owner_user_id from portal_clients where owner_user_id is not null and disabled_at is null";
    /// A new secret; the one before is good for a while.
    ROTATE: "portal" = "
        update portal_clients
        set former_secret_hash = secret_hash, former_secret_until = now() + make_interval(secs => $3), secret_hash = $2
        where id = $1
        returning former_secret_until";
    /// Gives a client no more tokens.
    DISABLE: "portal" = "update portal_clients set disabled_at = now() where id = $1";
    /// What a token of a client says, the second it is made in (later than its last revocation), and its secrets.
    FOR_TOKEN: "portal" = "
        select c.name, c.all_branches,
               array(select g.name from portal_client_groups m join portal_groups g on g.id = m.group_id
                     where m.client_id = c.id order by g.id),
               array(select b.branch_id from portal_client_branches b where b.client_id = c.id order by b.branch_id),
               greatest(floor(extract(epoch from clock_timestamp())), extract(epoch from r.revoked_at) + 1)::bigint,
               floor(extract(epoch from c.expires_at))::bigint,
               c.secret_hash,
               case when c.former_secret_until > now() then c.former_secret_hash end,
               c.last_used_at is null or c.last_used_at < now() - interval '1 minute',
               c.disabled_at is not null or o.active is false
        from portal_clients c
        left join portal_revocations r on r.subject = $2
        left join portal_users o on o.id = c.owner_user_id
        where c.id = $1";
    /// Notes that a client is used.
    USED: "portal" = "update portal_clients set last_used_at = now() where id = $1";
}

/// A client to add.
#[derive(Debug, Clone)]
pub struct NewClient<'a> {
    /// What people call it: letters, digits and `._@+-`.
    pub name: &'a str,
    /// What it may do.
    pub roles: &'a [Role],
    /// Where.
    pub scope: &'a BranchScope,
    /// When it gets no more tokens; never when left out.
    pub expires_at: Option<Timestamp>,
    /// The id of the user who answers for it, where one does.
    pub owner: Option<i64>,
}

/// What a program needs to get tokens. The secret is known to nobody else, and is not shown again.
pub struct Secret {
    /// `client_id`.
    pub client_id: String,
    /// `client_secret`.
    pub secret: String,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// A client as people see it.
#[derive(Debug, Clone)]
pub struct Client {
    /// `client_id`, and the claim `sub` of its tokens.
    pub client_id: String,
    /// What people call it; the claim `username`.
    pub name: String,
    /// What it may do.
    pub roles: Vec<Role>,
    /// Where.
    pub scope: BranchScope,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// When it gets no more tokens.
    pub expires_at: Option<Timestamp>,
    /// When it last got a token, within a minute.
    pub last_used_at: Option<Timestamp>,
    /// Since when it is disabled.
    pub disabled_at: Option<Timestamp>,
    /// The user who answers for it.
    pub owner: Option<Owner>,
}

/// A user who answers for a client.
#[derive(Debug, Clone)]
pub struct Owner {
    /// Their name.
    pub username: String,
    /// Whether they may sign in: while they may not, the client gets no tokens.
    pub active: bool,
}

impl Client {
    /// What it has.
    pub(crate) fn grant(&self) -> Grant {
        Grant::new(&self.roles, &self.scope)
    }
}

/// Adds a client; gives its secret, which is not kept.
///
/// # Errors
/// [`Error::Invalid`] when the name is taken or not allowed, or the expiry has passed.
pub async fn add(database: &Database, by: &By, new: &NewClient<'_>) -> Result<Secret, Error> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
    if !(1..=150).contains(&new.name.len()) || !new.name.chars().all(allowed) {
        return Err(Error::Invalid("a client name has 1 to 150 letters, digits or ._@+-".to_owned()));
    }
    if new.expires_at.is_some_and(|at| at <= Timestamp::now()) {
        return Err(Error::Invalid("the client would have expired already; give a later time".to_owned()));
    }
    by.require(&Grant::new(new.roles, new.scope))?;
    require_owner(database, by, new.owner).await?;
    let secret = new_secret();
    let transaction = database.begin().await?;
    let all = matches!(new.scope, BranchScope::All);
    let inserted = transaction
        .query_one(&INSERT, &[&new.name, &digest(&secret), &all, &new.expires_at, &new.owner])
        .await;
    let id: i64 = match inserted {
        Ok(row) => row.get(0),
        Err(error) if error.constraint() == Some("portal_clients_name_key") => {
            return Err(Error::Invalid(format!("there is a client {:?} already", new.name)));
        }
        Err(error) => return Err(error.into()),
    };
    let groups: Vec<&str> = new.roles.iter().map(|role| role.name()).collect();
    transaction.execute(&INSERT_GROUPS, &[&id, &groups]).await?;
    if let BranchScope::Only(branches) = new.scope {
        let branches: Vec<i64> = branches.iter().map(|branch| branch.0).collect();
        transaction.execute(&INSERT_BRANCHES, &[&id, &branches]).await?;
    }
    let mut details = shown(new.roles, new.scope);
    details["name"] = json!(new.name);
    details["expires_at"] = json!(new.expires_at);
    details["owner_user_id"] = json!(new.owner);
    details["secret_fingerprint"] = json!(audit::fingerprint(digest(&secret)));
    audit::record(&transaction, by, "client.added", &client_id(id), &details).await?;
    transaction.commit().await?;
    Ok(Secret { client_id: client_id(id), secret })
}

/// Every client, in the order they were added.
///
/// # Errors
/// When the database is away.
pub async fn list(database: &Database) -> Result<Vec<Client>, Error> {
    let rows = database.get().await?.query(&LIST, &[]).await?;
    let clients = rows.iter().map(|row| {
        let (roles, scope) = access(row, 2);
        Client {
            client_id: client_id(row.get(0)),
            name: row.get(1),
            roles,
            scope,
            created_at: row.get(5),
            expires_at: row.get(6),
            last_used_at: row.get(7),
            disabled_at: row.get(8),
            owner: row.get::<_, Option<String>>(9).map(|username| Owner { username, active: row.get(10) }),
        }
    });
    Ok(clients.collect())
}

/// Gives a client a new secret; the one before is good for `overlap` yet, and one from before that no more. Tokens that
/// it has stay good: who suspects that a secret leaked disables the client.
///
/// # Errors
/// [`Error::Invalid`] when there is no such client, or it is disabled.
pub async fn rotate(
    database: &Database,
    by: &By,
    name: &str,
    overlap: Duration,
) -> Result<(Secret, Timestamp), Error> {
    let secret = new_secret();
    let (transaction, id, _) = hold(database, by, name).await?;
    let row = transaction.query_one(&ROTATE, &[&id, &digest(&secret), &overlap.as_secs_f64()]).await?;
    let until: Timestamp = row.get(0);
    let details = json!({
        "former_secret_until": until, "secret_fingerprint": audit::fingerprint(digest(&secret)),
    });
    audit::record(&transaction, by, "client.secret_rotated", &client_id(id), &details).await?;
    transaction.commit().await?;
    Ok((Secret { client_id: client_id(id), secret }, until))
}

/// Gives a client no more tokens and revokes those it has.
///
/// # Errors
/// [`Error::Invalid`] when there is no such client, or it is disabled already.
pub async fn disable(database: &Database, by: &By, name: &str) -> Result<(), Error> {
    let (transaction, id, _) = hold(database, by, name).await?;
    transaction.execute(&DISABLE, &[&id]).await?;
    audit::record(&transaction, by, "client.disabled", &client_id(id), &json!({})).await?;
    revocations::revoke(&transaction, &client_id(id)).await?;
    Ok(transaction.commit().await?)
}

/// Nobody names somebody else who has more than they have.
async fn require_owner(database: &Database, by: &By, owner: Option<i64>) -> Result<(), Error> {
    let Some(id) = owner else { return Ok(()) };
    let user = users::with_id(database, id).await?;
    let user = user.ok_or_else(|| Error::Invalid(format!("there is no user {id}")))?;
    by.require(&Grant::of(&user))
}

/// Says which user answers for a client; `None`: nobody.
///
/// # Errors
/// [`Error::Invalid`] when there is no such client or user, or the client is disabled.
pub async fn set_owner(database: &Database, by: &By, name: &str, owner: Option<i64>) -> Result<(), Error> {
    require_owner(database, by, owner).await?;
    let (transaction, id, before) = hold(database, by, name).await?;
    if before == owner {
        return Ok(());
    }
    transaction.execute(&SET_OWNER, &[&id, &owner]).await?;
    let details = json!({ "from": before, "to": owner });
    audit::record(&transaction, by, "client.owner_set", &client_id(id), &details).await?;
    Ok(transaction.commit().await?)
}

/// The names of the clients that a user answers for.
///
/// # Errors
/// When the database is away.
pub async fn of_owner(database: &Database, user: i64) -> Result<Vec<String>, Error> {
    let rows = database.get().await?.query(&OF_OWNER, &[&user]).await?;
    Ok(rows.iter().map(|row| row.get(1)).collect())
}

/// Revokes the tokens of the clients that a user answers for, in the transaction that keeps the user out; gives their
/// names.
pub(crate) async fn stop_those_of(transaction: &Transaction, user: i64) -> Result<Vec<String>, Error> {
    let rows = transaction.query(&OF_OWNER, &[&user]).await?;
    for row in &rows {
        revocations::revoke(transaction, &client_id(row.get(0))).await?;
    }
    Ok(rows.iter().map(|row| row.get(1)).collect())
}

/// By client id: the id of the user who answers for it.
///
/// # Errors
/// When the database is away.
pub async fn owners(database: &Database) -> Result<Owners, Error> {
    let transaction = database.begin_snapshot().await?;
    let owners = owners_in(&transaction).await?;
    transaction.commit().await?;
    Ok(Owners::of(owners))
}

pub(crate) async fn owners_in(transaction: &Transaction) -> Result<HashMap<String, String>, PgError> {
    let rows = transaction.query(&OWNERS, &[]).await?;
    Ok(rows.iter().map(|row| (client_id(row.get(0)), row.get::<_, i64>(1).to_string())).collect())
}

/// The number of a client's id, where it is written as one: what else is sent in its place may be the secret.
pub(crate) fn number(client_id: &str) -> Option<i64> {
    // Nothing but the one way to write a number: "client-07" is nobody.
    let number = client_id.strip_prefix(CLIENT_PREFIX).and_then(|id| id.parse::<i64>().ok());
    number.filter(|id| *id > 0 && self::client_id(*id) == client_id)
}

/// A token for the client with that id and secret; `None` when there is none that may have one. `from` is where the
/// request comes from.
pub(crate) async fn token(
    database: &Database,
    minter: Minter<'_>,
    from: By,
    (client_id, secret): (&str, &str),
) -> Result<Option<Token>, Error> {
    let offered = digest(secret);
    let Some(id) = number(client_id) else { return Ok(None) };
    let transaction = database.begin().await?;
    revocations::hold_off(&transaction, client_id).await?;
    let Some(row) = transaction.query_opt(&FOR_TOKEN, &[&id, &client_id]).await? else { return Ok(None) };
    let (hash, former): (Vec<u8>, Option<Vec<u8>>) = (row.get(6), row.get(7));
    // Both are compared whatever the first says, and each in the same time wherever they differ.
    let right = hash.ct_eq(&offered) | former.unwrap_or_default().ct_eq(&offered);
    let (issued_at, ends_at): (i64, Option<i64>) = (row.get(4), row.get(5));
    let name: String = row.get(0);
    let wrong = match (bool::from(right), row.get::<_, bool>(9), ends_at) {
        (false, ..) => Some("secret"),
        (true, true, _) => Some("disabled"),
        (true, false, Some(end)) if end <= issued_at => Some("expired"),
        (true, false, _) => None,
    };
    if let Some(wrong) = wrong {
        // Who it was is not known: the name is that of the client they asked for.
        let by = By { name, ..from };
        client_uses::note(&transaction, &by, id, Outcome::Refused(wrong)).await?;
        transaction.commit().await?;
        return Ok(None);
    }
    let (roles, scope) = access(&row, 1);
    let holder =
        Holder { subject: client_id.to_owned(), name: name.clone(), roles, scope, issued_at, ends_at };
    let token = minter.mint(&holder)?;
    let by = By { user_id: Some(client_id.to_owned()), name, ..from };
    client_uses::note(&transaction, &by, id, Outcome::Given).await?;
    // Not on every token: a minute is exact enough.
    if row.get::<_, bool>(8) {
        transaction.execute(&USED, &[&id]).await?;
    }
    transaction.commit().await?;
    Ok(Some(token))
}

/// Begins a change of a client that is not disabled, and has no more than who changes it. Gives its owner too.
async fn hold(database: &Database, by: &By, name: &str) -> Result<(Transaction, i64, Option<i64>), Error> {
    let transaction = database.begin().await?;
    let row = transaction.query_opt(&HOLD, &[&name]).await?;
    let row = row.ok_or_else(|| Error::Invalid(format!("there is no client {name:?}")))?;
    let (roles, scope) = access(&row, 1);
    by.require(&Grant::new(&roles, &scope))?;
    if row.get::<_, Option<Timestamp>>(4).is_some() {
        return Err(Error::Invalid(format!("client {name:?} is disabled")));
    }
    Ok((transaction, row.get(0), row.get(5)))
}

pub(crate) fn client_id(id: i64) -> String {
    format!("{CLIENT_PREFIX}{id}")
}

fn new_secret() -> String {
    let random: [u8; 32] = rand::random();
    format!("{SECRET_PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(random))
}

fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

//! Sessions: a random id in a cookie, its digest in the database.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use platform::pg::{Database, Params, PgError, Transaction};
use platform::statement;
use platform::text::shows_nothing;
use serde_json::json;

use super::random_id::{self, digest};
use super::users::{self, User};
use crate::Config;
use crate::audit::{self, By};
use crate::error::Error;
use crate::revocations;

statement! {
    /// A new session.
    INSERT: "portal" = "
        insert into portal_sessions (id_hash, user_id, ip, user_agent, complete, confirmed_at)
        values ($1, $2, $3::text::inet, $4, $5, now())";
    /// The active user of a session that was used and begun lately enough, and what the session is.
    FIND: "portal" = "
        select u.id, u.username, u.active, u.all_branches,
               array(select g.name from portal_memberships m join portal_groups g on g.id = m.group_id
                     where m.user_id = u.id order by g.id),
               array(select b.branch_id from portal_user_branches b where b.user_id = u.id order by b.branch_id),
               s.seen_at < now() - interval '1 minute', s.id, s.complete,
               exists (select from portal_second_factors f where f.user_id = u.id),
               exists (select from portal_memberships m join portal_groups g on g.id = m.group_id
                       where m.user_id = u.id and (g.second_factor_required or ($4 and g.name = 'Admin'))),
               coalesce(s.confirmed_at > now() - interval '10 minutes', false),
               u.first_password_at is not null
        from portal_sessions s
        join portal_users u on u.id = s.user_id
        where s.id_hash = $1 and u.active
          and (u.first_password_at is null or u.first_password_at > now() - interval '7 days')
          and s.seen_at > now() - make_interval(secs => $2)
          and s.created_at > now() - make_interval(secs => $3)
          and (s.complete or s.created_at > now() - interval '10 minutes')";
    /// Notes that a session is used.
    SEEN: "portal" = "update portal_sessions set seen_at = now() where id = $1";
    /// Whether a session is there. Those that ended by themselves are removed every hour.
    HOLDS: "portal" = "select exists (select from portal_sessions where id = $1)";
    /// Notes that the password was given again.
    CONFIRM: "portal" = "update portal_sessions set confirmed_at = now() where id = $1";
    /// Gives a session another id; whoever calls for it has just given the password.
    RENEW: "portal" = "
        update portal_sessions set id_hash = $2, confirmed_at = now() where id = $1";
    /// Ends a session by the id in its cookie.
    DELETE: "portal" = "delete from portal_sessions where id_hash = $1 returning user_id, complete";
    /// Ends one session of a user.
    DELETE_ONE: "portal" = "delete from portal_sessions where user_id = $1 and id = $2";
    /// Ends the sessions of a user, but for one.
    DELETE_OTHERS: "portal" = "delete from portal_sessions where user_id = $1 and id is distinct from $2";
    /// The sessions of a user that hold, the last used first.
    OF_USER: "portal" = "
        select s.id, host(s.ip), s.user_agent, s.created_at, s.seen_at
        from portal_sessions s
        where s.user_id = $1 and s.complete
          and s.seen_at > now() - make_interval(secs => $2)
          and s.created_at > now() - make_interval(secs => $3)
        order by s.seen_at desc, s.id desc
        limit 200";
    /// Removes sessions that have ended by themselves.
    PURGE: "portal" = "
        delete from portal_sessions
        where seen_at < now() - make_interval(secs => $1) or created_at < now() - make_interval(secs => $2)
           or (not complete and created_at < now() - interval '10 minutes')";
}

/// For how long sessions hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Without being used.
    pub idle: Duration,
    /// In all.
    pub lifetime: Duration,
}

impl Default for Limits {
    /// Half a day without use, a week in all.
    fn default() -> Limits {
        Limits { idle: Duration::from_secs(12 * 3_600), lifetime: Duration::from_secs(7 * 24 * 3_600) }
    }
}

/// How far a session's user has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The password was right; the code of the second factor is still to come.
    AwaitsCode,
    /// Signed in with a password that somebody else set, which is to be changed first.
    MustChangePassword,
    /// Signed in, but a group of the user's asks for a second factor, and there is none.
    MustEnrol,
    /// Signed in.
    SignedIn,
}

/// A session that holds.
#[derive(Debug)]
pub(crate) struct Session {
    /// Names it on pages and in the audit; opens nothing.
    pub id: i64,
    pub user: User,
    pub standing: Standing,
    /// Whether the password was given in it within the last 10 minutes.
    pub is_confirmed: bool,
}

/// A session as its owner sees it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Names it; opens nothing.
    pub id: i64,
    /// Where it was begun.
    pub ip: Option<String>,
    /// What the browser called itself.
    pub user_agent: String,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
}

/// Begins a session; gives its id, for the cookie alone. One that is not `complete` waits for the second factor.
pub(crate) async fn insert(
    transaction: &Transaction,
    user_id: i64,
    ip: IpAddr,
    user_agent: &str,
    complete: bool,
) -> Result<String, PgError> {
    let id = random_id::make();
    let ip = ip.to_string();
    let shown = |c: &char| !c.is_control() && !shows_nothing(*c);
    let user_agent: String = user_agent.chars().filter(shown).take(300).collect();
    transaction.execute(&INSERT, &[&digest(&id), &user_id, &ip, &user_agent, &complete]).await?;
    Ok(id)
}

/// Whether a session was not ended. It is not noted as used.
pub(crate) async fn holds(database: &Database, id: i64) -> Result<bool, PgError> {
    Ok(database.get().await?.query_one(&HOLDS, &[&id]).await?.get(0))
}

/// The session of that id, if it still holds.
pub(crate) async fn find(database: &Database, id: &str, config: &Config) -> Result<Option<Session>, Error> {
    let connection = database.get().await?;
    let Limits { idle, lifetime } = config.sessions;
    let (idle, lifetime) = (idle.as_secs_f64(), lifetime.as_secs_f64());
    let params: Params<'_> = &[&digest(id), &idle, &lifetime, &config.admin_second_factor];
    let Some(row) = connection.query_opt(&FIND, params).await? else {
        return Ok(None);
    };
    let id: i64 = row.get(7);
    // Not on every request: a minute is exact enough for sessions of hours.
    if row.get::<_, bool>(6) {
        connection.execute(&SEEN, &[&id]).await?;
    }
    let (complete, has_factor, needs_factor): (bool, bool, bool) = (row.get(8), row.get(9), row.get(10));
    let (is_confirmed, first_password): (bool, bool) = (row.get(11), row.get(12));
    let standing = match (complete, first_password, has_factor || !needs_factor) {
        (false, ..) => Standing::AwaitsCode,
        (true, true, _) => Standing::MustChangePassword,
        (true, false, false) => Standing::MustEnrol,
        (true, false, true) => Standing::SignedIn,
    };
    Ok(Some(Session { id, user: users::user(&row), standing, is_confirmed }))
}

/// Notes that the session's user has given the password again.
pub(crate) async fn confirm(database: &Database, by: &By, session: &Session) -> Result<(), Error> {
    let transaction = database.begin().await?;
    transaction.execute(&CONFIRM, &[&session.id]).await?;
    let (id, details) = (session.user.id.to_string(), json!({ "session": session.id }));
    audit::record(&transaction, by, "user.password_confirmed", &id, &details).await?;
    Ok(transaction.commit().await?)
}

/// Gives a session another id, for the cookie alone.
pub(crate) async fn renew(transaction: &Transaction, session: i64) -> Result<String, PgError> {
    let id = random_id::make();
    transaction.execute(&RENEW, &[&session, &digest(&id)]).await?;
    Ok(id)
}

/// Ends whatever session has the id in a cookie; says whether there was one.
pub(crate) async fn discard(transaction: &Transaction, id: &str) -> Result<bool, PgError> {
    Ok(transaction.query_opt(&DELETE, &[&digest(id)]).await?.is_some())
}

/// Signs out: ends the session of the id in a cookie, and revokes every token of its user, since a token does not say
/// which session it is of. The user's other sessions get new ones.
pub(crate) async fn sign_out(database: &Database, by: &By, id: &str) -> Result<(), Error> {
    let transaction = database.begin().await?;
    if let Some(row) = transaction.query_opt(&DELETE, &[&digest(id)]).await?
        && row.get::<_, bool>(1)
    {
        let user_id = row.get::<_, i64>(0).to_string();
        audit::record(&transaction, by, "user.signed_out", &user_id, &json!({})).await?;
        revocations::revoke(&transaction, &user_id).await?;
    }
    Ok(transaction.commit().await?)
}

/// Ends the sessions of a user, but for one; says how many.
pub(crate) async fn end_others(
    transaction: &Transaction,
    user_id: i64,
    but: Option<i64>,
) -> Result<u64, PgError> {
    transaction.execute(&DELETE_OTHERS, &[&user_id, &but]).await
}

/// Ends sessions of a user: one of them, or all but one, and revokes every token of the user, since a token does not say
/// which session it is of. Says how many sessions there were.
pub(crate) async fn end(database: &Database, by: &By, user_id: i64, which: Which) -> Result<u64, Error> {
    let transaction = database.begin().await?;
    let (ended, details) = match which {
        Which::One(session) => {
            let ended = transaction.execute(&DELETE_ONE, &[&user_id, &session]).await?;
            (ended, json!({ "sessions_ended": ended, "session": session }))
        }
        Which::AllBut(session) => {
            let ended = end_others(&transaction, user_id, session).await?;
            (ended, json!({ "sessions_ended": ended }))
        }
    };
    if ended > 0 {
        audit::record(&transaction, by, "user.sessions_ended", &user_id.to_string(), &details).await?;
    }
    revocations::revoke(&transaction, &user_id.to_string()).await?;
    transaction.commit().await?;
    Ok(ended)
}

/// Which sessions to end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    One(i64),
    AllBut(Option<i64>),
}

/// The sessions of a user that hold, the last used first.
///
/// # Errors
/// When the database is away.
pub async fn of_user(database: &Database, user_id: i64, limits: Limits) -> Result<Vec<Shown>, Error> {
    let (idle, lifetime) = (limits.idle.as_secs_f64(), limits.lifetime.as_secs_f64());
    let rows = database.get().await?.query(&OF_USER, &[&user_id, &idle, &lifetime]).await?;
    let shown = rows.iter().map(|row| Shown {
        id: row.get(0),
        ip: row.get(1),
        user_agent: row.get(2),
        created_at: row.get(3),
        seen_at: row.get(4),
    });
    Ok(shown.collect())
}

/// Ends every session of a user and revokes every token; says how many sessions there were.
///
/// # Errors
/// When the database is away.
pub async fn end_all(database: &Database, by: &By, user_id: i64) -> Result<u64, Error> {
    end(database, by, user_id, Which::AllBut(None)).await
}

/// Removes sessions that have ended by themselves; says how many.
///
/// # Errors
/// When the database is away.
pub async fn purge(database: &Database, limits: Limits) -> Result<u64, Error> {
    let (idle, lifetime) = (limits.idle.as_secs_f64(), limits.lifetime.as_secs_f64());
    Ok(database.get().await?.execute(&PURGE, &[&idle, &lifetime]).await?)
}

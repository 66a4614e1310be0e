//! Signing in: the password, then the code of the second factor where the user has one.

use std::time::Duration;

use platform::pg::{Database, PgError, Transaction};
use platform::statement;
use serde_json::{Value, json};

use super::devices::{self, Known};
use super::hashing::{Lane, Place};
use super::passwords::{self, Check, Tried};
use super::second_factor::{self, Code};
use super::sessions::{self, Session};
use super::throttle::{Guess, Guesser};
use super::users::{self, User};
use crate::audit;
use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::secrets::Sealer;

statement! {
    /// A user by name, whatever its case, with groups, branches, hash, and whether there is a second factor.
    CREDENTIALS: "portal" = "
        select u.id, u.username, u.active, u.all_branches,
               array(select g.name from portal_memberships m join portal_groups g on g.id = m.group_id
                     where m.user_id = u.id order by g.id),
               array(select b.branch_id from portal_user_branches b where b.user_id = u.id order by b.branch_id),
               u.password_hash, exists (select from portal_second_factors f where f.user_id = u.id),
               coalesce(u.first_password_at < now() - interval '7 days', false)
        from portal_users u
        where lower(u.username) = lower($1)";
    /// The most iterations that a hash of Django's asks for.
    DJANGO_ITERATIONS: "portal" = "
        select coalesce(max(split_part(password_hash, '$', 2)::integer), 0)
        from portal_users where starts_with(password_hash, 'pbkdf2_sha256$')";
    /// Puts a newer hash of the same password in place of one.
    REHASH: "portal" = "update portal_users set password_hash = $3 where id = $1 and password_hash = $2";
    /// Holds an active user whose password is still the one that was checked, or any with a null for it.
    HOLD: "portal" = "
        select from portal_users where id = $1 and active and ($2::text is null or password_hash = $2) for update";
    /// Notes a sign-in.
    SIGNED_IN: "portal" = "update portal_users set last_sign_in_at = now() where id = $1";
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Outcome<T> {
    /// It was right.
    Right(T),
    /// It was wrong, or there is no such user, or the user is not active.
    Wrong,
    /// Nothing was checked: too many were wrong. The next may come after this time.
    Wait(Duration),
}

/// A session that was begun.
#[derive(Debug)]
pub(crate) struct Begun {
    /// Its id, for the cookie.
    pub session: String,
    /// The id of the browser, for its cookie; none while the code is still to come.
    pub device: Option<String>,
}

/// A user with what proves it.
struct Credentials {
    user: User,
    hash: String,
    has_second_factor: bool,
    /// Somebody else set the password, too long ago.
    has_expired: bool,
}

/// Checks a name and a password, and begins a session: for a user with a second factor one that waits for its code. None
/// for a first password that was not used in time. Known and unknown names take the same time where they are wrong.
///
/// # Errors
/// [`Error::Busy`] when too many passwords are being hashed.
pub(crate) async fn with_password(
    database: &Database,
    visitor: &Visitor,
    username: &str,
    password: &str,
) -> Result<Outcome<Option<Begun>>, Error> {
    // Before anything is counted: a request that finds no place is no guess. Without a cookie it costs no query either.
    let enter = |lane| visitor.hashing.enter(lane, &visitor.hangup);
    let strangers = visitor.device.is_none().then(|| enter(Lane::Strangers)).transpose()?;
    let known = known(database, visitor, username).await?;
    let mut place = match strangers {
        Some(place) => place,
        None if known.device.is_some() => enter(Lane::Known)?,
        None => enter(Lane::Strangers)?,
    };
    let guess = match count(database, visitor, known, username).await? {
        Ok(guess) => guess,
        Err(wait) => return Ok(Outcome::Wait(wait)),
    };
    let found = credentials(database, username).await?;
    let (guess, check) = check(database, guess, found.as_ref(), password, &mut place).await?;
    let Some(Credentials { user, hash, has_second_factor, has_expired }) =
        found.filter(|found| found.user.active && check != Check::Wrong)
    else {
        wrong(database, visitor, username, "password").await?;
        return Ok(Outcome::Wrong);
    };
    guess.was_right(database).await?;
    if has_expired {
        wrong(database, visitor, username, "first password, not used in time").await?;
        return Ok(Outcome::Right(None));
    }
    let newer =
        if check == Check::RightButOld { Some(passwords::again(&place, password).await?) } else { None };
    let transaction = database.begin().await?;
    // Whatever ended the user's sessions since the password was read has ended this one too, and whatever comes next
    // waits and then finds it.
    if transaction.query_opt(&HOLD, &[&user.id, &Some(&hash)]).await?.is_none() {
        transaction.rollback().await?;
        return Ok(Outcome::Wrong);
    }
    if let Some(newer) = &newer {
        transaction.execute(&REHASH, &[&user.id, &hash, newer]).await?;
    }
    let mut details = json!({ "password_hashed_anew": newer.is_some() });
    if let Some(newer) = &newer {
        details["password_fingerprint"] = json!(audit::fingerprint(newer));
    }
    let begun = begin(&transaction, visitor, &user, !has_second_factor, &details).await?;
    transaction.commit().await?;
    Ok(Outcome::Right(Some(begun)))
}

/// Checks the code of a session that waits for it, and begins a complete one in its place.
pub(crate) async fn with_code(
    database: &Database,
    sealer: &Sealer,
    visitor: &Visitor,
    user: &User,
    code: &str,
) -> Result<Outcome<Begun>, Error> {
    let known = known(database, visitor, &user.username).await?;
    let guess = match count(database, visitor, known, &user.username).await? {
        Ok(guess) => guess,
        Err(wait) => return Ok(Outcome::Wait(wait)),
    };
    let transaction = database.begin().await?;
    let Some(code) = second_factor::take(&transaction, sealer, user.id, code).await? else {
        // The wrong code is counted.
        transaction.commit().await?;
        wrong(database, visitor, &user.username, "second factor").await?;
        return Ok(Outcome::Wrong);
    };
    let details = match code {
        Code::Timed => json!({ "second_factor": "code" }),
        Code::Recovery { left } => json!({ "second_factor": "recovery code", "recovery_codes_left": left }),
    };
    let held = transaction.query_opt(&HOLD, &[&user.id, &None::<&str>]).await?.is_some();
    let waiting = match &visitor.session {
        Some(session) => sessions::discard(&transaction, session).await?,
        None => false,
    };
    if !held || !waiting {
        transaction.rollback().await?;
        return Ok(Outcome::Wrong);
    }
    let begun = begin(&transaction, visitor, user, true, &details).await?;
    transaction.commit().await?;
    guess.was_right(database).await?;
    Ok(Outcome::Right(begun))
}

/// Checks the password of a signed-in user again, before what only the person may do.
pub(crate) async fn confirm(
    database: &Database,
    visitor: &Visitor,
    session: &Session,
    password: &str,
) -> Result<Outcome<()>, Error> {
    let username = &session.user.username;
    let mut place = visitor.hashing.enter(Lane::Known, &visitor.hangup)?;
    let known = known(database, visitor, username).await?;
    let guess = match count(database, visitor, known, username).await? {
        Ok(guess) => guess,
        Err(wait) => return Ok(Outcome::Wait(wait)),
    };
    let found = credentials(database, username).await?;
    let (guess, check) = check(database, guess, found.as_ref(), password, &mut place).await?;
    if check == Check::Wrong {
        wrong(database, visitor, username, "password asked again").await?;
        return Ok(Outcome::Wrong);
    }
    guess.was_right(database).await?;
    Ok(Outcome::Right(()))
}

async fn known<'a>(database: &Database, visitor: &'a Visitor, username: &str) -> Result<Known<'a>, PgError> {
    let name = users::possible_name(username);
    devices::known(database, visitor.device.as_deref(), visitor.ip, name).await
}

async fn count(
    database: &Database,
    visitor: &Visitor,
    known: Known<'_>,
    username: &str,
) -> Result<Result<Guess, Duration>, Error> {
    let counted = Guesser { username, known, ip: visitor.ip }.count(database).await?;
    if let Err(wait) = &counted {
        tracing::info!(ip = %visitor.ip, seconds = wait.as_secs(), "a guess came too early");
    }
    Ok(counted)
}

async fn credentials(database: &Database, username: &str) -> Result<Option<Credentials>, Error> {
    let row = database.get().await?.query_opt(&CREDENTIALS, &[&users::possible_name(username)]).await?;
    Ok(row.map(|row| Credentials {
        user: users::user(&row),
        hash: row.get(6),
        has_second_factor: row.get(7),
        has_expired: row.get(8),
    }))
}

/// Checks a password. A user who is not active has none.
async fn check(
    database: &Database,
    guess: Guess,
    found: Option<&Credentials>,
    password: &str,
    place: &mut Place<'_>,
) -> Result<(Guess, Check), Error> {
    let stored = found.filter(|found| found.user.active).map(|found| found.hash.as_str());
    let dearest = async || {
        let row = database.get().await?.query_one(&DJANGO_ITERATIONS, &[]).await?;
        Ok(u32::try_from(row.get::<_, i32>(0)).unwrap_or(0))
    };
    match Tried::new(password, stored).check(place, dearest).await {
        Ok(check) => Ok((guess, check)),
        Err(Error::Gone) => {
            guess.was_not_checked(database).await?;
            Err(Error::Gone)
        }
        Err(error) => Err(error),
    }
}

/// Writes down that a guess was wrong. A name that nobody has is not written: it may be a password in the wrong field.
async fn wrong(
    database: &Database,
    visitor: &Visitor,
    username: &str,
    what: &'static str,
) -> Result<(), Error> {
    let found = credentials(database, username).await?;
    let (name, id) = match &found {
        Some(found) => (found.user.username.as_str(), found.user.id.to_string()),
        None => ("(unknown name)", "unknown".to_owned()),
    };
    tracing::info!(username = name, ip = %visitor.ip, what, "a sign-in failed");
    let transaction = database.begin().await?;
    let by = visitor.stranger(name);
    audit::record(&transaction, &by, "user.sign_in_failed", &id, &json!({ "wrong": what })).await?;
    Ok(transaction.commit().await?)
}

/// Begins a session in place of whatever one the browser had: an id planted before sign-in opens nothing.
async fn begin(
    transaction: &Transaction,
    visitor: &Visitor,
    user: &User,
    complete: bool,
    details: &Value,
) -> Result<Begun, PgError> {
    if let Some(before) = &visitor.session {
        sessions::discard(transaction, before).await?;
    }
    let session = sessions::insert(transaction, user.id, visitor.ip, &visitor.agent, complete).await?;
    let mut device = None;
    if complete {
        device = Some(devices::remember(transaction, visitor.device.as_deref(), visitor.ip, user.id).await?);
        transaction.execute(&SIGNED_IN, &[&user.id]).await?;
    }
    let action = if complete { "user.signed_in" } else { "user.password_accepted" };
    audit::record(transaction, &visitor.by(user), action, &user.id.to_string(), details).await?;
    tracing::info!(username = user.username, ip = %visitor.ip, action, "a sign-in");
    Ok(Begun { session, device })
}

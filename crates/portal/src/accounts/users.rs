//! Users, their groups and their branches.

use domain::BranchId;
use identity::{BranchScope, Role};
use platform::pg::{Database, Row};
use platform::statement;
use serde_json::json;

use super::passwords;
use crate::audit::{self, By};
use crate::error::Error;

/// A user as tokens and pages need them.
#[derive(Debug, Clone)]
pub struct User {
    /// Its id.
    pub id: i64,
    /// What they sign in with.
    pub username: String,
    /// What they may do.
    pub roles: Vec<Role>,
    /// Where.
    pub scope: BranchScope,
    /// Whether they may sign in.
    pub active: bool,
}

/// A user to add.
#[derive(Debug, Clone)]
pub struct NewUser<'a> {
    /// What they sign in with: letters, digits and `._@+-`.
    pub username: &'a str,
    /// 8 to 128 characters.
    pub password: &'a str,
    /// What they may do.
    pub roles: &'a [Role],
    /// Where.
    pub scope: &'a BranchScope,
}

statement! {
    /// A user by name, whatever its case, with groups and branches.
    BY_NAME: "portal" = "
        select u.id, u.username, u.active, u.all_branches,
               array(select g.name from portal_memberships m join portal_groups g on g.id = m.group_id
                     where m.user_id = u.id order by g.id),
               array(select b.branch_id from portal_user_branches b where b.user_id = u.id order by b.branch_id),
               u.password_hash
        from portal_users u
        where lower(u.username) = lower($1)";
    /// Every user.
    ALL: "portal" = "
        select u.id, u.username, u.active, u.all_branches,
               array(select g.name from portal_memberships m join portal_groups g on g.id = m.group_id
                     where m.user_id = u.id order by g.id),
               array(select b.branch_id from portal_user_branches b where b.user_id = u.id order by b.branch_id)
        from portal_users u
        order by u.id";
    /// A new user.
    INSERT: "portal" = "
        insert into portal_users (username, password_hash, all_branches) values ($1, $2, $3) returning id";
    /// Its groups.
    INSERT_GROUPS: "portal" = "
        insert into portal_memberships (user_id, group_id)
        select $1, id from portal_groups where name = any($2)";
    /// Its branches.
    INSERT_BRANCHES: "portal" = "
        insert into portal_user_branches (user_id, branch_id) select $1, unnest($2::bigint[])";
    /// A new password.
    SET_PASSWORD: "portal" = "
        update portal_users set password_hash = $2 where lower(username) = lower($1) returning id";
    /// Ends every session of a user.
    END_SESSIONS: "portal" = "delete from portal_sessions where user_id = $1";
    /// Notes a sign-in.
    SIGNED_IN: "portal" = "update portal_users set last_sign_in_at = now() where id = $1";
}

pub(crate) fn user(row: &Row) -> User {
    let (all, groups, branches): (bool, Vec<String>, Vec<i64>) = (row.get(3), row.get(4), row.get(5));
    let scope = if all { BranchScope::All } else { BranchScope::only(branches.into_iter().map(BranchId)) };
    User {
        id: row.get(0),
        username: row.get(1),
        active: row.get(2),
        roles: groups.iter().filter_map(|name| Role::parse(name)).collect(),
        scope,
    }
}

/// As the check in the table has it.
fn can_be_a_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
    (1..=150).contains(&text.len()) && text.chars().all(allowed)
}

/// Adds a user; gives the id.
///
/// # Errors
/// [`Error::Invalid`] when the name is taken or not allowed, or the password is.
pub async fn add(database: &Database, by: &By, new: &NewUser<'_>) -> Result<i64, Error> {
    if !can_be_a_name(new.username) {
        return Err(Error::Invalid("a user name has 1 to 150 letters, digits or ._@+-".to_owned()));
    }
    let hash = passwords::hash(new.password).await?;
    let transaction = database.begin().await?;
    let all = matches!(new.scope, BranchScope::All);
    let inserted = transaction.query_one(&INSERT, &[&new.username, &hash, &all]).await;
    let id: i64 = match inserted {
        Ok(row) => row.get(0),
        Err(error) if error.constraint() == Some("portal_users_username_key") => {
            return Err(Error::Invalid(format!("there is a user {:?} already", new.username)));
        }
        Err(error) => return Err(error.into()),
    };
    let groups: Vec<&str> = new.roles.iter().map(|role| role.name()).collect();
    transaction.execute(&INSERT_GROUPS, &[&id, &groups]).await?;
    let branches = match new.scope {
        BranchScope::All => json!("*"),
        BranchScope::Only(branches) => {
            let branches: Vec<i64> = branches.iter().map(|branch| branch.0).collect();
            transaction.execute(&INSERT_BRANCHES, &[&id, &branches]).await?;
            json!(branches)
        }
    };
    let details = json!({ "username": new.username, "roles": groups, "branches": branches });
    audit::record(&transaction, by, "user.added", &id.to_string(), &details).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Sets a user's password and ends their sessions.
///
/// # Errors
/// [`Error::Invalid`] when there is no such user or the password is not allowed.
pub async fn set_password(database: &Database, by: &By, username: &str, password: &str) -> Result<(), Error> {
    let hash = passwords::hash(password).await?;
    let transaction = database.begin().await?;
    let row = transaction.query_opt(&SET_PASSWORD, &[&username, &hash]).await?;
    let id: i64 = row.ok_or_else(|| Error::Invalid(format!("there is no user {username:?}")))?.get(0);
    let ended = transaction.execute(&END_SESSIONS, &[&id]).await?;
    let details = json!({ "sessions_ended": ended });
    audit::record(&transaction, by, "user.password_set", &id.to_string(), &details).await?;
    transaction.commit().await?;
    Ok(())
}

/// Every user, in the order they were added.
///
/// # Errors
/// When the database is away.
pub async fn list(database: &Database) -> Result<Vec<User>, Error> {
    Ok(database.get().await?.query(&ALL, &[]).await?.iter().map(user).collect())
}

/// The active user of that name.
///
/// # Errors
/// When the database is away.
pub async fn active(database: &Database, username: &str) -> Result<Option<User>, Error> {
    let row = database.get().await?.query_opt(&BY_NAME, &[&username]).await?;
    Ok(row.as_ref().map(user).filter(|user| user.active))
}

/// The active user with that name and password. Known and unknown names take the same time.
///
/// # Errors
/// When the database is away.
pub async fn sign_in(database: &Database, username: &str, password: &str) -> Result<Option<User>, Error> {
    let row = match can_be_a_name(username) {
        true => database.get().await?.query_opt(&BY_NAME, &[&username]).await?,
        false => None,
    };
    let hash: Option<String> = row.as_ref().map(|row| row.get(6));
    let right = passwords::verify(password, hash.as_deref()).await?;
    let Some(user) = row.as_ref().map(user).filter(|user| right && user.active) else { return Ok(None) };
    database.get().await?.execute(&SIGNED_IN, &[&user.id]).await?;
    Ok(Some(user))
}

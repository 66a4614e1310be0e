//! Users, their groups and their branches.

use domain::BranchId;
use identity::{BranchScope, Caller, Role};
use platform::pg::{Database, Row, Transaction};
use platform::statement;
use serde_json::json;

use super::grant::Grant;
use super::{access, devices, passwords, sessions};
use crate::audit::{self, By};
use crate::error::Error;
use crate::revocations;

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
    /// As [`passwords::hash`] takes it.
    pub password: &'a str,
    /// What they may do.
    pub roles: &'a [Role],
    /// Where.
    pub scope: &'a BranchScope,
    /// Whose password it is.
    pub password_is: PasswordIs,
}

/// Whose a password is that somebody else sets for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordIs {
    /// The first one: the user changes it at the next sign-in, within 7 days, and can do nothing before.
    First,
    /// The user's own, as far as whoever sets it knows.
    Own,
}

impl User {
    /// The user as policies know them.
    pub(crate) fn caller(&self) -> Caller {
        let roles = self.roles.iter().copied().collect();
        Caller::known(&self.id.to_string(), &self.username, roles, self.scope.clone())
    }
}

statement! {
    /// A user by name, whatever its case, with groups and branches.
    pub(super) BY_NAME: "portal" = "
        select u.id, u.username, u.active, u.all_branches,
               array(select g.name from portal_memberships m join portal_groups g on g.id = m.group_id
                     where m.user_id = u.id order by g.id),
               array(select b.branch_id from portal_user_branches b where b.user_id = u.id order by b.branch_id)
        from portal_users u
        where lower(u.username) = lower($1)";
    /// A user by id, with groups and branches.
    BY_ID: "portal" = "
        select u.id, u.username, u.active, u.all_branches,
               array(select g.name from portal_memberships m join portal_groups g on g.id = m.group_id
                     where m.user_id = u.id order by g.id),
               array(select b.branch_id from portal_user_branches b where b.user_id = u.id order by b.branch_id)
        from portal_users u
        where u.id = $1";
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
        insert into portal_users (username, password_hash, all_branches, first_password_at)
        values ($1, $2, $3, case when $4 then now() end)
        returning id";
    /// Its groups.
    pub(super) INSERT_GROUPS: "portal" = "
        insert into portal_memberships (user_id, group_id)
        select $1, id from portal_groups where name = any($2)";
    /// Its branches.
    pub(super) INSERT_BRANCHES: "portal" = "
        insert into portal_user_branches (user_id, branch_id) select $1, unnest($2::bigint[])";
    /// A password that somebody else sets.
    SET_PASSWORD: "portal" = "
        update portal_users
        set password_hash = $2, password_of_demo = false, first_password_at = case when $3 then now() end
        where id = $1";
    /// The active users whose password the demo made and printed.
    OF_DEMO: "portal" = "
        select username from portal_users where password_of_demo and active order by id";
    /// Notes that the demo made a user's password.
    MARK_AS_OF_DEMO: "portal" = "update portal_users set password_of_demo = true where id = $1";
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

/// The user of that id, if there is one.
///
/// # Errors
/// When the database is away.
pub async fn with_id(database: &Database, id: i64) -> Result<Option<User>, Error> {
    Ok(database.get().await?.query_opt(&BY_ID, &[&id]).await?.as_ref().map(user))
}

/// As the check in the table has it.
pub(crate) fn can_be_a_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
    (1..=150).contains(&text.len()) && text.chars().all(allowed)
}

/// The text where it can be a name; otherwise one that nobody has, and that the database can be asked for.
pub(crate) fn possible_name(text: &str) -> &str {
    if can_be_a_name(text) { text } else { "" }
}

/// Adds a user; gives the id.
///
/// # Errors
/// [`Error::Invalid`] when the name is taken or not allowed, or the password is.
pub async fn add(database: &Database, by: &By, new: &NewUser<'_>) -> Result<i64, Error> {
    let (transaction, id) = insert(database, by, new).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Adds a user of the demo's, whose password is printed: `serve` refuses to start until another is set.
///
/// # Errors
/// As [`add`].
pub async fn add_for_demo(database: &Database, by: &By, new: &NewUser<'_>) -> Result<i64, Error> {
    let (transaction, id) = insert(database, by, new).await?;
    transaction.execute(&MARK_AS_OF_DEMO, &[&id]).await?;
    transaction.commit().await?;
    Ok(id)
}

/// The names of the active users whose password the demo made and printed.
///
/// # Errors
/// When the database is away.
pub async fn with_password_of_demo(database: &Database) -> Result<Vec<String>, Error> {
    Ok(database.get().await?.query(&OF_DEMO, &[]).await?.iter().map(|row| row.get(0)).collect())
}

async fn insert(database: &Database, by: &By, new: &NewUser<'_>) -> Result<(Transaction, i64), Error> {
    if !can_be_a_name(new.username) {
        return Err(Error::Invalid("a user name has 1 to 150 letters, digits or ._@+-".to_owned()));
    }
    by.require(&Grant::new(new.roles, new.scope))?;
    let hash = passwords::hash(new.password, new.username).await?;
    let transaction = database.begin().await?;
    let (all, first) = (matches!(new.scope, BranchScope::All), new.password_is == PasswordIs::First);
    let inserted = transaction.query_one(&INSERT, &[&new.username, &hash, &all, &first]).await;
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
    let details = json!({
        "username": new.username, "roles": groups, "branches": branches, "first_password": first,
        "password_fingerprint": audit::fingerprint(&hash),
    });
    audit::record(&transaction, by, "user.added", &id.to_string(), &details).await?;
    Ok((transaction, id))
}

/// Sets a user's password for them, ends their sessions and revokes their tokens.
///
/// # Errors
/// [`Error::Invalid`] when there is no such user or the password is not allowed.
pub async fn set_password(
    database: &Database,
    by: &By,
    username: &str,
    (password, password_is): (&str, PasswordIs),
) -> Result<(), Error> {
    let hash = passwords::hash(password, username).await?;
    let first = password_is == PasswordIs::First;
    let (transaction, id) = access::hold(database, by, username, None).await?;
    transaction.execute(&SET_PASSWORD, &[&id, &hash, &first]).await?;
    let ended = sessions::end_others(&transaction, id, None).await?;
    devices::forget(&transaction, id, None).await?;
    let details = json!({
        "sessions_ended": ended, "first_password": first, "password_fingerprint": audit::fingerprint(&hash),
    });
    audit::record(&transaction, by, "user.password_set", &id.to_string(), &details).await?;
    revocations::revoke(&transaction, &id.to_string()).await?;
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

/// The user of that name, active or not.
///
/// # Errors
/// [`Error::Invalid`] when there is none.
pub async fn named(database: &Database, username: &str) -> Result<User, Error> {
    let row = database.get().await?.query_opt(&BY_NAME, &[&possible_name(username)]).await?;
    row.as_ref().map(user).ok_or_else(|| Error::Invalid(format!("there is no user {username:?}")))
}

/// The active user of that name.
///
/// # Errors
/// When the database is away.
pub async fn active(database: &Database, username: &str) -> Result<Option<User>, Error> {
    let row = database.get().await?.query_opt(&BY_NAME, &[&username]).await?;
    Ok(row.as_ref().map(user).filter(|user| user.active))
}

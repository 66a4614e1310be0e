//! Changing what users may do. Each change ends the user's sessions and revokes their tokens, in one transaction.

use identity::{BranchScope, Role};
use platform::pg::{Database, Transaction};
use platform::statement;
use serde_json::{Value, json};

use super::grant::Grant;
use super::users::{self, INSERT_BRANCHES, INSERT_GROUPS};
use super::{devices, sessions};
use crate::audit::{self, By};
use crate::clients;
use crate::error::Error;
use crate::revocations;

statement! {
    /// Holds a user, so that two changes follow each other; says whether it is active.
    HOLD: "portal" = "select id, active from portal_users where lower(username) = lower($1) for update";
    /// Lets a user in, or keeps them out.
    SET_ACTIVE: "portal" = "update portal_users set active = $2 where id = $1";
    /// Whether they act everywhere.
    SET_ALL_BRANCHES: "portal" = "update portal_users set all_branches = $2 where id = $1";
    /// Takes a user from every group.
    DELETE_GROUPS: "portal" = "delete from portal_memberships where user_id = $1";
    /// Takes every branch from a user.
    DELETE_BRANCHES: "portal" = "delete from portal_user_branches where user_id = $1";
}

/// Keeps a user out: no sign-in, no session, no token, from now on. The API clients that the user answers for get no
/// tokens either while it is so, since the user may have their secrets; gives their names.
///
/// # Errors
/// [`Error::Invalid`] when there is no such user, or it is disabled already.
pub async fn disable(database: &Database, by: &By, username: &str) -> Result<Vec<String>, Error> {
    let (transaction, id) = hold(database, by, username, Some(true)).await?;
    transaction.execute(&SET_ACTIVE, &[&id, &false]).await?;
    let stopped = clients::stop_those_of(&transaction, id).await?;
    let details = if stopped.is_empty() { json!({}) } else { json!({ "clients_stopped": stopped }) };
    finish(transaction, by, "user.disabled", id, details).await?;
    Ok(stopped)
}

/// Lets a disabled user in again, with the password, roles and branches it had. Its API clients get tokens again.
///
/// # Errors
/// [`Error::Invalid`] when there is no such user, or it is not disabled.
pub async fn enable(database: &Database, by: &By, username: &str) -> Result<(), Error> {
    let (transaction, id) = hold(database, by, username, Some(false)).await?;
    transaction.execute(&SET_ACTIVE, &[&id, &true]).await?;
    audit::record(&transaction, by, "user.enabled", &id.to_string(), &json!({})).await?;
    Ok(transaction.commit().await?)
}

/// Gives a user these roles and branches in place of those it had.
///
/// # Errors
/// [`Error::Invalid`] when there is no such user.
pub async fn set_access(
    database: &Database,
    by: &By,
    username: &str,
    roles: &[Role],
    scope: &BranchScope,
) -> Result<(), Error> {
    by.require(&Grant::new(roles, scope))?;
    let (transaction, id) = hold(database, by, username, None).await?;
    let before = transaction.query_one(&users::BY_NAME, &[&username]).await?;
    let before = users::user(&before);
    transaction.execute(&DELETE_GROUPS, &[&id]).await?;
    transaction.execute(&DELETE_BRANCHES, &[&id]).await?;
    transaction.execute(&SET_ALL_BRANCHES, &[&id, &matches!(scope, BranchScope::All)]).await?;
    let groups: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    transaction.execute(&INSERT_GROUPS, &[&id, &groups]).await?;
    if let BranchScope::Only(branches) = scope {
        let branches: Vec<i64> = branches.iter().map(|branch| branch.0).collect();
        transaction.execute(&INSERT_BRANCHES, &[&id, &branches]).await?;
    }
    let details = json!({ "from": shown(&before.roles, &before.scope), "to": shown(roles, scope) });
    finish(transaction, by, "user.access_set", id, details).await
}

/// Ends every session of a user and revokes every token.
///
/// # Errors
/// [`Error::Invalid`] when there is no such user.
pub async fn sign_out(database: &Database, by: &By, username: &str) -> Result<(), Error> {
    let (transaction, id) = hold(database, by, username, None).await?;
    finish(transaction, by, "user.signed_out_everywhere", id, json!({})).await
}

/// Begins a change of a user, who must be active or not as `active` says, and have no more than who changes them.
pub(super) async fn hold(
    database: &Database,
    by: &By,
    username: &str,
    active: Option<bool>,
) -> Result<(Transaction, i64), Error> {
    let transaction = database.begin().await?;
    let row = transaction.query_opt(&HOLD, &[&username]).await?;
    let row = row.ok_or_else(|| Error::Invalid(format!("there is no user {username:?}")))?;
    // Held, so that what it has stays what it is.
    let user = transaction.query_one(&users::BY_NAME, &[&username]).await?;
    by.require(&Grant::of(&users::user(&user)))?;
    let is_active: bool = row.get(1);
    match active {
        Some(wanted) if wanted != is_active => {
            let state = if is_active { "not disabled" } else { "disabled already" };
            Err(Error::Invalid(format!("user {username:?} is {state}")))
        }
        _ => Ok((transaction, row.get(0))),
    }
}

/// Ends what the user has, says so in the audit, and commits.
async fn finish(
    transaction: Transaction,
    by: &By,
    action: &'static str,
    id: i64,
    mut details: Value,
) -> Result<(), Error> {
    let ended = sessions::end_others(&transaction, id, None).await?;
    devices::forget(&transaction, id, None).await?;
    details["sessions_ended"] = json!(ended);
    audit::record(&transaction, by, action, &id.to_string(), &details).await?;
    revocations::revoke(&transaction, &id.to_string()).await?;
    Ok(transaction.commit().await?)
}

/// Roles and branches, for the audit.
pub(crate) fn shown(roles: &[Role], scope: &BranchScope) -> Value {
    let branches = match scope {
        BranchScope::All => json!("*"),
        BranchScope::Only(branches) => json!(branches.iter().map(|branch| branch.0).collect::<Vec<_>>()),
    };
    json!({ "roles": roles.iter().map(|role| role.name()).collect::<Vec<_>>(), "branches": branches })
}

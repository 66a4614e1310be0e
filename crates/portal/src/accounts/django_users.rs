//! Users of a Django that Quartermaster takes the place of.

use std::collections::{BTreeMap, BTreeSet};

use domain::BranchId;
use identity::{BranchScope, Role};
use jiff::Timestamp;
use platform::pg::{Database, Transaction};
use platform::statement;
use serde_json::json;

use super::passwords::{self, UNUSABLE};
use super::users;
use crate::audit::{self, By};
use crate::error::Error;

statement! {
    /// Which of some names are taken, in lower case.
    TAKEN: "portal" = "select lower(username) from portal_users where lower(username) = any($1)";
    /// A user as it was.
    INSERT: "portal" = "
        insert into portal_users
            (username, display_name, password_hash, active, all_branches, created_at, last_sign_in_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        returning id";
    /// Its groups.
    INSERT_GROUPS: "portal" = "
        insert into portal_memberships (user_id, group_id) select $1, g.id from portal_groups g where g.name = any($2)";
    /// Its branches.
    INSERT_BRANCHES: "portal" = "
        insert into portal_user_branches (user_id, branch_id) select $1, b from unnest($2::bigint[]) b";
}

/// A row of Django's `auth_user`, with the names of its groups.
#[derive(Debug, Clone)]
pub struct DjangoUser {
    /// Its id there.
    pub id: i64,
    /// What they sign in with.
    pub username: String,
    /// Django's hash.
    pub password: String,
    /// First and last name.
    pub display_name: String,
    /// Whether they may sign in.
    pub active: bool,
    /// Whether they may do everything.
    pub superuser: bool,
    /// Since when there is the user.
    pub joined: Timestamp,
    /// When they last signed in.
    pub last_sign_in: Option<Timestamp>,
    /// Their groups.
    pub groups: Vec<String>,
}

/// Where users act.
#[derive(Debug, Clone)]
pub enum Places {
    /// Everywhere.
    Everywhere,
    /// As this says of names in lower case.
    Named(BTreeMap<String, BranchScope>),
}

/// What to take over, and how.
#[derive(Debug, Clone)]
pub struct Import {
    /// The users.
    pub users: Vec<DjangoUser>,
    /// What Django's groups are here, besides those of the same name; `None` for nothing.
    pub group_map: BTreeMap<String, Option<Role>>,
    /// Where they act.
    pub places: Places,
    /// Whether to take the others when some are refused.
    pub skip_refused: bool,
    /// Whether to write nothing.
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Who was added, or would be.
    pub added: Vec<String>,
    /// Who was there already, and was left as they are.
    pub present: Vec<String>,
    /// Who cannot be taken over: the user, and why.
    pub refused: Vec<(String, String)>,
    /// Who was added and needs a new password: the user, and why.
    pub to_reset: Vec<(String, String)>,
    /// Whether the additions were written.
    pub written: bool,
}

/// A user that can be added.
struct Planned<'a> {
    user: &'a DjangoUser,
    roles: Vec<Role>,
    scope: BranchScope,
}

/// Takes users over in one transaction. Who is there already, by name whatever its case, is left as they are.
///
/// # Errors
/// When the database refuses or is away; then nothing is written.
pub async fn import(database: &Database, by: &By, import: &Import) -> Result<Report, Error> {
    let mut report = Report::default();
    let transaction = database.begin().await?;
    let names: Vec<String> = import.users.iter().map(|user| user.username.to_lowercase()).collect();
    let possible: Vec<&String> = names.iter().filter(|name| users::can_be_a_name(name)).collect();
    let rows = transaction.query(&TAKEN, &[&possible]).await?;
    let taken: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    let mut seen = BTreeSet::new();
    let mut planned = Vec::new();
    for (user, name) in import.users.iter().zip(&names) {
        if !seen.insert(name) {
            let reason = "another has the same name in other letters' case: rename one".to_owned();
            report.refused.push((user.username.clone(), reason));
        } else if taken.contains(name) {
            report.present.push(user.username.clone());
        } else {
            match plan(user, import) {
                Ok(plan) => planned.push(plan),
                Err(reason) => report.refused.push((user.username.clone(), reason)),
            }
        }
    }
    for Planned { user, .. } in &planned {
        report.added.push(user.username.clone());
        if let Err(reason) = usable(&user.password) {
            report.to_reset.push((user.username.clone(), reason));
        }
    }
    if import.dry_run || (!report.refused.is_empty() && !import.skip_refused) {
        transaction.rollback().await?;
        return Ok(report);
    }
    for planned in &planned {
        insert(&transaction, by, planned).await?;
    }
    transaction.commit().await?;
    report.written = true;
    Ok(report)
}

/// What a user is here, or why that cannot be.
fn plan<'a>(user: &'a DjangoUser, import: &Import) -> Result<Planned<'a>, String> {
    if !users::can_be_a_name(&user.username) {
        return Err("a user name has 1 to 150 letters of English, digits or ._@+-: rename it".to_owned());
    }
    let mut roles: Vec<Role> = user.superuser.then_some(Role::Admin).into_iter().collect();
    for group in &user.groups {
        let role = match import.group_map.get(group) {
            Some(mapped) => *mapped,
            None => Some(Role::parse(group).ok_or_else(|| {
                format!("the group {group:?} is no role here: say which with --group-map '{group}=Role', or '{group}=-' for none")
            })?),
        };
        roles.extend(role.filter(|role| !roles.contains(role)));
    }
    if roles.is_empty() {
        return Err("is in no group that is a role here, and no superuser: give them one there".to_owned());
    }
    let scope = match &import.places {
        Places::Everywhere => BranchScope::All,
        Places::Named(places) => {
            let found = places.get(&user.username.to_lowercase()).cloned();
            found.ok_or_else(|| "the file of branches has no line for them".to_owned())?
        }
    };
    Ok(Planned { user, roles, scope })
}

/// Whether a password can be signed in with; if not, why.
fn usable(password: &str) -> Result<(), String> {
    const MOST: u32 = passwords::django::MOST_IMPORTED_ITERATIONS;
    match passwords::django::Hash::parse(password) {
        Some(hash) if hash.iterations() <= MOST => Ok(()),
        Some(hash) => Err(format!(
            "has a password hashed with {} iterations, more than the {MOST} that are taken here",
            hash.iterations()
        )),
        None if password.is_empty() || password.starts_with(UNUSABLE) => {
            Err("has no password there".to_owned())
        }
        None => Err("has a password that was hashed in a way that is not known here".to_owned()),
    }
}

async fn insert(transaction: &Transaction, by: &By, planned: &Planned<'_>) -> Result<(), Error> {
    let Planned { user, roles, scope } = planned;
    let hash = if usable(&user.password).is_ok() { user.password.as_str() } else { UNUSABLE };
    let all = matches!(scope, BranchScope::All);
    let row = transaction
        .query_one(
            &INSERT,
            &[
                &user.username,
                &user.display_name,
                &hash,
                &user.active,
                &all,
                &user.joined,
                &user.last_sign_in,
            ],
        )
        .await?;
    let id: i64 = row.get(0);
    let groups: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    transaction.execute(&INSERT_GROUPS, &[&id, &groups]).await?;
    let branches = match scope {
        BranchScope::All => json!("*"),
        BranchScope::Only(branches) => {
            let branches: Vec<i64> = branches.iter().map(|BranchId(id)| *id).collect();
            transaction.execute(&INSERT_BRANCHES, &[&id, &branches]).await?;
            json!(branches)
        }
    };
    let details = json!({
        "username": user.username, "roles": groups, "branches": branches, "active": user.active,
        "django_id": user.id, "password_fingerprint": audit::fingerprint(hash),
    });
    audit::record(transaction, by, "user.imported", &id.to_string(), &details).await?;
    Ok(())
}

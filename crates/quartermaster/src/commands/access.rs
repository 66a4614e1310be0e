//! What users and clients may do and where, as the command line takes and shows it.

use identity::{BranchScope, Role};

use crate::cli::Access;
use crate::databases::Databases;
use crate::{Result, output};

/// The branches that were named.
pub(super) async fn scope(databases: &Databases, access: &Access) -> Result<BranchScope> {
    if access.all_branches {
        return Ok(BranchScope::All);
    }
    let mut ids = Vec::with_capacity(access.branch.len());
    for name in &access.branch {
        let found = services::find_branch(&databases.services, name).await?;
        ids.push(found.ok_or_else(|| format!("there is no branch {name:?}"))?);
    }
    Ok(BranchScope::only(ids))
}

/// Says that an Admin of some branches administers nothing: a surprise otherwise.
pub(super) fn warn_of_branch_admin(roles: &[Role], scope: &BranchScope) {
    if roles.contains(&Role::Admin) && *scope != BranchScope::All {
        output::line(
            "An Admin of some branches runs these branches, and administers neither users, clients, keys nor items: \
             that needs --all-branches, or a policy of the company (docs/policies.md).",
        );
    }
}

/// The roles, separated by commas.
pub(super) fn role_names(roles: &[Role]) -> String {
    roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ")
}

/// Where they act.
pub(super) fn place(scope: &BranchScope) -> String {
    match scope {
        BranchScope::All => "every branch".to_owned(),
        BranchScope::Only(ids) => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            format!("branches {}", ids.join(", "))
        }
    }
}

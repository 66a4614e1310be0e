//! What administrators do: people, groups, programs, signing keys, policies.

pub(crate) mod audit;
pub(crate) mod clients;
pub(crate) mod health;
pub(crate) mod keys;
pub(crate) mod policies;
pub(crate) mod user;
pub(crate) mod users;

use std::str::FromStr;

use domain::BranchId;
use identity::{BranchScope, Role};
use policy::{Action, Resource};
use serde::Deserialize;

use super::Trouble;
use super::frame::{Frame, Section, role_message};
use crate::accounts::grant::Grant;
use crate::directory::Directory;
use crate::http::on_behalf::OnBehalf;

/// A part of the administration, as its tabs have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    Users,
    Clients,
    Keys,
    Policies,
    Audit,
    Health,
}

impl Tab {
    const ALL: [Tab; 6] = [Tab::Users, Tab::Clients, Tab::Keys, Tab::Policies, Tab::Audit, Tab::Health];

    pub(crate) const fn path(self) -> &'static str {
        match self {
            Tab::Users => "/admin/users/",
            Tab::Clients => "/admin/clients/",
            Tab::Keys => "/admin/keys/",
            Tab::Policies => "/admin/policies/",
            Tab::Audit => "/admin/audit/",
            Tab::Health => "/admin/health/",
        }
    }

    /// The message that names it.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Tab::Users => "admin-users",
            Tab::Clients => "admin-clients",
            Tab::Keys => "admin-keys",
            Tab::Policies => "admin-policies",
            Tab::Audit => "nav-audit",
            Tab::Health => "admin-health",
        }
    }

    const fn action(self) -> Action {
        match self {
            Tab::Users => Action::ManageUsers,
            Tab::Clients => Action::ManageClients,
            Tab::Keys => Action::ManageKeys,
            Tab::Policies => Action::ViewPolicies,
            Tab::Audit => Action::ViewPortalAudit,
            Tab::Health => Action::ViewHealth,
        }
    }
}

/// The page that has the form with this address. The form for groups is on the page of users.
pub(crate) fn page_of(action: &str) -> &'static str {
    let mut paths = Tab::ALL.into_iter().map(Tab::path);
    paths.find(|path| action.starts_with(path)).unwrap_or(Tab::Users.path())
}

/// What every page of the administration has: the template includes `admin/tabs.html`.
#[derive(Debug, Clone)]
pub(crate) struct Tabs {
    pub current: Tab,
    /// Those that the user may open.
    pub open: Vec<Tab>,
}

impl Tabs {
    pub(crate) fn is_current(&self, tab: &Tab) -> bool {
        self.current == *tab
    }
}

/// Where the administration begins for somebody who may do so much of it; `None` where that is nothing. Its audit alone is
/// no administration: the page of the other audit leads there.
pub(crate) fn first_path(may: impl Fn(Action) -> bool) -> Option<&'static str> {
    let mut tabs = Tab::ALL.into_iter().filter(|tab| *tab != Tab::Audit);
    tabs.find(|tab| may(tab.action())).map(Tab::path)
}

/// The page of a tab, for who may open it.
pub(crate) fn open(visitor: OnBehalf, tab: Tab) -> Result<(OnBehalf, Tabs), Trouble> {
    let may = |tab: &Tab| visitor.may(tab.action(), Resource::Company);
    let open: Vec<Tab> = Tab::ALL.into_iter().filter(may).collect();
    visitor.must(&[tab.action()], Resource::Company)?;
    Ok((visitor.within(Section::Admin), Tabs { current: tab, open }))
}

/// What the user has, and so what the forms offer to give.
pub(crate) fn gives(visitor: &OnBehalf) -> Grant {
    Grant::of(&visitor.user)
}

/// Roles and branches, as forms send them: part of a form by `#[serde(flatten)]` cannot hold lists, so each form has
/// these fields of its own.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AccessFields {
    pub role: Vec<String>,
    pub branch: Vec<String>,
    pub all_branches: Option<String>,
}

impl AccessFields {
    pub(crate) fn of(roles: &[Role], scope: &BranchScope) -> AccessFields {
        let branch = match scope {
            BranchScope::All => Vec::new(),
            BranchScope::Only(branches) => branches.iter().map(|branch| branch.0.to_string()).collect(),
        };
        AccessFields {
            role: roles.iter().map(|role| role.name().to_owned()).collect(),
            branch,
            all_branches: matches!(scope, BranchScope::All).then(|| "1".to_owned()),
        }
    }

    pub(crate) fn roles(&self) -> Vec<Role> {
        Role::ALL.into_iter().filter(|role| self.has_role(role)).collect()
    }

    pub(crate) fn scope(&self) -> BranchScope {
        if self.all_branches.is_some() {
            return BranchScope::All;
        }
        BranchScope::only(self.branch.iter().filter_map(|id| i64::from_str(id).ok()).map(BranchId))
    }

    pub(crate) fn has_role(&self, role: &Role) -> bool {
        self.role.iter().any(|name| name == role.name())
    }

    pub(crate) fn has_branch(&self, id: &i64) -> bool {
        self.branch.contains(&id.to_string())
    }

    /// Every role, with the message that names it.
    pub(crate) fn all_roles(&self) -> [(Role, &'static str); 4] {
        Role::ALL.map(|role| (role, role_message(role)))
    }
}

/// Roles in words.
pub(crate) fn roles_in_words(frame: &Frame, roles: &[Role]) -> String {
    roles.iter().map(|role| frame.say(role_message(*role))).collect::<Vec<_>>().join(", ")
}

/// Branches in words.
pub(crate) fn scope_in_words(frame: &Frame, scope: &BranchScope, directory: &Directory) -> String {
    match scope {
        BranchScope::All => frame.say("all-branches"),
        BranchScope::Only(branches) if branches.is_empty() => frame.say("no-branches"),
        BranchScope::Only(branches) => {
            branches.iter().map(|branch| directory.name(&branch.0)).collect::<Vec<_>>().join(", ")
        }
    }
}

/// The branches by name, or what was last known of them; without the services the pages work on numbers.
pub(crate) async fn directory(visitor: &mut OnBehalf) -> Result<Directory, Trouble> {
    let asking = visitor.asking();
    let known = visitor.known_of("directory".to_owned(), Directory::read(&asking)).await?;
    Ok(known.map(|directory| (*directory).clone()).unwrap_or_default())
}

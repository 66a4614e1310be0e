//! `import-django-users`: accounts of a Django that this program takes the place of.

mod files;
mod source;

use std::collections::BTreeMap;
use std::process::ExitCode;

use identity::{BranchScope, Role};
use portal::accounts::django_users::{self, Import, Places, Report};

use crate::cli::ImportDjangoArgs;
use crate::databases::Databases;
use crate::operator;
use crate::settings::{DatabaseUrl, Settings};
use crate::{Result, output};

pub async fn run(settings: &Settings, arguments: &ImportDjangoArgs) -> Result<ExitCode> {
    if let Some(url) = &arguments.from
        && DatabaseUrl::has_password(url)
        && std::env::var("DJANGO_DATABASE_URL").ok().as_ref() != Some(url)
    {
        return Err("--from: everybody on this machine can read a password in a command line; give it as \
                    DJANGO_DATABASE_URL in the environment"
            .into());
    }
    let users = match (&arguments.from, &arguments.users, &arguments.groups, &arguments.memberships) {
        (Some(url), ..) => source::read(url).await?,
        (None, Some(users), Some(groups), Some(memberships)) => files::users(users, groups, memberships)?,
        _ => return Err("give --from, or --users, --groups and --memberships".into()),
    };
    let databases = Databases::open(settings).await?;
    let imported = async {
        let places = match &arguments.branches {
            None => Places::Everywhere,
            Some(path) => places(&databases, files::branches(path)?).await?,
        };
        let import = Import {
            users,
            group_map: arguments.group_map.iter().cloned().collect(),
            places,
            skip_refused: arguments.skip_bad,
            dry_run: arguments.dry_run,
        };
        let by = operator::by("quartermaster import-django-users");
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(
            django_users::import(&databases.portal, &by, &import).await?,
        )
    }
    .await;
    databases.close().await?;
    let report = imported?;
    tell(&report, arguments.dry_run);
    let failed = !report.refused.is_empty() && !arguments.skip_bad;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Where each user acts, of lines of a name and a branch; `*` is every branch.
async fn places(databases: &Databases, lines: Vec<(String, String)>) -> Result<Places> {
    let mut known = BTreeMap::new();
    let mut places: BTreeMap<String, BranchScope> = BTreeMap::new();
    for (username, branch) in lines {
        let scope = if branch == "*" {
            BranchScope::All
        } else {
            if !known.contains_key(&branch) {
                let found = services::find_branch(&databases.services, &branch).await?;
                let found = found.ok_or_else(|| format!("there is no branch {branch:?}"))?;
                known.insert(branch.clone(), found);
            }
            BranchScope::only(known.get(&branch).copied())
        };
        let place = places.entry(username.to_lowercase()).or_insert_with(|| BranchScope::only([]));
        *place = match (&*place, scope) {
            (BranchScope::Only(before), BranchScope::Only(more)) => {
                BranchScope::only(before.iter().chain(more.iter()).copied())
            }
            _ => BranchScope::All,
        };
    }
    Ok(Places::Named(places))
}

fn tell(report: &Report, dry_run: bool) {
    for name in &report.present {
        output::line(format_args!("present  {name}: left as they are"));
    }
    for (name, reason) in &report.refused {
        output::line(format_args!("refused  {name}: {reason}"));
    }
    for (name, reason) in &report.to_reset {
        output::line(format_args!(
            "reset    {name}: {reason}; set one with quartermaster user passwd {name}"
        ));
    }
    let (added, present, refused) = (report.added.len(), report.present.len(), report.refused.len());
    let words = match (report.written, dry_run) {
        (true, _) => "Users",
        (false, true) => "Would be, users",
        (false, false) => "Nothing was written, for some are refused; mend them or use --continue. Users",
    };
    output::line(format_args!("{words}: {added} added, {present} present, {refused} refused."));
}

/// One `--group-map`: a group of Django's, and the role that it is here; `-` for none.
pub fn mapping(text: &str) -> std::result::Result<(String, Option<Role>), String> {
    let (group, role) = text.rsplit_once('=').ok_or("write it as Group=Role, or Group=- for none")?;
    if role == "-" {
        return Ok((group.to_owned(), None));
    }
    let found = Role::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(role));
    let found = found.ok_or("roles are Admin, Manager, Worker and Auditor; - for none")?;
    Ok((group.to_owned(), Some(found)))
}

//! `user`: accounts of the portal, for the operator.

use std::io::{BufRead, IsTerminal};

use domain::BranchId;
use identity::{BranchScope, Role};
use portal::By;
use portal::accounts::second_factor;
use portal::accounts::sessions::{self, Limits};
use portal::accounts::users::{self, NewUser, User};

use crate::cli::UserCommand;
use crate::databases::Databases;
use crate::settings::Settings;
use crate::{Result, output};

pub async fn run(settings: &Settings, command: UserCommand) -> Result<()> {
    let databases = Databases::open(settings).await?;
    let done = match command {
        UserCommand::Add { name, role, branch, all_branches } => {
            let scope = if all_branches { None } else { Some(branch.as_slice()) };
            add(&databases, &name, &role, scope).await
        }
        UserCommand::Passwd { name } => set_password(&databases, &name).await,
        UserCommand::List => list(&databases).await,
        UserCommand::Sessions { name, end } => sessions(&databases, settings, &name, end).await,
        UserCommand::ResetSecondFactor { name } => reset_second_factor(&databases, &name).await,
    };
    databases.close().await?;
    done
}

/// `branches` names where they act; `None` for everywhere.
async fn add(databases: &Databases, name: &str, roles: &[Role], branches: Option<&[String]>) -> Result<()> {
    let scope = match branches {
        None => BranchScope::All,
        Some(names) => BranchScope::only(branch_ids(databases, names).await?),
    };
    let password = new_password()?;
    let new = NewUser { username: name, password: &password, roles, scope: &scope };
    users::add(&databases.portal, &operator(), &new).await?;
    output::line(format_args!("Added {name}."));
    Ok(())
}

async fn branch_ids(databases: &Databases, names: &[String]) -> Result<Vec<BranchId>> {
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        let found = services::find_branch(&databases.services, name).await?;
        ids.push(found.ok_or_else(|| format!("there is no branch {name:?}"))?);
    }
    Ok(ids)
}

async fn set_password(databases: &Databases, name: &str) -> Result<()> {
    if users::active(&databases.portal, name).await?.is_none() {
        return Err(format!("there is no active user {name:?}").into());
    }
    users::set_password(&databases.portal, &operator(), name, &new_password()?).await?;
    output::line(format_args!("Set the password of {name} and ended their sessions."));
    Ok(())
}

async fn list(databases: &Databases) -> Result<()> {
    for User { id, username, roles, scope, active } in users::list(&databases.portal).await? {
        let roles: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        let place = match scope {
            BranchScope::All => "every branch".to_owned(),
            BranchScope::Only(ids) => {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                format!("branches {}", ids.join(", "))
            }
        };
        let state = if active { "" } else { "  inactive" };
        output::line(format_args!("{id:>6}  {username:<24}  {:<18}  {place}{state}", roles.join(", ")));
    }
    Ok(())
}

async fn sessions(databases: &Databases, settings: &Settings, name: &str, end: bool) -> Result<()> {
    let user = users::named(&databases.portal, name).await?;
    if end {
        let ended = sessions::end_all(&databases.portal, &operator(), user.id).await?;
        output::line(format_args!("Ended {ended} sessions of {}.", user.username));
        return Ok(());
    }
    let limits = Limits { idle: settings.session_idle, lifetime: settings.session_lifetime };
    for session in sessions::of_user(&databases.portal, user.id, limits).await? {
        let (ip, agent) = (session.ip.as_deref().unwrap_or("-"), session.user_agent);
        let [seen, begun] =
            [session.seen_at, session.created_at].map(|at| at.strftime("%Y-%m-%d %H:%M").to_string());
        output::line(format_args!("{ip:<15}  last used {seen}  begun {begun} (UTC)  {agent}"));
    }
    Ok(())
}

async fn reset_second_factor(databases: &Databases, name: &str) -> Result<()> {
    second_factor::reset(&databases.portal, &operator(), name).await?;
    output::line(format_args!("Removed the second factor of {name} and ended their sessions."));
    Ok(())
}

fn operator() -> By {
    By::operator("quartermaster user")
}

/// Asked for twice at a terminal; one line of standard input otherwise.
fn new_password() -> Result<String> {
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let password = rpassword::prompt_password("Password: ")?;
    if rpassword::prompt_password("The same again: ")? != password {
        return Err("the two passwords differ".into());
    }
    Ok(password)
}

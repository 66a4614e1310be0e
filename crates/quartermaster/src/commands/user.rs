//! `user`: accounts of the portal, for the operator.

use std::io::{BufRead, IsTerminal};

use identity::Role;
use portal::By;
use portal::accounts::second_factor;
use portal::accounts::sessions::{self, Limits};
use portal::accounts::users::{self, NewUser, PasswordIs, User};
use portal::accounts::{access, groups, passwords};

use super::access::{place, role_names, scope, warn_of_branch_admin};
use crate::cli::{Access, UserCommand};
use crate::databases::Databases;
use crate::settings::Settings;
use crate::{Result, operator, output};

pub async fn run(settings: &Settings, command: UserCommand) -> Result<()> {
    let databases = Databases::open(settings).await?;
    let done = match command {
        UserCommand::Add { name, access, keep } => {
            let asked = Asked { password_is: of(keep), admins: settings.admin_second_factor };
            add(&databases, &name, &access, asked).await
        }
        UserCommand::Passwd { name, keep } => set_password(&databases, &name, of(keep)).await,
        UserCommand::List => list(&databases).await,
        UserCommand::Sessions { name, end } => sessions(&databases, settings, &name, end).await,
        UserCommand::ResetSecondFactor { name } => reset_second_factor(&databases, &name).await,
        UserCommand::Disable { name } => disable(&databases, &name).await,
        UserCommand::Enable { name } => enable(&databases, &name).await,
        UserCommand::Roles { name, access } => set_access(&databases, &name, &access).await,
        UserCommand::SignOut { name } => sign_out(&databases, &name).await,
    };
    databases.close().await?;
    done
}

/// What a new user is asked for.
struct Asked {
    password_is: PasswordIs,
    /// Whether Admins need a second factor.
    admins: bool,
}

const fn of(keep: bool) -> PasswordIs {
    if keep { PasswordIs::Own } else { PasswordIs::First }
}

async fn add(databases: &Databases, name: &str, access: &Access, asked: Asked) -> Result<()> {
    let scope = scope(databases, access).await?;
    let (password, password_is) = (new_password()?, asked.password_is);
    warn_of_branch_admin(&access.role, &scope);
    let new =
        NewUser { username: name, password: &password, roles: &access.role, scope: &scope, password_is };
    users::add(&databases.portal, &operator(), &new).await?;
    output::line(format_args!("Added {name}."));
    let groups = groups::list(&databases.portal).await?;
    let needs_factor = groups.iter().any(|(role, required)| *required && access.role.contains(role))
        || (asked.admins && access.role.contains(&Role::Admin));
    if password_is == PasswordIs::First {
        output::line(PASSWORD_ASKED);
    }
    if needs_factor {
        output::line("At the first sign-in they set up a second factor: an authenticator on a phone, say.");
    }
    Ok(())
}

/// What becomes of a first password.
const PASSWORD_ASKED: &str = "At the next sign-in, within 7 days, they choose a password of their own; --keep lets them keep this one.";

async fn set_password(databases: &Databases, name: &str, password_is: PasswordIs) -> Result<()> {
    if users::active(&databases.portal, name).await?.is_none() {
        return Err(format!("there is no active user {name:?}").into());
    }
    let password = new_password()?;
    users::set_password(&databases.portal, &operator(), name, (&password, password_is)).await?;
    output::line(format_args!("Set the password of {name} and ended their sessions and tokens."));
    if password_is == PasswordIs::First {
        output::line(PASSWORD_ASKED);
    }
    Ok(())
}

async fn disable(databases: &Databases, name: &str) -> Result<()> {
    let stopped = access::disable(&databases.portal, &operator(), name).await?;
    output::line(format_args!("Disabled {name}: no sign-in, and their sessions and tokens have ended."));
    if !stopped.is_empty() {
        let names = stopped.join(", ");
        output::line(format_args!(
            "The API clients {names}, which {name} answers for, get no tokens either: \
             `quartermaster client owner NAME USER` names somebody else."
        ));
    }
    Ok(())
}

async fn enable(databases: &Databases, name: &str) -> Result<()> {
    access::enable(&databases.portal, &operator(), name).await?;
    output::line(format_args!("Enabled {name}: they can sign in again."));
    Ok(())
}

async fn set_access(databases: &Databases, name: &str, given: &Access) -> Result<()> {
    let scope = scope(databases, given).await?;
    access::set_access(&databases.portal, &operator(), name, &given.role, &scope).await?;
    warn_of_branch_admin(&given.role, &scope);
    let (roles, place) = (role_names(&given.role), place(&scope));
    output::line(format_args!("{name} is now {roles} at {place}; their sessions and tokens have ended."));
    Ok(())
}

async fn sign_out(databases: &Databases, name: &str) -> Result<()> {
    access::sign_out(&databases.portal, &operator(), name).await?;
    output::line(format_args!("Ended the sessions and tokens of {name}."));
    Ok(())
}

async fn list(databases: &Databases) -> Result<()> {
    for User { id, username, roles, scope, active } in users::list(&databases.portal).await? {
        let (roles, place) = (role_names(&roles), place(&scope));
        let state = if active { "" } else { "  disabled" };
        output::line(format_args!("{id:>6}  {username:<24}  {roles:<18}  {place}{state}"));
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
    operator::by("quartermaster user")
}

/// Asked for twice at a terminal; one line of standard input otherwise. What it must be is said before: whoever chooses one
/// need not be refused first.
fn new_password() -> Result<String> {
    output::note(passwords::RULES);
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

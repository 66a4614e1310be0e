//! `client`: programs that call the services, for the operator.

use portal::By;
use portal::accounts::users;
use portal::clients::{self, Client, NewClient, Secret};

use super::access::{place, role_names, scope, warn_of_branch_admin};
use crate::cli::{Access, ClientCommand};
use crate::databases::Databases;
use crate::settings::Settings;
use crate::{Result, operator, output};

pub async fn run(settings: &Settings, command: ClientCommand) -> Result<()> {
    let databases = Databases::open(settings).await?;
    let done = match command {
        ClientCommand::Add { name, access, expires, owner } => {
            add(&databases, &name, &access, expires, owner.as_deref()).await
        }
        ClientCommand::Owner { name, user } => set_owner(&databases, &name, user.as_deref()).await,
        ClientCommand::List => list(&databases).await,
        ClientCommand::Rotate { name, overlap } => rotate(&databases, &name, overlap).await,
        ClientCommand::Disable { name } => disable(&databases, &name).await,
    };
    databases.close().await?;
    done
}

async fn add(
    databases: &Databases,
    name: &str,
    access: &Access,
    expires_at: Option<jiff::Timestamp>,
    owner: Option<&str>,
) -> Result<()> {
    let scope = scope(databases, access).await?;
    let owner = owner_id(databases, owner).await?;
    warn_of_branch_admin(&access.role, &scope);
    let new = NewClient { name, roles: &access.role, scope: &scope, expires_at, owner };
    let secret = clients::add(&databases.portal, &operator(), &new).await?;
    print(&secret);
    Ok(())
}

/// The id of the user of that name, where one is named.
async fn owner_id(databases: &Databases, name: Option<&str>) -> Result<Option<i64>> {
    match name {
        Some(name) => Ok(Some(users::named(&databases.portal, name).await?.id)),
        None => Ok(None),
    }
}

async fn set_owner(databases: &Databases, name: &str, user: Option<&str>) -> Result<()> {
    let owner = owner_id(databases, user).await?;
    clients::set_owner(&databases.portal, &operator(), name, owner).await?;
    let user = user.unwrap_or("nobody");
    output::line(format_args!("From now on {user} answers for {name}."));
    Ok(())
}

async fn rotate(databases: &Databases, name: &str, overlap: std::time::Duration) -> Result<()> {
    let (secret, until) = clients::rotate(&databases.portal, &operator(), name, overlap).await?;
    print(&secret);
    output::line(format_args!("The secret before is good until {until:.0}."));
    Ok(())
}

async fn disable(databases: &Databases, name: &str) -> Result<()> {
    clients::disable(&databases.portal, &operator(), name).await?;
    output::line(format_args!("Disabled {name}: it gets no more tokens, and those it has have ended."));
    Ok(())
}

async fn list(databases: &Databases) -> Result<()> {
    for client in clients::list(&databases.portal).await? {
        let Client { client_id, name, roles, scope, expires_at, last_used_at, disabled_at, owner, .. } =
            client;
        let (roles, place) = (role_names(&roles), place(&scope));
        let used = last_used_at.map_or("never used".to_owned(), |at| format!("last used {at:.0}"));
        let owner = owner.map_or("nobody".to_owned(), |owner| owner.username);
        let state = match (disabled_at, expires_at) {
            (Some(_), _) => ", disabled".to_owned(),
            (None, Some(at)) => format!(", expires {at:.0}"),
            (None, None) => String::new(),
        };
        output::line(format_args!(
            "{client_id:<12}  {name:<24}  {roles:<18}  {place}  owner {owner}  {used}{state}"
        ));
    }
    Ok(())
}

/// The one time that it is shown.
fn print(Secret { client_id, secret }: &Secret) {
    output::line(format_args!("client_id      {client_id}\nclient_secret  {secret}"));
    output::line("Keep the secret now: it is not shown again.");
}

fn operator() -> By {
    operator::by("quartermaster client")
}

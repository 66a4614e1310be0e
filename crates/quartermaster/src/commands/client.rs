//! `client`: programs that call the services, for the operator.

use portal::By;
use portal::clients::{self, Client, NewClient, Secret};

use super::access::{place, role_names, scope};
use crate::cli::{Access, ClientCommand};
use crate::databases::Databases;
use crate::settings::Settings;
use crate::{Result, output};

pub async fn run(settings: &Settings, command: ClientCommand) -> Result<()> {
    let databases = Databases::open(settings).await?;
    let done = match command {
        ClientCommand::Add { name, access, expires } => add(&databases, &name, &access, expires).await,
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
) -> Result<()> {
    let scope = scope(databases, access).await?;
    let new = NewClient { name, roles: &access.role, scope: &scope, expires_at };
    let secret = clients::add(&databases.portal, &operator(), &new).await?;
    print(&secret);
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
        let Client { client_id, name, roles, scope, expires_at, last_used_at, disabled_at, .. } = client;
        let (roles, place) = (role_names(&roles), place(&scope));
        let used = last_used_at.map_or("never used".to_owned(), |at| format!("last used {at:.0}"));
        let state = match (disabled_at, expires_at) {
            (Some(_), _) => ", disabled".to_owned(),
            (None, Some(at)) => format!(", expires {at:.0}"),
            (None, None) => String::new(),
        };
        output::line(format_args!("{client_id:<12}  {name:<24}  {roles:<18}  {place}  {used}{state}"));
    }
    Ok(())
}

/// The one time that it is shown.
fn print(Secret { client_id, secret }: &Secret) {
    output::line(format_args!("client_id      {client_id}\nclient_secret  {secret}"));
    output::line("Keep the secret now: it is not shown again.");
}

fn operator() -> By {
    By::operator("quartermaster client")
}

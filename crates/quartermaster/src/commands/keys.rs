//! `keys`: the keys that sign tokens.

use portal::keys::{self, KeyLife};
use portal::{By, resealing};

use crate::cli::KeysCommand;
use crate::databases::Databases;
use crate::settings::Settings;
use crate::{Result, operator, output, secrets};

pub async fn run(settings: &Settings, command: KeysCommand) -> Result<()> {
    let databases = Databases::open(settings).await?;
    let done = match command {
        KeysCommand::List => list(&databases).await,
        KeysCommand::Rotate { publish_ahead } => rotate(settings, &databases, publish_ahead).await,
        KeysCommand::Reseal => reseal(settings, &databases).await,
        KeysCommand::Retire { kid, now } => retire(&databases, &kid, now).await,
    };
    databases.close().await?;
    done
}

async fn list(databases: &Databases) -> Result<()> {
    for KeyLife { kid, state, signs_from, signed_until, retired_at, .. } in
        keys::list(&databases.portal).await?
    {
        let until = signed_until.map(|until| format!(" until {until:.0}")).unwrap_or_default();
        let retired = retired_at.map(|at| format!(", retired {at:.0}")).unwrap_or_default();
        output::line(format_args!("{kid}  {state:<8}  signs from {signs_from:.0}{until}{retired}"));
    }
    Ok(())
}

async fn rotate(
    settings: &Settings,
    databases: &Databases,
    publish_ahead: std::time::Duration,
) -> Result<()> {
    let encryption = secrets::key_encryption_key(settings)?;
    let (kid, signs_from) = keys::rotate(&databases.portal, &operator(), &encryption, publish_ahead).await?;
    output::line(format_args!("{kid} is published, and signs from {signs_from:.0}."));
    Ok(())
}

async fn reseal(settings: &Settings, databases: &Databases) -> Result<()> {
    let encryption = secrets::key_encryption_key(settings)?;
    let done = resealing::reseal(&databases.portal, &operator(), &encryption).await?;
    let from = encryption.previous_name().unwrap_or_default();
    output::line(format_args!(
        "Sealed {} signing keys and {} second factors anew, from key {from} to key {}. All {} secrets are under that key \
         now; remove key_encryption_key_previous from every portal.",
        done.signing_keys,
        done.second_factors,
        encryption.name(),
        done.all
    ));
    Ok(())
}

async fn retire(databases: &Databases, kid: &str, now: bool) -> Result<()> {
    keys::retire(&databases.portal, &operator(), kid, now).await?;
    output::line(format_args!("Retired {kid}: it is published no more, and its private half is destroyed."));
    Ok(())
}

fn operator() -> By {
    operator::by("quartermaster keys")
}

//! `token`: an access token for scripts of whoever may read the database anyway.

use crate::databases::Databases;
use crate::settings::Settings;
use crate::{Result, operator, output, secrets};

pub async fn run(settings: &Settings, user: &str) -> Result<()> {
    let databases = Databases::open(settings).await?;
    let token = mint(settings, &databases, user).await;
    databases.close().await?;
    output::line(token?);
    Ok(())
}

async fn mint(settings: &Settings, databases: &Databases, user: &str) -> Result<String> {
    let by = operator::by("quartermaster token");
    let encryption = secrets::key_encryption_key(settings)?;
    Ok(portal::mint_for(&databases.portal, &settings.issuer, &encryption, (&by, user)).await?)
}

//! `token`: an access token for scripts of whoever may read the database anyway.

use crate::databases::Databases;
use crate::settings::Settings;
use crate::{Result, output};

pub async fn run(settings: &Settings, user: &str) -> Result<()> {
    let databases = Databases::open(settings).await?;
    let token = portal::mint_for(&databases.portal, &settings.issuer, user).await;
    databases.close().await?;
    output::line(token?);
    Ok(())
}

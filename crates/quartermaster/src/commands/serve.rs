//! `serve`: the parts, together or alone, until a signal.

use platform::serve::stop_on_signal;
use portal::accounts::users;

use crate::databases::Databases;
use crate::running::{Part, Running};
use crate::settings::Settings;
use crate::{Result, insecure};

pub async fn run(settings: &Settings, part: Option<Part>) -> Result<()> {
    let all = [Part::Portal, Part::Services, Part::Worker];
    let parts = part.as_ref().map_or(all.as_slice(), std::slice::from_ref);
    let stop = stop_on_signal()?;
    for warning in insecure::warnings(settings, parts) {
        tracing::warn!("insecure: {warning}");
    }
    let databases = Databases::open(settings).await?;
    let served = async {
        if parts.contains(&Part::Portal) {
            refuse_passwords_of_demo(&databases).await?;
        }
        let running = Running::start(settings, parts, &databases, stop).await?;
        if let Some(addr) = running.portal_addr {
            tracing::info!(%addr, "the portal listens");
        }
        if let Some(addr) = running.services_addr {
            tracing::info!(%addr, "the services listen");
        }
        running.until_stopped().await
    }
    .await;
    databases.close().await?;
    served
}

/// The demo's passwords were printed on a terminal, and lie in a file: no company may run on them.
async fn refuse_passwords_of_demo(databases: &Databases) -> Result<()> {
    let names = users::with_password_of_demo(&databases.portal).await?;
    if names.is_empty() {
        return Ok(());
    }
    Err(format!(
        "this database is the demo's: {} still have the passwords that it made. Set others with `quartermaster user \
         passwd NAME`, or serve with another database or data_dir",
        names.join(", ")
    )
    .into())
}

//! `serve`: the parts, together or alone, until a signal.

use platform::serve::stop_on_signal;

use crate::Result;
use crate::databases::Databases;
use crate::running::{Part, Running};
use crate::settings::Settings;

pub async fn run(settings: &Settings, part: Option<Part>) -> Result<()> {
    let all = [Part::Portal, Part::Services, Part::Worker];
    let parts = part.as_ref().map_or(all.as_slice(), std::slice::from_ref);
    let stop = stop_on_signal()?;
    let databases = Databases::open(settings).await?;
    let served = async {
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

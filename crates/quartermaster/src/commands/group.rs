//! `group`: what groups ask of their members.

use portal::By;
use portal::accounts::groups;

use crate::cli::GroupCommand;
use crate::databases::Databases;
use crate::settings::Settings;
use crate::{Result, output};

pub async fn run(settings: &Settings, command: GroupCommand) -> Result<()> {
    let GroupCommand::RequireSecondFactor { group, on, off: _ } = command;
    let databases = Databases::open(settings).await?;
    let by = By::operator("quartermaster group");
    let changed = groups::require_second_factor(&databases.portal, &by, group, on).await;
    databases.close().await?;
    let need = if on { "need a second factor" } else { "may do without a second factor" };
    let already = if changed? { "" } else { " already" };
    output::line(format_args!("Members of {group} {need}{already}."));
    Ok(())
}

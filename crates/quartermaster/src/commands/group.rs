//! `group`: what groups ask of their members.

use identity::Role;
use portal::accounts::groups;

use crate::cli::GroupCommand;
use crate::databases::Databases;
use crate::settings::Settings;
use crate::{Result, operator, output};

pub async fn run(settings: &Settings, command: GroupCommand) -> Result<()> {
    let GroupCommand::RequireSecondFactor { group, on, off: _ } = command;
    let databases = Databases::open(settings).await?;
    let by = operator::by("quartermaster group");
    let changed = groups::require_second_factor(&databases.portal, &by, group, on).await;
    databases.close().await?;
    let need = if on { "need a second factor" } else { "may do without a second factor" };
    let already = if changed? { "" } else { " already" };
    output::line(format_args!("Members of {group} {need}{already}."));
    if group == Role::Admin && !on && settings.admin_second_factor {
        output::line("They still do by the setting admin_second_factor.");
    }
    Ok(())
}

//! One file a command.

mod access;
mod audit;
mod client;
mod config;
mod demo;
mod export;
mod group;
mod import;
pub mod import_django;
mod keys;
mod login;
mod policy;
mod seed;
mod serve;
mod token;
mod user;
mod verify;

use std::process::ExitCode;

use platform::pg::Pending;
use platform::telemetry;

use crate::cli::{Cli, Command};
use crate::settings::{Settings, Sources};
use crate::{Result, databases, output};

/// Runs the command.
///
/// # Errors
/// Whatever kept it from doing its work.
pub async fn run(cli: Cli) -> Result<ExitCode> {
    let sources = Sources::gather(&cli.settings, std::env::vars_os(), cli.config.as_deref())?;
    let settings = Settings::read(&sources)?;
    // Migrations and the driver tell much that is of use only when something is wrong with them.
    let serving = matches!(cli.command, Command::Serve { .. });
    let levels = if serving { "info,refinery_core=warn,tokio_postgres=warn" } else { "warn" };
    telemetry::start(settings.log.as_deref().unwrap_or(levels), settings.log_format)?;
    match cli.command {
        Command::Demo => demo::run(&settings).await?,
        Command::Seed(arguments) => seed::run(&settings, &arguments).await?,
        Command::Import(arguments) => return import::run(&settings, &arguments).await,
        Command::ImportDjangoUsers(arguments) => return import_django::run(&settings, &arguments).await,
        Command::Export(arguments) => export::run(&settings, &arguments).await?,
        Command::Serve { part } => serve::run(&settings, part).await?,
        Command::Migrate { plan: true } => {
            for (owner, pending) in databases::pending(&settings).await? {
                output::line(format_args!("-- {owner}: {} to apply", pending.len()));
                pending.iter().for_each(|Pending { name, sql }| {
                    output::line(format_args!("\n-- {name}\n{}", sql.trim()))
                });
            }
        }
        Command::Migrate { plan: false } => {
            let applied = databases::migrate(&settings).await?;
            applied.iter().for_each(|name| output::line(format_args!("applied {name}")));
            output::line("The database is up to date.");
        }
        Command::Login(arguments) => login::run(&settings, &arguments).await?,
        Command::Verify(arguments) => return verify::run(&settings, &arguments).await,
        Command::Audit(command) => return audit::run(&settings, command).await,
        Command::Openapi => output::line(format_args!("{:#}", services::http::openapi())),
        Command::Config => config::run(&sources)?,
        Command::Policy(command) => return policy::run(&settings, command).await,
        Command::Token { user } => token::run(&settings, &user).await?,
        Command::Group(command) => group::run(&settings, command).await?,
        Command::User(command) => user::run(&settings, command).await?,
        Command::Client(command) => client::run(&settings, command).await?,
        Command::Keys(command) => keys::run(&settings, command).await?,
    }
    Ok(ExitCode::SUCCESS)
}

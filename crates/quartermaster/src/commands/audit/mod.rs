//! `audit`: what was sealed, verified, written out, moved away.

mod files;
mod verify;

use std::path::Path;
use std::process::ExitCode;

use auditlog::{Archiving, Log};
use platform::pg::Database;
use seal::SealingKey;

use crate::cli::{ArchiveArgs, AuditCommand, AuditName};
use crate::databases::Databases;
use crate::sealing::SealFiles;
use crate::settings::Settings;
use crate::{Result, output};

pub async fn run(settings: &Settings, command: AuditCommand) -> Result<ExitCode> {
    match command {
        AuditCommand::Verify(arguments) => return verify::run(settings, &arguments).await,
        AuditCommand::Check(arguments) => return files::check(&arguments),
        AuditCommand::Export(arguments) => files::export(settings, &arguments).await?,
        AuditCommand::Archive(arguments) => archive(settings, &arguments).await?,
        AuditCommand::Push { to } => push(settings, &to.0).await?,
        AuditCommand::Acknowledge { reason } => acknowledge(settings, &reason).await?,
        AuditCommand::Keygen { file } => keygen(&file)?,
    }
    Ok(ExitCode::SUCCESS)
}

impl AuditName {
    /// The audit, and the pool of its owner's running role.
    fn of(self, databases: &Databases) -> (&'static Log, &Database) {
        match self {
            AuditName::Services => (&services::AUDIT, &databases.services),
            AuditName::Portal => (&portal::AUDIT, &databases.portal),
        }
    }
}

const BOTH: [AuditName; 2] = [AuditName::Services, AuditName::Portal];

async fn archive(settings: &Settings, arguments: &ArchiveArgs) -> Result<()> {
    let files = SealFiles::of(settings).ok_or("archives are signed: set seal_key")?;
    let key = files.load()?;
    let trusted = SealFiles::trusted(Some(&files), &[])?;
    let archiving = Archiving { before: arguments.before, to: &arguments.to, key: &key, trusted: &trusted };
    let databases = Databases::open(settings).await?;
    let mut archived = 0;
    let mut told = |archive: &seal::Archive| {
        archived += 1;
        output::line(format_args!(
            "{}: {} entries of seals {} to {}, removed from the table",
            arguments.to.join(&archive.file).display(),
            archive.entries,
            archive.first,
            archive.last
        ));
    };
    let done = async {
        for name in BOTH.into_iter().filter(|name| arguments.audit.is_none_or(|one| one == *name)) {
            let (log, roles) = match name {
                AuditName::Services => (&services::AUDIT, services::ROLES),
                AuditName::Portal => (&portal::AUDIT, portal::ROLES),
            };
            databases.require_owner(roles, "audit archive").await?;
            let owner = databases.of_owner(roles)?;
            let done = auditlog::archive(&owner, log, &archiving, &mut told).await;
            owner.close();
            done?;
        }
        Result::Ok(())
    }
    .await;
    databases.close().await?;
    done?;
    if archived == 0 {
        output::line("Nothing was sealed before that time that is still in the tables.");
    }
    Ok(())
}

async fn push(settings: &Settings, url: &str) -> Result<()> {
    let databases = Databases::open(settings).await?;
    let pushed = async {
        for name in BOTH {
            let (log, database) = name.of(&databases);
            let Some(head) = auditlog::last_seal(&*database.get().await?, log).await? else { continue };
            worker::push(url, &head).await?;
            output::line(format_args!("Posted seal {} of the audit of {}.", head.statement.number, log.name));
        }
        Result::Ok(())
    }
    .await;
    databases.close().await?;
    pushed
}

async fn acknowledge(settings: &Settings, reason: &str) -> Result<()> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err("--reason must have 1 to 500 characters".into());
    }
    let databases = Databases::open(settings).await?;
    let acknowledged = async {
        let mut open = 0;
        for name in BOTH {
            let (log, database) = name.of(&databases);
            let conn = database.get().await?;
            open += auditlog::acknowledge(&conn, log, "quartermaster audit acknowledge", reason).await?;
        }
        Result::Ok(open)
    }
    .await;
    databases.close().await?;
    match acknowledged? {
        0 => output::line("No heads were put back into their file that nobody has spoken of."),
        open => {
            output::line(format_args!("{open} times that heads were put back are acknowledged in the audit."))
        }
    }
    Ok(())
}

fn keygen(file: &Path) -> Result<()> {
    let key = SealingKey::generate()?;
    key.write(file)?;
    output::text(&key.public().pem());
    output::line(format_args!("Key {}", key.public().id()));
    Ok(())
}

//! `audit verify`.

use std::process::ExitCode;

use auditlog::{HeadsAsOf, Report, Trust};
use platform::pg::Difference;
use serde_json::json;

use super::BOTH;
use crate::cli::VerifyArgs;
use crate::databases::Databases;
use crate::sealing::SealFiles;
use crate::settings::Settings;
use crate::{Result, output};

pub async fn run(settings: &Settings, arguments: &VerifyArgs) -> Result<ExitCode> {
    let files = SealFiles::of(settings);
    let keys = SealFiles::trusted(files.as_ref(), &arguments.key)?;
    let heads = match (&arguments.heads, &files) {
        _ if arguments.no_heads => None,
        (Some(heads), _) => Some(heads.clone()),
        (None, Some(files)) => Some(files.heads.clone()),
        (None, None) => {
            return Err("no file of heads: name it with --heads, or verify with --no-heads".into());
        }
    };
    if let Some(missing) = heads.as_ref().filter(|heads| !heads.exists()) {
        let path = missing.display();
        return Err(format!(
            "{path}: the file of heads is missing; name it with --heads, or verify with --no-heads"
        )
        .into());
    }
    if let Some(heads) = &heads {
        files::trusted(heads)?;
    }
    let heads = heads.map(HeadsAsOf::now).transpose()?;
    let trust = Trust { keys: &keys, heads: heads.as_ref(), archives: arguments.archive.as_deref() };
    let databases = Databases::open(settings).await?;
    let reports = verify(&databases, &trust).await;
    let differences = differences(&databases).await;
    databases.close().await?;
    let (reports, differences) = (reports?, differences?);
    let warnings: Vec<String> = reports.iter().flat_map(|report| warnings(report, &trust)).collect();
    let sound = reports.iter().all(Report::is_sound) && differences.iter().all(Difference::is_note);
    if arguments.json {
        output::line(
            json!({ "sound": sound, "warnings": warnings, "audits": reports, "schema": differences }),
        );
    } else {
        reports.iter().for_each(print);
        let same = differences.iter().all(Difference::is_note);
        let found = if same { "as the migrations make it" } else { "not as the migrations make it" };
        output::line(format_args!("schema    {found}"));
        differences.iter().for_each(|difference| output::line(format_args!("          {difference}")));
        warnings.iter().for_each(|warning| output::line(format_args!("Warning: {warning}")));
        let result =
            if sound { "Everything is as it was sealed." } else { "The audit is not as it was sealed." };
        output::line(result);
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn verify(databases: &Databases, trust: &Trust<'_>) -> Result<Vec<Report>> {
    let mut reports = Vec::new();
    for name in BOTH {
        let (log, database) = name.of(databases);
        let conn = database.dedicated(log.name, auditlog::READING).await?;
        conn.begin().await?;
        let mut report = auditlog::verify(&conn, log, trust).await?;
        auditlog::read_as_the_program(&conn, database, log, &mut report).await?;
        reports.push(report);
        conn.rollback().await?;
    }
    Ok(reports)
}

/// What differs in the catalogue from what the migrations make: who can alter it can hide entries from everybody.
async fn differences(databases: &Databases) -> Result<Vec<Difference>> {
    let mut differences = services::SCHEMA.differences(&databases.services).await?;
    differences.extend(portal::SCHEMA.differences(&databases.portal).await?);
    Ok(differences)
}

fn print(report: &Report) {
    let Report { log, seals, entries, unsealed, findings, more_findings, .. } = report;
    let waiting = unsealed.entries;
    output::line(format_args!("{log:<10}{seals} seals, {entries} entries, {waiting} not sealed yet"));
    if let (entries, last @ 1..) = report.archived {
        output::line(format_args!("          {entries} entries archived, to seal {last}"));
    }
    if let Some(head) = &report.head {
        output::line(format_args!("          newest seal {} of {}: {}", head.number, head.at, head.hash));
    }
    for finding in findings {
        output::line(format_args!("          {finding}"));
    }
    if *more_findings > 0 {
        output::line(format_args!("          and {more_findings} more"));
    }
}

fn warnings(report: &Report, trust: &Trust<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    let log = report.log;
    if report.unsealed.overdue {
        let (entries, oldest) = (report.unsealed.entries, report.unsealed.oldest.as_deref().unwrap_or("?"));
        warnings.push(format!(
            "{log}: {entries} entries wait for their seal, the oldest of {oldest}: does a worker run, with seal_key set, and does nothing hold it up?"
        ));
    }
    let late = report.late;
    if late.seals > 0 {
        warnings.push(format!(
            "{log}: {} seals came more than a minute after their oldest entry, the last of them seal {}; an entry waited up to {} s, and could be altered unseen so long",
            late.seals, late.last, late.seconds
        ));
    }
    if late.imported > 0 {
        warnings.push(format!(
            "{log}: {} entries of imports are dated when their import began, before earlier entries, as older versions did",
            late.imported
        ));
    }
    for told in &report.acknowledged {
        warnings.push(format!(
            "{log}: heads {} to {} were put back into their file (entry {}): {}",
            told.first, told.last, told.id, told.reason
        ));
    }
    if report.archived.1 > 0 && !report.archives_verified {
        warnings.push(format!("{log}: the archives were not verified; give their directory with --archive"));
    }
    if trust.heads.is_none() {
        warnings.push(format!("{log}: without a file of heads, what was cut off the end is not seen"));
    }
    warnings
}

//! `verify`: everything that must hold, held against the database; with `--repair`, derived figures are mended first.

use std::process::ExitCode;

use platform::pg::{Database, Finding};
use services::repair::{self, Moved};

use crate::cli::RepairArgs;
use crate::databases::Databases;
use crate::settings::Settings;
use crate::{Result, output};

pub async fn run(settings: &Settings, arguments: &RepairArgs) -> Result<ExitCode> {
    let databases = Databases::open(settings).await?;
    let mended = if arguments.repair { mend(&databases.services, arguments.dry_run).await } else { Ok(()) };
    let findings = check(&databases).await;
    databases.close().await?;
    mended?;
    let findings = findings?;
    for finding in &findings {
        let mark = match finding {
            finding if finding.is_broken() => "BROKEN",
            Finding { note: true, violations: 1.., .. } => "note",
            _ => "ok",
        };
        output::line(format_args!("{mark:<8}{}", finding.invariant));
        for example in &finding.examples {
            output::line(format_args!("        {example}"));
        }
        let more = finding.violations - finding.examples.len();
        if more > 0 {
            output::line(format_args!("        and {more} more"));
        }
    }
    let broken = findings.iter().filter(|finding| finding.is_broken()).count();
    if broken == 0 {
        output::line("Everything holds.");
        return Ok(ExitCode::SUCCESS);
    }
    output::line(format_args!("{broken} of {} do not hold.", findings.len()));
    Ok(ExitCode::FAILURE)
}

async fn check(databases: &Databases) -> Result<Vec<Finding>> {
    let mut findings = services::verify::verify(&databases.services).await?;
    findings.extend(portal::verify::verify(&databases.portal).await?);
    Ok(findings)
}

async fn mend(database: &Database, dry_run: bool) -> Result<()> {
    let mends = if dry_run { repair::preview(database).await? } else { repair::repair(database).await? };
    let done = if dry_run { "would be set" } else { "was set" };
    let figure = |key: &str, name, from_what, Moved { from, to }: Moved| {
        if from != to {
            output::line(format_args!("{key}: {name} {from} {done} to {to}, {from_what}"));
        }
    };
    for mend in &mends.levels {
        let key = format!("branch {} item {}", mend.key.branch, mend.key.item);
        figure(&key, "quantity", "the sum of its movements", mend.quantity);
        figure(&key, "reserved", "the sum over submitted orders", mend.reserved);
    }
    let forgotten = if dry_run { "would forget it" } else { "forgot it" };
    if mends.minimums > 0 {
        output::line(format_args!(
            "{} stock levels know a minimum that is not their item's: they {forgotten}, and the worker brings it anew.",
            mends.minimums
        ));
    }
    output::line(match (mends.levels.len(), dry_run) {
        (0, _) => "No figure needs to be mended.".to_owned(),
        (count, true) => format!("{count} stock levels would be mended; nothing was changed."),
        (count, false) => format!("{count} stock levels were mended; the audit has each as stock.repaired."),
    });
    Ok(())
}
